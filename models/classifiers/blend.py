"""Blend of class estimators: a weighted mean of their calibrated probabilities.

The weights maximise the likelihood of labels that no member was fitted on (`models.mixture`). The
mean of probabilities is a linear opinion pool: where one member is sure and wrong, the other still
speaks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Self

import numpy as np

from features.engine.class_shares import ClassShares
from features.engine.event_log import LogRows
from models.classifiers.calibration import Calibration
from models.classifiers.catalog import estimator_named
from models.classifiers.contract import ClassEstimator
from models.estimator import SHARED, Batch, Files, ModelState, files_of
from models.mixture import mixture_weights

NAME = "blend"
MAX_MEMBERS = 2
"""Estimators of a blend: each costs time in every call, and a third one moves next to nothing."""
MIN_WEIGHT = 0.05
"""A lighter estimator is left out."""
AS_POOLED = Calibration(temperature=1.0, floor=0.0)
"""Calibration of a blend: its members are calibrated."""
_PRIOR_ROWS = 10.0
"""Imaginary rows that are said to be explained by all alike."""
_MIN_CHANCE = 1e-6


@dataclass(frozen=True)
class BlendMember:
    """Part of an estimator in what serves.

    Attributes:
        weight: Above 0; the weights of all members sum to 1.
        calibration: Makes its scores probabilities.
    """

    weight: float
    calibration: Calibration


@dataclass(frozen=True)
class ClassPlan:
    """Choice of what serves a label: one estimator, or several with their weights.

    Attributes:
        members: By `NAME`.
    """

    members: Mapping[str, BlendMember]

    @classmethod
    def of(cls, name: str) -> Self:
        """Return the plan of one estimator alone."""
        return cls({name: BlendMember(1.0, Calibration())})

    @property
    def name(self) -> str:
        """`NAME`s of the members, the heaviest first."""
        by_weight = sorted(self.members, key=lambda name: -self.members[name].weight)
        return " + ".join(by_weight)

    def pooled(self, scores: Mapping[str, np.ndarray], prior: np.ndarray) -> np.ndarray:
        """Return (n, classes) log probabilities.

        Args:
            scores: Of each member (n, classes) raw scores.
            prior: Shares of the classes.
        """
        parts = [
            member.weight * member.calibration.apply(scores[name], prior)
            for name, member in self.members.items()
        ]
        return np.log(np.sum(parts, axis=0))

    def estimator(self, fitted: Mapping[str, ClassEstimator], prior: np.ndarray) -> ClassEstimator:
        """Return what serves.

        Args:
            fitted: Estimators by `NAME`, the members among them.
            prior: Shares of the classes.
        """
        if len(self.members) == 1:
            (name,) = self.members
            return fitted[name]
        return ClassBlend({name: fitted[name] for name in self.members}, self, prior)


class ClassBlend(ClassEstimator):
    """Log of the weighted mean of the members' probabilities.

    Args:
        members: Fitted estimators by `NAME`.
        plan: Their weights and calibrations.
        prior: Shares of the classes.
    """

    stored_as = NAME

    def __init__(
        self, members: Mapping[str, ClassEstimator], plan: ClassPlan, prior: np.ndarray
    ) -> None:
        self.members, self.plan, self.prior = members, plan, prior
        by_weight = sorted(plan.members.items(), key=lambda item: -item[1].weight)
        self.kind = " + ".join(
            f"{member.weight:.0%} {members[name].kind}" for name, member in by_weight
        )

    @property
    def shares(self) -> ClassShares | None:
        """The labelled past of the member that reads one."""
        return next((own.shares for own in self.members.values() if own.shares), None)

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) log probabilities."""
        return self.plan.pooled(
            {name: own.scores(rows) for name, own in self.members.items()}, self.prior
        )

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return what the inputs of the heaviest member weigh that can tell."""
        by_weight = self.plan.name.split(" + ")
        return next(filter(None, (self.members[name].importance(names) for name in by_weight)), {})

    def with_shares(self, shares: ClassShares) -> "ClassBlend":
        """Return the same blend over another labelled past."""
        members = {
            name: own.with_shares(shares) if own.shares else own
            for name, own in self.members.items()
        }
        return ClassBlend(members, self.plan, self.prior)

    def to_json(self) -> ModelState:
        """Return weights and calibrations, and the members' values and files under their names."""
        states = {name: own.to_json() for name, own in self.members.items()}
        values: dict[str, Any] = {
            "prior": self.prior.tolist(),
            "members": {
                name: {
                    "weight": member.weight,
                    "temperature": member.calibration.temperature,
                    "floor": member.calibration.floor,
                    "values": states[name].values,
                }
                for name, member in self.plan.members.items()
            },
        }
        files = {
            file if file.startswith(SHARED) else f"{name}.{file}": text
            for name, state in states.items()
            for file, text in state.files.items()
        }
        return ModelState(values, files)


def load_estimator(
    name: str, state: ModelState, names: list[str], past: LogRows | None
) -> ClassEstimator:
    """Build a stored estimator, or a stored blend, again.

    Args:
        name: As of `ClassEstimator.stored_as`.
        state: As of `ClassEstimator.to_json`.
        names: The classes, by code.
        past: The labelled past, where the champion stores one.

    Raises:
        ValueError: No file has the name, or the labelled past is missing.
    """
    if name != NAME:
        return estimator_named(name).load(state, names, past)
    stored = state.values["members"]
    plan = ClassPlan(
        {
            member: BlendMember(own["weight"], Calibration(own["temperature"], own["floor"]))
            for member, own in stored.items()
        }
    )
    members = {
        member: estimator_named(member).load(
            ModelState(own["values"], _own_files(state.files, member)), names, past
        )
        for member, own in stored.items()
    }
    return ClassBlend(members, plan, np.array(state.values["prior"]))


def _own_files(files: Files, member: str) -> Files:
    shared = {name: text for name, text in files.items() if name.startswith(SHARED)}
    return files_of(files, f"{member}.") | shared


def pair_weights(likelihood: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return the weights of the two estimators that together explain most; they sum to 1.

    Args:
        likelihood: For each estimator the n probabilities that it gave to what came.

    Returns:
        Weights by name; one alone where the other's would be next to nothing.
    """
    chances = {name: np.maximum(own, _MIN_CHANCE) for name, own in likelihood.items()}
    best: dict[str, float] = {}
    least = np.inf
    for names in combinations(chances, min(MAX_MEMBERS, len(chances))):
        pair = np.stack([chances[name] for name in names])
        weight = mixture_weights(pair, _PRIOR_ROWS)
        loss = -float(np.log(weight @ pair).mean())
        if loss < least:
            best, least = dict(zip(names, weight.tolist(), strict=True)), loss
    heavy = {name: share for name, share in best.items() if share >= MIN_WEIGHT}
    total = sum(heavy.values())
    return {name: share / total for name, share in heavy.items()}
