"""One label of classes, whichever estimator serves it: names, calibrated probabilities, files."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from data.domain import Json
from features.engine.class_shares import ClassShares
from models.classifiers.boosted import BoostedClassifier
from models.classifiers.calibration import Calibration
from models.classifiers.candidate_ranker import CandidateRanker
from models.classifiers.linear import LinearClassifier
from models.classifiers.lookup import LookupClassifier
from models.estimator import Batch, ClassEstimator, Files

_ESTIMATORS = {"trees": BoostedClassifier, "linear": LinearClassifier, "lookup": LookupClassifier}


@dataclass(frozen=True)
class CalibratedClassifier:
    """A fitted, calibrated model of one label.

    Attributes:
        label: category, team or priority.
        names: The classes, by code.
        prior: Their shares.
        estimator: Gives raw scores.
        calibration: Makes them probabilities.
        verdict: Why this estimator serves and not another.
    """

    label: str
    names: tuple[str, ...]
    prior: np.ndarray
    estimator: ClassEstimator
    calibration: Calibration
    verdict: str

    def probability(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) calibrated probabilities; rows sum to 1."""
        return self.calibration.apply(self.estimator.scores(rows), self.prior)

    def with_recent(self, shares: ClassShares | None) -> Self:
        """Return the same model over other shares of the past, where it reads any."""
        if shares is None or not isinstance(self.estimator, CandidateRanker):
            return self
        old = self.estimator
        estimator = CandidateRanker(old.trees, shares, old.names, old.first_column)
        return type(self)(
            self.label, self.names, self.prior, estimator, self.calibration, self.verdict
        )

    @property
    def shares(self) -> ClassShares | None:
        """The labelled past, where the estimator reads one."""
        return self.estimator.shares if isinstance(self.estimator, CandidateRanker) else None

    def to_json(self) -> tuple[dict[str, Any], Files]:
        """Return plain values and files."""
        kinds = {cls: name for name, cls in _ESTIMATORS.items()} | {CandidateRanker: "candidates"}
        values, files = self.estimator.to_json()
        return {
            "label": self.label,
            "names": list(self.names),
            "prior": self.prior.tolist(),
            "temperature": self.calibration.temperature,
            "floor": self.calibration.floor,
            "verdict": self.verdict,
            "estimator": kinds[type(self.estimator)],
            "values": values,
        }, files

    @classmethod
    def from_json(cls, plain: Json, files: Files, shares: ClassShares | None) -> Self:
        """Build from what `to_json` gave and, for candidates, the labelled past."""
        names = list(plain["names"])
        if plain["estimator"] == "candidates":
            if shares is None:
                raise ValueError(f"{plain['label']}: candidates need their labelled past")
            estimator = CandidateRanker.from_json(plain["values"], files, shares, names)
        else:
            estimator = _ESTIMATORS[plain["estimator"]].from_json(plain["values"], files)
        return cls(
            plain["label"],
            tuple(names),
            np.array(plain["prior"]),
            estimator,
            Calibration(plain["temperature"], plain["floor"]),
            plain["verdict"],
        )
