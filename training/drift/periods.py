"""A period as the champion sees it: what it read, what it promised, what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.domain import NotEnoughDataError
from data.ticks import MS_PER_HOUR, tick_of
from models.classifiers.calibration import codes
from models.estimator import Batch
from models.ranking.pricing import Predictions
from models.triage.triage import Triage
from training.drift.columns import FEWEST_VALUES, MOST_ROWS, OTHER
from training.drift.cost import PeriodPromises
from training.drift.verdict import OUTCOME, PREDICTION
from training.triage.dataset import TriageDataset
from training.triage.evaluation import QUANTILES, handling_hours

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
class DriftPeriod:
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
    read: Batch
    predictions: Predictions
    looked_at: int


def side_of(
    live: Triage, known: TriageDataset, period: Period, option: str, looked_at: int
) -> DriftPeriod:
    """Score a period; a large one is sampled.

    Raises:
        NotEnoughDataError: Too few exceptions were detected in it.
    """
    detected = known.detected_at
    rows = np.flatnonzero((detected >= tick_of(period.begin)) & (detected < tick_of(period.end)))
    if len(rows) < FEWEST_EXCEPTIONS:
        what = f"exceptions detected in {period}"
        raise NotEnoughDataError(what, len(rows), FEWEST_EXCEPTIONS, f"Widen {option}.")
    sample = np.random.default_rng(7).permutation(rows)[:MOST_SCORED]
    columns = {name: column[sample] for name, column in known.columns.items()}
    read = live.rows(columns, columns["detected_at"])
    return DriftPeriod(period, len(rows), sample, read, live.predict_rows(read), looked_at)


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


def seen_columns(
    live: Triage, known: TriageDataset, side: DriftPeriod, features: list[int]
) -> pd.DataFrame:
    """Return features, predictions and outcomes as far as known, of at most 5,000 exceptions."""
    columns = dict(_features(live, side, features))
    columns |= {PREDICTION + name: values for name, values in _predicted(live, side)}
    columns |= {OUTCOME + name: values for name, values in _ended(live, known, side)}
    return pd.DataFrame({name: values[:MOST_ROWS] for name, values in columns.items()})


Named = Iterator[tuple[str, np.ndarray]]


def _features(live: Triage, side: DriftPeriod, chosen: list[int]) -> Named:
    declared = live.features
    for place in chosen:
        name, values = declared.names[place], side.read.matrix.dense[:, place].astype(float)
        if place in declared.word_columns:
            words = np.array([*declared.plan.words[name], OTHER], object)
            yield name, words[np.where(np.isnan(values), len(words) - 1, values).astype(int)]
        else:
            yield name, np.where(np.isfinite(values), values, np.nan)


def _predicted(live: Triage, side: DriftPeriod) -> Named:
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


def _ended(live: Triage, known: TriageDataset, side: DriftPeriod) -> Named:
    labels, rows = known.labels, side.rows
    breached = _breached(known, side)
    words = np.array(["in time", "breached", None], object)
    yield "breached", words[np.where(np.isnan(breached), 2, breached > 0.5).astype(int)]
    for label in CLASSES:
        if label in live.classes and label in labels.classes:
            yield label, labels.classes[label].at(side.looked_at, len(known.ids))[rows]
    hours = (labels.resolved_at[rows] - known.detected_at[rows]) / MS_PER_HOUR
    yield "hours_to_resolve", np.where(labels.resolved_at[rows] < side.looked_at, hours, np.nan)


def _breached(known: TriageDataset, side: DriftPeriod) -> np.ndarray:
    ended = known.labels.outcome_known(side.looked_at)[side.rows]
    return np.where(ended, known.labels.breached[side.rows], np.nan)


def too_few_known(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, str]:
    """Name the outcomes that are hardly known yet: for a feature that would be drift."""
    counts = {name: (reference[name].count(), current[name].count()) for name in reference}
    return {
        str(name): f"known of {before} and of {now} where {FEWEST_VALUES} are needed"
        for name, (before, now) in counts.items()
        if str(name).startswith(OUTCOME) and min(before, now) < FEWEST_VALUES
    }


def promises(
    live: Triage, known: TriageDataset, side: DriftPeriod
) -> Iterator[tuple[str, PeriodPromises]]:
    """Yield what was promised where it is known what came of it; breaches first."""
    found, detected = side.predictions, known.detected_at[side.rows]
    if found.p_breach is not None:
        breached = _breached(known, side)
        seen = ~np.isnan(breached)
        yield "breach", PeriodPromises(found.p_breach[seen], breached[seen], detected[seen])
    for label in CLASSES:
        if label in live.classes and label in known.labels.classes:
            latest = known.labels.classes[label].at(side.looked_at, len(known.ids))[side.rows]
            seen = np.array([name is not None for name in latest], bool)
            chance = getattr(found, label)[seen]
            right = chance.argmax(axis=1) == codes(latest[seen], live.classes[label].names)
            yield label, PeriodPromises(chance.max(axis=1), right.astype(float), detected[seen])
