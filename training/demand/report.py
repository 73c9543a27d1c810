"""A backtest in words: Markdown tables for the screen and for documents, and pictures."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.demand.panel import Panel
from models.demand.forecast import Forecast
from models.demand.level_sets import M5_PROBABILITIES
from training.demand.backtest import Backtest
from training.demand.scores import CLASSES, demand_classes

COLUMNS = {
    "spl": "SPL",
    "rmsse": "RMSSE",
    "mase": "MASE",
    "wape": "WAPE",
    "bias": "bias",
    "for_nothing": "foretold for what sold nothing",
    "inside_95": "95 % interval holds",
    "covers_0.975": "97.5 % covers",
}
GROUPS = {
    "by_life": "life",
    "by_history": "history",
    "by_class": "class",
    "by_volume": "volume",
    "aggregates": "sums",
}
BANDS = ((0, 8), (1, 7), (3, 5))  # positions of the quantiles that bound 99, 95 and 50 %
PAST_HORIZONS = 4


def tables(report: dict[str, Any]) -> str:
    """Return the figures of a backtest as Markdown."""
    methods, first = report["methods"], next(iter(report["methods"]))
    grouped = [_by_group(methods, key, title) for key, title in GROUPS.items()]
    saved = [
        f"Share of the SPL of {name} that {first} saves, {part} series: {_interval(figure)}."
        for name, parts in report["spl_saved"].items()
        for part, figure in parts.items()
    ]
    return "\n\n".join([table(methods), *grouped, *saved])


def table(methods: dict[str, Any]) -> str:
    """Return the figures over all series, a row a method, with the mean seconds of an origin.

    Each says how many series have a scaled score, of how many; each origin counts its own.
    """
    seconds = [
        part for part in ("fit", "forecast") if all(m["seconds"][part] for m in methods.values())
    ]
    rows = [
        [name, _covered(figures["all"])]
        + [_interval(figures["all"].get(measure)) for measure in COLUMNS]
        + [f"{np.mean(figures['seconds'][part]):.2g}" for part in seconds]
        for name, figures in methods.items()
    ]
    head = ["method", "series", *COLUMNS.values(), *(f"s to {part}" for part in seconds)]
    return _markdown(head, rows)


def _by_group(methods: dict[str, Any], key: str, title: str) -> str:
    groups = {group: own for figures in methods.values() for group, own in figures[key].items()}
    rows = [
        [
            f"{group} ({_covered(own)})",
            *(_interval(figures[key].get(group, {}).get("spl")) for figures in methods.values()),
        ]
        for group, own in groups.items()
    ]
    return _markdown([f"SPL by {title}", *methods], rows)


def _covered(figures: dict[str, Any]) -> str:
    """Return how many series a figure is of, of how many."""
    return f"{figures['series_scored']:,} of {figures['series']:,}"


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _interval(value: dict[str, float] | None) -> str:
    return "{value:.3f} ({low:.3f} to {high:.3f})".format(**value) if value else ""


def draw(backtest: Backtest, folder: Path) -> None:
    """Write `calibration.png`, and `fans_METHOD.png` of the last origin."""
    calibration(backtest.report, folder / "calibration.png")
    for name, forecast in backtest.forecasts.items():
        fans(backtest.origin.panel, forecast, backtest.origin.actual, folder / f"fans_{name}.png")


def calibration(report: dict[str, Any], path: Path) -> None:
    """Draw how much of what came is at most each quantile: the band is that it lies on it."""
    figure = Figure(figsize=(6.0, 5.0), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--")
    for number, (name, figures) in enumerate(report["methods"].items()):
        below, covers = (
            [figures["all"][f"{side}_{p:g}"]["value"] for p in M5_PROBABILITIES]
            for side in ("below", "covers")
        )
        color = f"C{number}"
        axes.fill_between(M5_PROBABILITIES, below, covers, color=color, alpha=0.15)
        axes.plot(M5_PROBABILITIES, covers, marker="o", color=color, label=f"{name}: at most")
        axes.plot(M5_PROBABILITIES, below, color=color, linestyle=":", label=f"{name}: below")
    axes.set(title="Calibration of the quantiles", xlabel="promised", ylabel="seen")
    axes.legend(fontsize=7)
    figure.savefig(path)


def fans(panel: Panel, forecast: Forecast, actual: np.ndarray, path: Path) -> None:
    """Draw a series of each demand class: past, forecast with its 50, 95 and 99 %, what came."""
    rows = _examples(panel)
    figure = Figure(figsize=(8.0, 2.4 * max(len(rows), 1)), layout="constrained")
    axes = figure.subplots(max(len(rows), 1), squeeze=False)[:, 0]
    for panel_axes, (name, row) in zip(axes, rows.items(), strict=False):
        _fan(panel_axes, panel, forecast=forecast, actual=actual, row=row)
        label = " at ".join(text for text in (panel.sku[row], panel.site[row]) if text)
        panel_axes.set_title(f"{label}: {name}, by {forecast.method[row]}", fontsize=8)
    figure.savefig(path)


def _examples(panel: Panel) -> dict[str, int]:
    """Return for each class the series of middling volume."""
    past = panel.demanded()
    kind, sold = demand_classes(past), np.nansum(past, axis=1)
    rows = {name: np.flatnonzero(kind == name) for name in CLASSES}
    return {
        name: int(own[np.argsort(sold[own], kind="stable")[len(own) // 2]])
        for name, own in rows.items()
        if len(own)
    }


def _fan(axes: Axes, panel: Panel, forecast: Forecast, actual: np.ndarray, row: int) -> None:
    shown = PAST_HORIZONS * forecast.horizon
    quantiles = forecast.take(np.array([row])).quantiles(M5_PROBABILITIES)[0]
    axes.plot(panel.periods[-shown:], panel.units[row, -shown:], color="0.5", linewidth=0.8)
    for low, high in BANDS:
        bounds = quantiles[:, low], quantiles[:, high]
        axes.fill_between(forecast.periods, *bounds, color="C0", alpha=0.2, linewidth=0)
    axes.plot(forecast.periods, quantiles[:, 4], color="C0")
    axes.plot(forecast.periods, actual[row], color="black", marker=".", linewidth=0)
