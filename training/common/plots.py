"""Pictures of a training run: reliability, lift and importance, as PNG files."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from models.automation.evidence import CalibrationCounts

mpl.use("Agg")
_SIZE = (6.0, 4.0)
_BINS = 10
_MAX_BARS = 20


class ReliabilityPoints(NamedTuple):
    """Points of a reliability diagram.

    Attributes:
        promised: Predicted chances, or shares of quantiles, rising.
        observed: Share that came true at each.
    """

    promised: np.ndarray
    observed: np.ndarray


def binned(chance: np.ndarray, happened: np.ndarray) -> ReliabilityPoints:
    """Return the observed share against the predicted chance, in ten bins of equal size."""
    parts = [p for p in np.array_split(np.argsort(chance), _BINS) if len(p)]
    return ReliabilityPoints(
        np.array([chance[part].mean() for part in parts]),
        np.array([happened[part].mean() for part in parts]),
    )


def reliability(path: Path, chance: np.ndarray, happened: np.ndarray, what: str) -> None:
    """Draw the observed share against the predicted chance, in ten bins of equal size."""
    reliability_points(path, binned(chance, happened), what)


def reliability_points(path: Path, points: ReliabilityPoints, what: str) -> None:
    """Draw points of a reliability diagram."""
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--")
    axes.plot(points.promised, points.observed, marker="o")
    axes.set(title=f"Reliability of {what}", xlabel="promised", ylabel="seen")
    figure.savefig(path)


def reliability_by(path: Path, groups: dict[str, tuple[np.ndarray, np.ndarray]], what: str) -> None:
    """Draw the observed share against the predicted chance, one line for each group."""
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--")
    for name, (chance, happened) in groups.items():
        points = binned(chance, happened)
        axes.plot(points.promised, points.observed, marker=".", label=name or "none")
    axes.legend(fontsize=7)
    axes.set(title=f"Reliability of {what}", xlabel="promised", ylabel="seen")
    figure.savefig(path)


def error_by_coverage(path: Path, evidence: CalibrationCounts) -> None:
    """Draw how wrong the surest are, by how many of them are taken; one threshold for all."""
    accepted, wrong = evidence.accepted.sum(axis=0), evidence.expected_wrong.sum(axis=0)
    some = accepted > 0
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.subplots()
    axes.plot(accepted[some] / max(accepted[-1], 1), wrong[some] / accepted[some], marker=".")
    axes.set(
        title=f"Error of {evidence.label} among the surest", xlabel="share taken", ylabel="error"
    )
    figure.savefig(path)


def lift(path: Path, chance: np.ndarray, happened: np.ndarray, what: str) -> None:
    """Draw the lift curve: the share of all cases that are among the riskiest."""
    order = np.argsort(-chance)
    gains = np.cumsum(happened[order]) / max(happened.sum(), 1)
    worked = np.arange(1, len(order) + 1) / len(order)
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--")
    axes.plot(worked, gains)
    axes.set(title=f"Lift of {what}", xlabel="share worked, riskiest first", ylabel="share found")
    figure.savefig(path)


def importance(path: Path, weights: Mapping[str, float], what: str) -> None:
    """Draw the inputs of a model by what they weigh, as shares of all."""
    best = sorted(weights, key=lambda name: weights[name])[-_MAX_BARS:]
    total = max(sum(weights.values()), 1e-12)
    figure = Figure(figsize=(7.0, 5.0), layout="constrained")
    axes = figure.subplots()
    axes.barh(best, [weights[name] / total for name in best])
    axes.tick_params(axis="y", labelsize=6)
    axes.set(title=f"Importance for {what}", xlabel="share of the weight")
    figure.savefig(path)


def rows_by_month(path: Path, months: pd.DataFrame) -> None:
    """Draw how many rows of each table became known in each month.

    Args:
        path: The picture.
        months: Columns table, month and rows.
    """
    names = list(dict.fromkeys(months["table"]))
    figure = Figure(figsize=(8.0, 1.1 * len(names) + 0.6), layout="constrained")
    panels = figure.subplots(len(names), sharex=True, squeeze=False)[:, 0]
    for axes, name in zip(panels, names, strict=True):
        own = months[months["table"] == name]
        axes.bar(own["month"].dt.tz_localize(None), own["rows"], width=25)
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    figure.savefig(path)


def orders_by_hour(path: Path, hours: pd.DataFrame) -> None:
    """Draw how many orders were placed in each hour of the day: columns hour and orders."""
    figure = Figure(figsize=(8.0, 2.4), layout="constrained")
    axes = figure.subplots()
    axes.bar(hours["hour"], hours["orders"])
    axes.set(xlabel="hour", ylabel="orders", xticks=range(0, 24, 3))
    figure.savefig(path)
