"""Calibration of class estimators: one temperature, and a floor by the prior."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

FLOOR = 0.01
FLOORS = (0.002, 0.01, 0.03, 0.08)


@dataclass(frozen=True)
class Calibration:
    """Raw scores to probabilities: softmax of scores over a temperature, mixed with the prior.

    Attributes:
        temperature: Above 1 makes it less sure.
        floor: Share of the prior in the mixture: no class is ever impossible.
    """

    temperature: float = 1.0
    floor: float = FLOOR

    def apply(self, scores: np.ndarray, prior: np.ndarray) -> np.ndarray:
        """Return probabilities of (n, classes) scores; -inf marks a class out of question."""
        scaled = scores / self.temperature
        scaled = np.exp(scaled - np.maximum.reduce(scaled, axis=1, keepdims=True))
        total = np.add.reduce(scaled, axis=1, keepdims=True)
        return (1 - self.floor) * scaled / total + self.floor * prior


def calibrated(
    scores: np.ndarray, label: np.ndarray, prior: np.ndarray, min_floor: float = FLOORS[0]
) -> Calibration:
    """Choose temperature and floor by the log loss on rows that the scores were not fitted on.

    Args:
        scores: (n, classes).
        label: n codes of classes.
        prior: Shares of the classes; none is 0.
        min_floor: Least share of the prior in the mixture.
    """
    floors = {min_floor, *(floor for floor in FLOORS if floor > min_floor)}
    tried = [_temperature(scores, label, prior, floor) for floor in sorted(floors)]
    return min(tried, key=lambda fit: fit.loss).calibration


def floor_of_errors(errors: int, rows: int) -> float:
    """Return a floor for an estimator by its errors on rows that it was fitted on.

    An estimator that errs in none of a thousand rows may be surer than the few rows of a
    calibration can tell. Half an error is added, so that the floor is never 0.
    """
    return min((errors + 0.5) / (rows + 1), FLOORS[0])


def calibrated_loss(scores: np.ndarray, label: np.ndarray, prior: np.ndarray) -> float:
    """Return the log loss of scores with the temperature that suits them best."""
    return _temperature(scores, label, prior, FLOOR).loss


class TemperatureFit(NamedTuple):
    """Calibration with the best temperature, and its log loss."""

    calibration: Calibration
    loss: float


def _temperature(
    scores: np.ndarray, label: np.ndarray, prior: np.ndarray, floor: float
) -> TemperatureFit:
    def loss(log_temperature: float) -> float:
        p = Calibration(float(np.exp(log_temperature)), floor).apply(scores, prior)
        return log_loss(p, label)

    best = minimize_scalar(loss, bounds=(-1.5, 1.5), method="bounded", options={"xatol": 0.01})
    return TemperatureFit(Calibration(float(np.exp(best.x)), floor), float(best.fun))


def log_loss(probability: np.ndarray, label: np.ndarray) -> float:
    """Return the mean negative log probability of what came out."""
    return float(log_losses(probability, label).mean())


def log_losses(probability: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return the n negative log probabilities of what came out."""
    p = probability[np.arange(len(label)), label]
    return -np.log(np.maximum(p, 1e-9))


def class_names(labels: np.ndarray, fewest: int = 1) -> list[str]:
    """Return the names that occur often enough, the most frequent first."""
    names, counts = np.unique(labels.astype(str), return_counts=True)
    order = np.lexsort((names, -counts))
    return [str(names[i]) for i in order if counts[i] >= fewest]


def codes(labels: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return the code of each label, -1 for None and for names that are not there."""
    code = {name: i for i, name in enumerate(names)}
    return np.array([code.get(label, -1) for label in labels], np.int64)


def prior_of(label: np.ndarray, classes: int) -> np.ndarray:
    """Return the share of each class, with half a row for each so that none is 0."""
    counts = np.bincount(label, minlength=classes) + 0.5
    return counts / counts.sum()
