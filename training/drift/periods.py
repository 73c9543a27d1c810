"""Periods scored by the champion: features, predictions, and the recorded outcomes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.domain import NotEnoughDataError
from data.ticks import MS_PER_HOUR, tick_of
from models.classifiers.calibration import codes
from models.estimator import Batch
from models.triage.labels import PROMISED_NAMES
from models.triage.predictions import Predictions
from models.triage.triage import Triage
from training.drift.columns import MAX_COMPARED_ROWS, MIN_VALUES_OF_A_COLUMN, OTHER
from training.drift.cost import PeriodPromises
from training.drift.verdict import OUTCOME, PREDICTION
from training.triage.dataset import TriageDataset
from training.triage.evaluation import QUANTILES, handling_hours

MIN_EXCEPTIONS_OF_A_PERIOD = 50
MAX_SCORED_EXCEPTIONS = 20_000
MAX_COMPARED_FEATURES = 40


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


def score_drift_period(
    live: Triage, dataset: TriageDataset, period: Period, option: str, looked_at: int
) -> DriftPeriod:
    """Score a period; a large one is sampled.

    Raises:
        NotEnoughDataError: Too few exceptions were detected in it.
    """
    detected = dataset.detected_at
    rows = np.flatnonzero((detected >= tick_of(period.begin)) & (detected < tick_of(period.end)))
    if len(rows) < MIN_EXCEPTIONS_OF_A_PERIOD:
        what = f"exceptions detected in {period}"
        raise NotEnoughDataError(what, len(rows), MIN_EXCEPTIONS_OF_A_PERIOD, f"Widen {option}.")
    sample = np.random.default_rng(7).permutation(rows)[:MAX_SCORED_EXCEPTIONS]
    columns = {name: column[sample] for name, column in dataset.columns.items()}
    read = live.rows(columns, columns["detected_at"])
    return DriftPeriod(
        period=period,
        detected=len(rows),
        rows=sample,
        read=read,
        predictions=live.predict_rows(read),
        looked_at=looked_at,
    )


def important_features(triage: Triage) -> list[int]:
    """Return the positions of the 40 features that matter most to the chance of harm.

    Without such a booster it is that of the time to resolve, else the first declared features.
    """
    trees = getattr(triage.breach_risk, "trees", None) or getattr(triage.resolve, "trees", None)
    names = triage.features.names
    if trees is None:
        return list(range(min(len(names), MAX_COMPARED_FEATURES)))
    gain = trees.importance()[: len(names)]
    order = np.argsort(-gain, kind="stable")[:MAX_COMPARED_FEATURES]
    return [int(row) for row in order if gain[row] > 0]


def compared_columns(
    live: Triage, dataset: TriageDataset, side: DriftPeriod, features: list[int]
) -> pd.DataFrame:
    """Return features, predictions and outcomes as far as known, of at most 5,000 exceptions."""
    columns = dict(_features(live, side, features))
    columns |= {PREDICTION + name: values for name, values in _predicted(live, side)}
    columns |= {OUTCOME + name: values for name, values in _ended(live, dataset, side)}
    return pd.DataFrame({name: values[:MAX_COMPARED_ROWS] for name, values in columns.items()})


Named = Iterator[tuple[str, np.ndarray]]


def _features(live: Triage, side: DriftPeriod, chosen: list[int]) -> Named:
    declared = live.features
    for column in chosen:
        name, values = declared.names[column], side.read.matrix.dense[:, column].astype(float)
        if column in declared.word_columns:
            words = np.array([*declared.plan.words[name], OTHER], object)
            yield name, words[np.where(np.isnan(values), len(words) - 1, values).astype(int)]
        else:
            yield name, np.where(np.isfinite(values), values, np.nan)


def _predicted(live: Triage, side: DriftPeriod) -> Named:
    predictions = side.predictions
    if predictions.p_breach is not None:
        yield "p_breach", predictions.p_breach
    for label in PROMISED_NAMES:
        if label in live.classes:
            names = np.array(live.classes[label].names, object)
            yield label, names[predictions.classes[label].best]
    hours, _ = handling_hours(predictions, len(side.rows))
    for column, share in enumerate(QUANTILES):
        yield f"handling_hours_p{100 * share:.0f}", hours[:, column]


def _ended(live: Triage, dataset: TriageDataset, side: DriftPeriod) -> Named:
    labels, rows = dataset.labels, side.rows
    breached = _breached(dataset, side)
    words = np.array(["in time", "breached", None], object)
    yield "breached", words[np.where(np.isnan(breached), 2, breached > 0.5).astype(int)]
    for label in PROMISED_NAMES:
        if label in live.classes and label in labels.classes:
            yield label, labels.classes[label].at(side.looked_at, len(dataset.ids))[rows]
    hours = (labels.resolved_at[rows] - dataset.detected_at[rows]) / MS_PER_HOUR
    yield "hours_to_resolve", np.where(labels.resolved_at[rows] < side.looked_at, hours, np.nan)


def _breached(dataset: TriageDataset, side: DriftPeriod) -> np.ndarray:
    ended = dataset.labels.outcome_known(side.looked_at)[side.rows]
    return np.where(ended, dataset.labels.breached[side.rows], np.nan)


def rare_outcomes(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, str]:
    """Name the outcomes with few recorded values: for a feature that would be drift."""
    counts = {name: (reference[name].count(), current[name].count()) for name in reference}
    return {
        str(name): f"known of {before} and of {now} where {MIN_VALUES_OF_A_COLUMN} are needed"
        for name, (before, now) in counts.items()
        if str(name).startswith(OUTCOME) and min(before, now) < MIN_VALUES_OF_A_COLUMN
    }


def promises(
    live: Triage, dataset: TriageDataset, side: DriftPeriod
) -> Iterator[tuple[str, PeriodPromises]]:
    """Yield the chances whose outcome is recorded; breaches first."""
    predictions, detected = side.predictions, dataset.detected_at[side.rows]
    if predictions.p_breach is not None:
        breached = _breached(dataset, side)
        labelled = ~np.isnan(breached)
        yield (
            "breach",
            PeriodPromises(predictions.p_breach[labelled], breached[labelled], detected[labelled]),
        )
    for label in PROMISED_NAMES:
        if label in live.classes and label in dataset.labels.classes:
            latest = dataset.labels.classes[label].at(side.looked_at, len(dataset.ids))[side.rows]
            labelled = np.array([name is not None for name in latest], bool)
            chance = predictions.classes[label].probability[labelled]
            right = chance.argmax(axis=1) == codes(latest[labelled], live.classes[label].names)
            yield label, PeriodPromises(chance.max(axis=1), right.astype(float), detected[labelled])
