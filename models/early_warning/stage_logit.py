"""Logistic regression of few scores with an offset for each stage: it joins and calibrates.

No slope is below 0. Each score says by itself how risky an order is; one that counts against the
risk only makes up for another in the seasons that it was fitted on.
"""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from scipy.optimize import minimize

from data.domain import Json

_MIN_CHANCE = 1e-4


@dataclass(frozen=True)
class StageLogit:
    """Weights of scores.

    Attributes:
        scores: Names of the scores.
        mean: Of each score, subtracted.
        slope: Of each score.
        offset: By stage; `""` serves a stage never seen.
    """

    scores: tuple[str, ...]
    mean: list[float]
    slope: list[float]
    offset: dict[str, float]

    @classmethod
    def fit(
        cls,
        scores: dict[str, np.ndarray],
        stage: np.ndarray,
        happened: np.ndarray,
        weight: np.ndarray,
    ) -> Self:
        """Fit on rows that the scores were not learned from; both outcomes must be among them.

        Without scores it is one rate for each stage.
        """
        table = np.array(list(scores.values())).reshape(len(scores), len(stage)).T
        mean, spread = table.mean(axis=0), table.std(axis=0) + 1e-9
        names = sorted(set(stage.tolist()))
        one_hot = np.stack([stage == name for name in names], axis=1)
        coefficient = _fitted((table - mean) / spread, one_hot, happened, weight)
        start, slopes, offsets = np.split(coefficient, [1, 1 + len(scores)])
        offset = dict(zip(names, (start + offsets).tolist(), strict=True))
        usual = float(np.mean(start + one_hot @ offsets))
        return cls(tuple(scores), mean.tolist(), (slopes / spread).tolist(), {**offset, "": usual})

    def chance(
        self,
        scores: dict[str, np.ndarray],
        stage: np.ndarray,
        surplus: np.ndarray | float = 0.0,
    ) -> np.ndarray:
        """Return n chances.

        Args:
            scores: Each score of n orders.
            stage: n stages.
            surplus: By how much more than predicted went wrong lately, added to the log odds.
        """
        logit = surplus + np.array(
            [self.offset.get(name, self.offset[""]) for name in stage], float
        )
        for name, mean, slope in zip(self.scores, self.mean, self.slope, strict=True):
            logit += slope * (scores[name] - mean)
        return np.clip(1 / (1 + np.exp(-logit)), _MIN_CHANCE, 1 - _MIN_CHANCE)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """Build from what `to_json` gave."""
        return cls(**{**values, "scores": tuple(values["scores"])})


def _fitted(
    scores: np.ndarray, one_hot: np.ndarray, happened: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Return the intercept, a slope of each score, 0 or more, and an offset of each stage.

    Args:
        scores: (n, scores), standardised.
        one_hot: (n, stages).
        happened: n outcomes.
        weight: n weights.
    """
    table = np.hstack([np.ones((len(scores), 1)), scores, one_hot])

    def loss(coefficient: np.ndarray) -> _Loss:
        z, penalised = table @ coefficient, np.append(0.0, coefficient[1:])
        slack = weight * (1 / (1 + np.exp(-z)) - happened)
        value = (weight * (np.logaddexp(0, z) - happened * z)).sum() + (penalised**2).sum() / 2
        return _Loss(float(value), table.T @ slack + penalised)

    free = (None, None)
    bounds = [free, *[(0.0, None)] * scores.shape[1], *[free] * one_hot.shape[1]]
    start = np.zeros(table.shape[1])
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x


class _Loss(NamedTuple):
    """Penalised log loss and its gradient."""

    value: float
    gradient: np.ndarray


def logit(chance: np.ndarray) -> np.ndarray:
    """Return log odds; NaN (nothing known) as even less than rare."""
    inside = np.clip(np.nan_to_num(chance, nan=0.01), 0.001, 0.999)
    return np.log(inside / (1 - inside))
