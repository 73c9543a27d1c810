"""Calibration of the probabilities that prices use: by class, by segment, by age.

`promised` is the mean chance, `seen` is the observed share. A gap counts where its interval over
days does not contain 0. The calibration error of few rows is never 0. So the report also gives the
error that perfectly calibrated chances would have on the same rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.table import Table

from data.policy.policy import Policy
from data.ticks import MS_PER_DAY, MS_PER_HOUR
from models.ranking.pricing import preventable_loss
from models.triage.labels import CATEGORY
from training.common import plots
from training.common.measures import REPEATS, expected_calibration_error
from training.triage.period import PeriodPredictions
from training.triage.reports.automation_report import labelled_period

SEGMENTS = ("severity", "type", "customer_segment")
MIN_ROWS_OF_A_GROUP = 50
MAX_VALUES_OF_A_SEGMENT = 8
AGE_BANDS_HOURS = (0.0, 4.0, 24.0, 96.0, 336.0, np.inf)
MIN_GAP_SHOWN = 0.03
_DRAWN = 20


@dataclass(frozen=True)
class ChanceOutcomes:
    """Chances of n exceptions, and the outcomes.

    Attributes:
        name: Name of the outcome.
        promised: 0 to 1.
        happened: 0 or 1.
        ticks: When each exception was detected.
        groups: For each grouping the value of each exception, "" where there is none.
    """

    name: str
    promised: np.ndarray
    happened: np.ndarray
    ticks: np.ndarray
    groups: Mapping[str, np.ndarray]


def report(scoring: PeriodPredictions, policy: Policy) -> dict[str, Any]:
    """Return for each probability its calibration, over all and by group; and the money priced."""
    figures: dict[str, Any] = {
        chances.name: {"all": _figures(chances, slice(None))} | _by_group(chances)
        for chances in chance_outcomes(scoring)
    }
    return figures | {"money": _money(scoring, policy)}


def chance_outcomes(scoring: PeriodPredictions) -> Iterator[ChanceOutcomes]:
    """Yield the chances that are used as money, where the outcome is recorded."""
    predictions, dataset = scoring.predictions, scoring.dataset
    segments, ticks = _segments(scoring), scoring.column("detected_at")
    breached = dataset.labels.breached[scoring.rows]
    hours = (dataset.labels.resolved_at[scoring.rows] - ticks) / MS_PER_HOUR
    if predictions.p_breach is not None:
        yield _with_outcome(
            "breach", predictions.p_breach, happened=breached, ticks=ticks, groups=segments
        )
    if predictions.curve is not None:
        at_end = predictions.curve.at(np.maximum(np.nan_to_num(hours), 0.0))
        happened = np.where(np.isnan(hours), np.nan, breached)
        band = np.digitize(np.nan_to_num(hours), AGE_BANDS_HOURS[1:-1])
        bands = np.array([f"after {hours:g} h" for hours in AGE_BANDS_HOURS[:-1]], object)
        yield _with_outcome(
            "curve at its end",
            at_end,
            happened=happened,
            ticks=ticks,
            groups=segments | {"age": bands[band]},
        )
    category = predictions.classes.get(CATEGORY.name)
    labels = labelled_period(scoring, CATEGORY.name) if category else None
    if category is None or labels is None:
        return
    right = np.where(labels.labelled, labels.best == labels.code, np.nan)
    yield _with_outcome("first category", labels.top, happened=right, ticks=ticks, groups=segments)
    for k, name in enumerate(category.names):
        own = np.where(labels.labelled, labels.code == k, np.nan)
        if (own == 1).sum() >= MIN_ROWS_OF_A_GROUP:
            yield _with_outcome(
                f"category {name}", labels.probability[:, k], happened=own, ticks=ticks, groups={}
            )


def draw(scoring: PeriodPredictions, folder: Path) -> None:
    """Draw the reliability of each probability, by group where there is one."""
    for chances in chance_outcomes(scoring):
        if len(chances.happened) < MIN_ROWS_OF_A_GROUP:
            continue
        file = "".join(c if c.isalnum() else "_" for c in chances.name)
        plots.reliability(folder / f"{file}.png", chances.promised, chances.happened, chances.name)
        for group, values in chances.groups.items():
            parts = {v: (chances.promised[r], chances.happened[r]) for v, r in _largest(values)}
            if len(parts) > 1:
                what = f"{chances.name} by {group}"
                plots.reliability_by(folder / f"{file}_by_{group}.png", parts, what)


def _with_outcome(
    what: str,
    promised: np.ndarray,
    happened: np.ndarray,
    ticks: np.ndarray,
    groups: Mapping[str, Any],
) -> ChanceOutcomes:
    """Keep the rows whose outcome is recorded."""
    rows = np.flatnonzero(~np.isnan(happened))
    own_groups = {name: values[rows] for name, values in groups.items()}
    return ChanceOutcomes(
        name=what,
        promised=promised[rows],
        happened=happened[rows],
        ticks=ticks[rows],
        groups=own_groups,
    )


def _segments(scoring: PeriodPredictions) -> dict[str, np.ndarray]:
    columns_read = scoring.dataset.columns
    columns = {name: scoring.column(name) for name in SEGMENTS if name in columns_read}
    return {
        name: np.array(["" if value is None else str(value) for value in values], object)
        for name, values in columns.items()
    }


def _by_group(chances: ChanceOutcomes) -> dict[str, Any]:
    groups = {name: _largest(values) for name, values in chances.groups.items()}
    return {
        name: {value: _figures(chances, rows) for value, rows in parts}
        for name, parts in groups.items()
        if len(parts) > 1
    }


def _largest(values: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Return the most frequent values with their rows."""
    names, counts = np.unique(values.astype(str), return_counts=True)
    most = [
        i
        for i in np.argsort(-counts, kind="stable")[:MAX_VALUES_OF_A_SEGMENT]
        if counts[i] >= MIN_ROWS_OF_A_GROUP
    ]
    return [(str(names[i]), np.flatnonzero(values == names[i])) for i in most]


def _figures(chances: ChanceOutcomes, rows: np.ndarray | slice) -> dict[str, float]:
    promised, happened = chances.promised[rows], chances.happened[rows]
    if not len(happened):
        return {"n": 0}
    low, high = _interval(chances.ticks[rows], promised - happened)
    rng = np.random.default_rng(11)
    by_chance = [
        expected_calibration_error(promised, (rng.random(len(promised)) < promised).astype(float))
        for _ in range(_DRAWN)
    ]
    return {
        "n": len(happened),
        "promised": float(promised.mean()),
        "seen": float(happened.mean()),
        "gap": float((promised - happened).mean()),
        "gap_low": low,
        "gap_high": high,
        "calibration_error": expected_calibration_error(promised, happened),
        "calibration_error_if_right": float(np.mean(by_chance)),
    }


class MeanInterval(NamedTuple):
    """95 % interval of a mean.

    Attributes:
        low: Lower end.
        high: Upper end.
    """

    low: float
    high: float


def _interval(ticks: np.ndarray, differences: np.ndarray) -> MeanInterval:
    """Return the 95 % interval of a mean by a bootstrap over days."""
    days, day_of_row = np.unique(ticks // MS_PER_DAY, return_inverse=True)
    totals, counts = np.bincount(day_of_row, differences), np.bincount(day_of_row)
    drawn = np.random.default_rng(7).integers(0, len(days), (REPEATS, len(days)))
    low, high = np.quantile(totals[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [0.025, 0.975])
    return MeanInterval(float(low), float(high))


def _money(scoring: PeriodPredictions, policy: Policy) -> dict[str, Any]:
    """Compare what the posterior of the category prices with what the true category costs."""
    category = scoring.predictions.classes.get(CATEGORY.name)
    labels = labelled_period(scoring, CATEGORY.name) if category else None
    if category is None or labels is None:
        return {}
    total = scoring.column("total")
    value = np.where(np.isnan(total), policy.losses.order_value, total)
    table = preventable_loss(value, category.names, policy)
    labelled = np.flatnonzero(labels.labelled & (labels.code >= 0))
    priced = (category.probability * table).sum(axis=1)[labelled]
    cost = table[labelled, labels.code[labelled]]
    groups = {name: _largest(values[labelled]) for name, values in _segments(scoring).items()}

    def figures(rows: np.ndarray | slice) -> dict[str, float]:
        low, high = _interval(scoring.column("detected_at")[labelled][rows], (priced - cost)[rows])
        mean = float(cost[rows].mean())
        return {
            "n": len(cost[rows]),
            "priced": float(priced[rows].mean()),
            "cost": mean,
            "gap_low": low,
            "gap_high": high,
        }

    return {"all": figures(slice(None))} | {
        name: {value: figures(rows) for value, rows in parts} for name, parts in groups.items()
    }


def worst(figures_by_chance: Mapping[str, Any]) -> list[tuple[str, Mapping[str, float]]]:
    """Name where chances are wrong beyond the noise of days, the largest gap first."""
    rows: list[tuple[str, Mapping[str, float]]] = []
    for what, parts in figures_by_chance.items():
        if what == "money":
            continue
        parts_by_name = [("", parts["all"])] if what.startswith("category ") else []
        parts_by_name += [
            (f", {g} {v}", f) for g, vs in parts.items() if g != "all" for v, f in vs.items()
        ]
        rows += [(f"{what}{name}", figures) for name, figures in parts_by_name if figures["n"]]
    wrong = [(name, f) for name, f in rows if f["gap_low"] > 0 or f["gap_high"] < 0]
    return sorted(
        [(name, f) for name, f in wrong if abs(f["gap"]) >= MIN_GAP_SHOWN],
        key=lambda row: -abs(row[1]["gap"]),
    )


def table(figures_by_chance: Mapping[str, Any], most: int = 15) -> Table:
    """Lay out the calibration over all, and where it is worst."""
    laid = Table("chance of", "cases", "promised", "seen", "gap", "error (if right)",
                 title="calibration: over all, and where it is worst")  # fmt: skip
    overall: Sequence[tuple[str, Mapping[str, float]]] = [
        (what, parts["all"]) for what, parts in figures_by_chance.items() if what != "money"
    ]
    shown = [row for row in overall if row[1]["n"] and not row[0].startswith("category ")]
    for name, f in [*shown, *worst(figures_by_chance)[:most]]:
        gap = f"{f['gap']:+.1%} [{f['gap_low']:+.1%} {f['gap_high']:+.1%}]"
        error = f"{f['calibration_error']:.3f} ({f['calibration_error_if_right']:.3f})"
        laid.add_row(name, f"{f['n']:,}", f"{f['promised']:.1%}", f"{f['seen']:.1%}", gap, error)
    return laid
