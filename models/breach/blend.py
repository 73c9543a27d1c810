"""Blend of breach estimators: a weighted mean of their chances, put right by Platt's two numbers.

The weights maximise the likelihood of known outcomes (`models.mixture`), drawn towards equal ones.
They sum to 1, and an estimator that adds nothing to the others is left out. The calibration
is half of what the outcomes ask for: a part of the level of any weeks is their own, and the weeks
after a surge are nearer to the usual level (regression to the mean).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from data.domain import Json
from models.breach.catalog import breach_estimators
from models.breach.contract import BreachEstimator, Contribution, summed_by_meaning
from models.breach.platt import PlattScaling
from models.estimator import Batch, Files, ModelState, files_of
from models.mixture import mixture_weights
from models.time_grid import ResolveChances

UNCALIBRATED = PlattScaling()
MAX_MEMBERS = 3
"""Estimators that serve: each costs time in every call, and the fourth moves next to nothing."""
MIN_WEIGHT = 0.05
"""A lighter estimator is left out: it costs time in every call and moves nothing."""
_PRIOR_ROWS, _PRIOR_SHARE = 50.0, 0.1
"""Imaginary rows, and a share of the real ones, that are said to be explained by all alike."""
_MIN_CHANCE = 1e-4


@dataclass(frozen=True)
class BreachBlend:
    """Estimators with their weights.

    Attributes:
        members: By name.
        weights: By name; above 0, their sum is 1.
        calibration: Puts the mean right.
    """

    members: Mapping[str, BreachEstimator]
    weights: Mapping[str, float]
    calibration: PlattScaling = UNCALIBRATED

    @property
    def kind(self) -> str:
        """Name in reports: the estimators, heaviest first, with their shares."""
        if len(self.weights) == 1:
            return next(iter(self.members.values())).kind
        by_weight = sorted(self.weights.items(), key=lambda item: -item[1])
        return " + ".join(f"{weight:.0%} {self.members[name].kind}" for name, weight in by_weight)

    def contributions(self, rows: Batch, meanings: Sequence[str]) -> list[Contribution]:
        """Return what the inputs add to the chance of one subject, the strongest first.

        It is the mean over the members that can tell, weighted as they serve.
        """
        explained = {
            name: own
            for name in self.weights
            if (own := self.members[name].contributions(rows, meanings))
        }
        total = sum(self.weights[name] for name in explained)
        return summed_by_meaning(
            Contribution(meaning, log_odds * self.weights[name] / total)
            for name, own in explained.items()
            for meaning, log_odds in own
        )

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return what the inputs of the heaviest member weigh that can tell."""
        by_weight = sorted(self.weights, key=lambda name: -self.weights[name])
        return next(filter(None, (self.members[name].importance(names) for name in by_weight)), {})

    def mean(self, rows: Batch, times: ResolveChances | None) -> np.ndarray:
        """Return n weighted means, not calibrated."""
        parts = [
            weight * self.members[name].predict(rows, times)
            for name, weight in self.weights.items()
        ]
        return np.sum(parts, axis=0)

    def predict(self, rows: Batch, times: ResolveChances | None) -> np.ndarray:
        """Return n chances of a breach."""
        return self.calibration.apply(self.mean(rows, times))

    def of(self, members: Mapping[str, BreachEstimator]) -> Self:
        """Return the same weights and calibration over estimators that were fitted anew."""
        return replace(self, members={name: members[name] for name in self.weights})

    def to_json(self) -> ModelState:
        """Return plain values, and the files of the members under their names."""
        states = {name: member.to_json() for name, member in self.members.items()}
        values: dict[str, Any] = {
            "members": {name: state.values for name, state in states.items()},
            "weights": dict(self.weights),
            "calibration": self.calibration.to_json(),
        }
        files = {f"{n}.{file}": text for n, s in states.items() for file, text in s.files.items()}
        return ModelState(values, files)

    @classmethod
    def from_json(cls, values: Json, files: Files) -> Self:
        """Build from what `to_json` gave.

        Raises:
            KeyError: An estimator is stored of which there is no file any more.
        """
        members = {
            name: breach_estimators()[name].load(ModelState(own, files_of(files, f"{name}.")))
            for name, own in values["members"].items()
        }
        return cls(members, values["weights"], PlattScaling(**values["calibration"]))


def blended(
    members: Mapping[str, BreachEstimator],
    chances: Mapping[str, np.ndarray],
    label: np.ndarray,
    weight: np.ndarray,
    *,
    calibrate: bool,
    fixed_shares: Mapping[str, float] = MappingProxyType({}),
) -> BreachBlend:
    """Learn weights and calibration.

    Args:
        members: Fitted estimators.
        chances: Of each of them n chances, of subjects that it was not fitted on.
        label: n known outcomes, 0 or 1.
        weight: n weights of the outcomes.
        fixed_shares: Shares that some members get whatever their likelihood; the rest is learned.
        calibrate: Whether the mean is put right too: it helps unless the weeks were unusual.
    """
    learned_share = 1 - sum(fixed_shares.values())
    weights = {
        name: learned_share * share + fixed_shares.get(name, 0.0)
        for name, share in _mixture_weights(chances, label, weight).items()
    }
    heaviest = sorted(weights.items(), key=lambda item: -item[1])[:MAX_MEMBERS]
    heavy = {name: share for name, share in heaviest if share >= MIN_WEIGHT}
    total = sum(heavy.values())
    weights = {name: share / total for name, share in heavy.items()}
    mean = np.sum([share * chances[name] for name, share in weights.items()], axis=0)
    calibration = PlattScaling.fit(mean, label, weight).halfway() if calibrate else UNCALIBRATED
    return BreachBlend({name: members[name] for name in weights}, weights, calibration)


def _mixture_weights(
    chances: Mapping[str, np.ndarray], label: np.ndarray, row_weight: np.ndarray
) -> dict[str, float]:
    likelihood = np.stack(
        [
            np.where(label > 0.5, p, 1 - p)
            for p in (np.clip(own, _MIN_CHANCE, 1 - _MIN_CHANCE) for own in chances.values())
        ]
    )
    n = len(label)
    prior_rows = _PRIOR_ROWS + _PRIOR_SHARE * n
    weight = mixture_weights(likelihood, prior_rows, row_weight * n / row_weight.sum())
    return dict(zip(chances, weight.tolist(), strict=True))
