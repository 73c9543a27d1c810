"""Compare two periods as the champion sees them: what drifted, and what it costs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import orjson
import pandas as pd

from data.domain import BadInputError, NotEnoughDataError
from data.history import ALWAYS, History
from models.classes import codes
from models.contract import Rows
from models.scored import Predictions
from models.store import Store
from models.triage import Triage
from training.drift_columns import FEWEST_VALUES, MOST_ROWS, OTHER, Comparison, compare
from training.drift_cost import Cost, Promises, cost
from training.drift_verdict import OUTCOME, PREDICTION, Finding, finding, sentence
from training.evaluation import QUANTILES, handling_hours, since_training
from training.known import Known, tick_of
from training.labels import TICKS_PER_HOUR

FEWEST_EXCEPTIONS = 50
MOST_SCORED = 20_000
MOST_FEATURES = 40
CLASSES = ("category", "team")


@dataclass(frozen=True)
class Period:
    """From a moment to just before another."""

    begin: pd.Timestamp
    end: pd.Timestamp

    def __str__(self) -> str:
        return f"{self.begin:%Y-%m-%d}..{self.end:%Y-%m-%d}"


@dataclass(frozen=True)
class Side:
    """A period as the champion sees it, each exception at the time it was detected.

    Attributes:
        period: The period.
        detected: How many exceptions were detected in it.
        rows: Positions of those looked at, in random order.
        read: What the models read of them.
        predictions: What they made of it.
        looked_at: Outcomes known at or after this tick don't count.
    """

    period: Period
    detected: int
    rows: np.ndarray
    read: Rows
    predictions: Predictions
    looked_at: int


@dataclass(frozen=True)
class Drift:
    """What drifted from the reference to the current period."""

    model: str
    sides: tuple[Side, Side]
    comparison: Comparison
    costs: list[Cost]

    @property
    def verdict(self) -> str:
        """One line: what moved most, what it costs, what to do."""
        return sentence(self.comparison, self.costs)

    @property
    def found(self) -> bool:
        """Whether the verdict is drift."""
        return finding(self.comparison, self.costs) is not Finding.NONE

    def to_json(self) -> dict[str, object]:
        """Return the figures as plain values."""
        return {
            "model": self.model,
            "verdict": self.verdict,
            "drift": self.found,
            "finding": finding(self.comparison, self.costs),
            **{name: _told(side) for name, side in zip(_NAMES, self.sides, strict=True)},
            "calibration": {cost.label: cost.to_json() for cost in self.costs},
            "columns": [column.to_json() for column in self.comparison.columns],
            "left_out": self.comparison.left_out,
        }


_NAMES = ("reference", "current")


def _told(side: Side) -> dict[str, object]:
    period, n = side.period, side.detected
    looked = pd.to_datetime(side.looked_at, unit="ms", utc=True).isoformat()
    return {
        "from": period.begin.isoformat(),
        "to": period.end.isoformat(),
        "exceptions": n,
        "scored": len(side.rows),
        "compared": min(len(side.rows), MOST_ROWS),
        "outcomes_known_before": looked,
    }


def compare_periods(triage: Triage, history: History, reference: Period, current: Period) -> Drift:
    """Compare features, predictions and, as far as known, outcomes of two periods.

    Both are looked at equally long after their ends: outcomes known early are those of quick cases,
    and a mere difference of patience is no drift. Large periods are sampled. The words of messages
    are not compared.

    Raises:
        BadInputError: The periods overlap.
        NotEnoughDataError: Too few exceptions were detected in one of them.
    """
    if reference.begin < current.end and current.begin < reference.end:
        raise BadInputError(
            "--current", f"{current} overlaps {reference}", "Choose two periods that don't."
        )
    known = Known.read(history, ALWAYS, triage.kinds)
    live = triage.with_recent(since_training(triage, known))
    patience = max(0, _last_known(known) - tick_of(max(reference.end, current.end)))
    before, now = (
        _side(live, known, period, f"--{name}", tick_of(period.end) + patience)
        for name, period in zip(_NAMES, (reference, current), strict=True)
    )
    features = important_features(triage)
    frames = [_frame(live, known, side, features) for side in (before, now)]
    too_few = _too_few_known(*frames)
    found = compare(*(frame.drop(columns=list(too_few)) for frame in frames))
    comparison = Comparison(found.columns, found.left_out | too_few, found.html)
    kept = [dict(_promises(live, known, side)) for side in (before, now)]
    costs = [cost(label, kept[0][label], kept[1][label]) for label in kept[0]]
    return Drift(triage.version, (before, now), comparison, [c for c in costs if c])


def _last_known(known: Known) -> int:
    moments = [table["known_at"].max() for table in known.tables.values() if len(table)]
    return tick_of(max(moments)) + 1


def _side(live: Triage, known: Known, period: Period, option: str, looked_at: int) -> Side:
    detected = known.detected_at
    rows = np.flatnonzero((detected >= tick_of(period.begin)) & (detected < tick_of(period.end)))
    if len(rows) < FEWEST_EXCEPTIONS:
        what = f"exceptions detected in {period}"
        raise NotEnoughDataError(what, len(rows), FEWEST_EXCEPTIONS, f"Widen {option}.")
    sample = np.random.default_rng(7).permutation(rows)[:MOST_SCORED]
    columns = {name: column[sample] for name, column in known.columns.items()}
    read = live.rows(columns, columns["detected_at"])
    return Side(period, len(rows), sample, read, live.predict_rows(read), looked_at)


def important_features(triage: Triage) -> list[int]:
    """Return the positions of the 40 features that matter most to the chance of harm.

    Without such a booster it is that of the time to resolve, else the first declared features.
    """
    trees = getattr(triage.harm, "trees", None) or getattr(triage.resolve, "trees", None)
    names = triage.features.names
    if trees is None:
        return list(range(min(len(names), MOST_FEATURES)))
    gain = trees.importance()[: len(names)]
    order = np.argsort(-gain, kind="stable")[:MOST_FEATURES]
    return [int(place) for place in order if gain[place] > 0]


def _frame(live: Triage, known: Known, side: Side, features: list[int]) -> pd.DataFrame:
    columns = dict(_features(live, side, features))
    columns |= {PREDICTION + name: values for name, values in _predicted(live, side)}
    columns |= {OUTCOME + name: values for name, values in _ended(live, known, side)}
    return pd.DataFrame({name: values[:MOST_ROWS] for name, values in columns.items()})


Named = Iterator[tuple[str, np.ndarray]]


def _features(live: Triage, side: Side, chosen: list[int]) -> Named:
    declared = live.features
    for place in chosen:
        name, values = declared.names[place], side.read.matrix.dense[:, place].astype(float)
        if place in declared.word_columns:
            words = np.array([*declared.plan.words[name], OTHER], object)
            yield name, words[np.where(np.isnan(values), len(words) - 1, values).astype(int)]
        else:
            yield name, np.where(np.isfinite(values), values, np.nan)


def _predicted(live: Triage, side: Side) -> Named:
    found = side.predictions
    if found.p_breach is not None:
        yield "p_breach", found.p_breach
    for label in CLASSES:
        if label in live.classes:
            names = np.array(live.classes[label].names, object)
            yield label, names[getattr(found, label).argmax(axis=1)]
    hours, _ = handling_hours(found, len(side.rows))
    for place, share in enumerate(QUANTILES):
        yield f"handling_hours_p{100 * share:.0f}", hours[:, place]


def _ended(live: Triage, known: Known, side: Side) -> Named:
    labels, rows = known.labels, side.rows
    breached = _breached(known, side)
    words = np.where(breached > 0.5, "breached", "in time").astype(object)
    yield "breached", np.where(np.isnan(breached), None, words)
    for label in CLASSES:
        if label in live.classes and label in labels.classes:
            yield label, labels.classes[label].at(side.looked_at, len(known.ids))[rows]
    hours = (labels.resolved_at[rows] - known.detected_at[rows]) / TICKS_PER_HOUR
    yield "hours_to_resolve", np.where(labels.resolved_at[rows] < side.looked_at, hours, np.nan)


def _breached(known: Known, side: Side) -> np.ndarray:
    ended = known.labels.outcome_known(side.looked_at)[side.rows]
    return np.where(ended, known.labels.breached[side.rows], np.nan)


def _too_few_known(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, str]:
    """Name the outcomes that are hardly known yet: for a feature that would be drift."""
    counts = {name: (reference[name].count(), current[name].count()) for name in reference}
    return {
        str(name): f"known of {before} and of {now} where {FEWEST_VALUES} are needed"
        for name, (before, now) in counts.items()
        if str(name).startswith(OUTCOME) and min(before, now) < FEWEST_VALUES
    }


def _promises(live: Triage, known: Known, side: Side) -> Iterator[tuple[str, Promises]]:
    """Yield what was promised where it is known what came of it; breaches first."""
    found, detected = side.predictions, known.detected_at[side.rows]
    if found.p_breach is not None:
        breached = _breached(known, side)
        seen = ~np.isnan(breached)
        yield "breach", Promises(found.p_breach[seen], breached[seen], detected[seen])
    for label in CLASSES:
        if label in live.classes and label in known.labels.classes:
            latest = known.labels.classes[label].at(side.looked_at, len(known.ids))[side.rows]
            seen = np.array([name is not None for name in latest], bool)
            chance = getattr(found, label)[seen]
            right = chance.argmax(axis=1) == codes(latest[seen], live.classes[label].names)
            yield label, Promises(chance.max(axis=1), right.astype(float), detected[seen])


def keep(drift: Drift, store: Store, html: Path | None, figures: Path | None) -> None:
    """Keep the page and the figures with the champion's run, and at the paths that are given."""
    told = orjson.dumps(drift.to_json(), option=orjson.OPT_INDENT_2)
    page = drift.comparison.html.encode()
    for path, content in ((html, page), (figures, told)):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "drift.html").write_bytes(page)
        (folder / "drift.json").write_bytes(told)
        version = drift.model.removeprefix("triage-")
        name = "drift_" + "_".join(str(side.period) for side in drift.sides)
        store.add_report("triage", version, folder, name)
