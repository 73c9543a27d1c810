"""Calibrated model of one label, of any class estimator: names, probabilities, files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from data.domain import Json
from features.engine.class_shares import ClassShares
from features.engine.event_log import LogRows
from models.classifiers.blend import load_estimator
from models.classifiers.calibration import Calibration
from models.classifiers.contract import ClassEstimator
from models.estimator import Batch, Files, ModelState


@dataclass(frozen=True)
class CalibratedClassifier:
    """A fitted, calibrated model of one label.

    Attributes:
        label: Name of the label.
        names: The classes, by code.
        prior: Their shares.
        estimator: Gives raw scores.
        calibration: Makes them probabilities.
        selection_reason: Why this estimator serves and not another.
    """

    label: str
    names: tuple[str, ...]
    prior: np.ndarray
    estimator: ClassEstimator
    calibration: Calibration
    selection_reason: str

    def probability(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) calibrated probabilities; rows sum to 1."""
        return self.calibration.apply(self.estimator.scores(rows), self.prior)

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return what each input of the estimator weighs; empty where it does not tell."""
        return self.estimator.importance(names)

    def with_recent(self, shares: ClassShares | None) -> Self:
        """Return the same model over other shares of the past, where it reads any."""
        if shares is None or self.shares is None:
            return self
        return replace(self, estimator=self.estimator.with_shares(shares))

    @property
    def shares(self) -> ClassShares | None:
        """The labelled past, where the estimator reads one."""
        return self.estimator.shares

    def to_json(self) -> ModelState:
        """Return plain values and files."""
        values, files = self.estimator.to_json()
        plain = {
            "label": self.label,
            "names": list(self.names),
            "prior": self.prior.tolist(),
            "temperature": self.calibration.temperature,
            "floor": self.calibration.floor,
            "verdict": self.selection_reason,
            "estimator": self.estimator.stored_as,
            "values": values,
        }
        return ModelState(plain, files)

    @classmethod
    def from_json(cls, plain: Json, files: Files, past: LogRows | None) -> Self:
        """Build a stored model again.

        Args:
            plain: The values of `to_json`.
            files: The files of `to_json`.
            past: The labelled past, where the champion stores one.

        Raises:
            ValueError: The labelled past is missing, or no file has the estimator's name.
        """
        names = list(plain["names"])
        try:
            state = ModelState(plain["values"], files)
            estimator = load_estimator(plain["estimator"], state, names, past)
        except ValueError as error:
            raise ValueError(f"{plain['label']}: {error}") from error
        return cls(
            label=plain["label"],
            names=tuple(names),
            prior=np.array(plain["prior"]),
            estimator=estimator,
            calibration=Calibration(plain["temperature"], plain["floor"]),
            selection_reason=plain["verdict"],
        )
