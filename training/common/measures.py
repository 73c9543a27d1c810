"""Measures of predictions on rows that they were not learned from, with their uncertainty."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from data.ticks import MS_PER_DAY
from training.common.ranked_measures import RankedPairs, macro_f1

REPEATS = 200
BINS = 10


@dataclass(frozen=True)
class Figure:
    """A figure with its 95 % interval from a bootstrap over days."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


Measure = Callable[[np.ndarray], float]
"""From positions of rows to a figure."""


def day_blocks(ticks: np.ndarray, repeats: int = REPEATS) -> list[np.ndarray]:
    """Draw days with replacement: what happens on one day is not independent.

    Args:
        ticks: n moments.
        repeats: How many draws.

    Returns:
        For each draw the positions of the rows of the drawn days.
    """
    days, day_of_row = np.unique(ticks // MS_PER_DAY, return_inverse=True)
    by_day = np.split(
        np.argsort(day_of_row, kind="stable"), np.cumsum(np.bincount(day_of_row))[:-1]
    )
    rng = np.random.default_rng(7)
    drawn = rng.integers(0, len(days), (repeats, len(days)))
    return [np.concatenate([by_day[day] for day in draw]) for draw in drawn]


def figure(measure: Measure, n: int, blocks: list[np.ndarray]) -> Figure:
    """Measure all n rows, and the spread over the draws; NaN where it is not defined."""
    drawn = np.array([measure(rows) for rows in blocks])
    drawn = drawn[np.isfinite(drawn)]
    low, high = np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (np.nan, np.nan)
    return Figure(measure(np.arange(n)), float(low), float(high))


def expected_calibration_error(probability: np.ndarray, happened: np.ndarray) -> float:
    """Return the mean gap between predicted chance and observed share, over ten equal bins."""
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, min(BINS, max(len(order), 1)))
    gaps = [abs(probability[p].mean() - happened[p].mean()) * len(p) for p in parts if len(p)]
    return float(np.sum(gaps) / max(len(order), 1))


def binary_measures(probability: np.ndarray, happened: np.ndarray) -> dict[str, Measure]:
    """Return the measures of a chance: AUC, average precision, Brier, log loss, calibration."""
    ranked = RankedPairs.of(probability, np.arange(len(happened)), happened)
    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    losses = -np.where(happened > 0.5, np.log(clipped), np.log(1 - clipped))
    return {
        "auc": ranked.auc,
        "average_precision": lambda r: (
            ranked.average_precision(r) if 0 < happened[r].sum() < len(r) else np.nan
        ),
        "brier": lambda r: float(((probability[r] - happened[r]) ** 2).mean()),
        "log_loss": lambda r: float(losses[r].mean()),
        "calibration_error": lambda r: expected_calibration_error(probability[r], happened[r]),
    }


def class_measures(probability: np.ndarray, code: np.ndarray) -> dict[str, Measure]:
    """Return the measures of a class; a class that is not in the training data has code -1.

    Args:
        probability: (n, classes).
        code: n codes.
    """
    predicted = probability.argmax(axis=1)
    safe_code = np.where(code >= 0, code, 0)
    p_true = np.where(code >= 0, probability[np.arange(len(code)), safe_code], 0.0)
    losses = -np.log(np.maximum(p_true, 1e-4))
    top = np.sort(np.argsort(-probability, axis=1)[:, :3], axis=1)
    in_top = (top == code[:, None]).any(axis=1)
    confidence = probability.max(axis=1)
    right = (predicted == code).astype(float)
    row, name = np.divmod(np.arange(probability.size), probability.shape[1])
    ranked = RankedPairs.of(probability.ravel(), row, (code[row] == name).astype(float))
    return {
        "accuracy": lambda r: float(right[r].mean()),
        "top_3": lambda r: float(in_top[r].mean()),
        "average_precision": ranked.average_precision,
        "log_loss": lambda r: float(losses[r].mean()),
        "macro_f1": lambda r: macro_f1(predicted[r], code[r]),
        "calibration_error": lambda r: expected_calibration_error(confidence[r], right[r]),
    }


def pinball_losses(
    quantiles: np.ndarray, actual: np.ndarray, shares: tuple[float, ...]
) -> np.ndarray:
    """Return the (n, shares) pinball losses of n rows, in the unit of `actual`."""
    error, share = actual[:, None] - quantiles, np.array(shares)
    return np.maximum(share * error, (share - 1) * error)


def quantile_measures(
    quantiles: np.ndarray, actual: np.ndarray, shares: tuple[float, ...]
) -> dict[str, Measure]:
    """Return pinball losses, MAE of the median and coverage of the outer quantiles.

    Args:
        quantiles: (n, shares), in the unit of `actual`.
        actual: n values of 0 or more.
        shares: The quantiles' shares, the median in the middle.
    """
    plain = pinball_losses(quantiles, actual, shares).T
    logged = pinball_losses(np.log1p(quantiles), np.log1p(actual), shares).T
    error = np.abs(quantiles[:, len(shares) // 2] - actual)
    inside = (actual >= quantiles[:, 0]) & (actual <= quantiles[:, -1])
    measured: dict[str, Measure] = {
        "pinball": lambda r: float(np.mean([p[r].mean() for p in plain])),
        "log_pinball": lambda r: float(np.mean([p[r].mean() for p in logged])),
        "median_mae": lambda r: float(error[r].mean()),
        "coverage_80": lambda r: float(inside[r].mean()),
    }
    for i, share in enumerate(shares):
        measured[f"pinball_{share:g}"] = lambda r, i=i: float(plain[i][r].mean())
    return measured


def figures(
    measures: dict[str, Measure], n: int, blocks: list[np.ndarray]
) -> dict[str, dict[str, float]]:
    """Return all measures with their intervals, as plain values."""
    return {name: asdict(figure(measure, n, blocks)) for name, measure in measures.items()}
