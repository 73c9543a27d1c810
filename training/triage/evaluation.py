"""Evaluation of triage on a period: each exception is scored as of its detection, then measured."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from data.domain import NotEnoughDataError
from data.history.history import END_OF_TIME, History
from data.policy.policy import Policy
from data.ticks import MS_PER_HOUR, tick_of
from features.engine.event_log import LogRows
from models.classifiers.calibration import codes
from models.ranking.pricing import price, rank_by_policy
from models.raw_columns.tuned_trees import KIND
from models.triage.labels import LABEL_NAMES, label_named, past_log
from models.triage.predictions import Predictions
from models.triage.triage import Triage
from training.common import measures
from training.triage.breach.breach_evaluation import breach_figures
from training.triage.dataset import TriageDataset
from training.triage.labels import unswayed
from training.triage.period import PeriodPredictions
from training.triage.plain_lightgbm import QUANTILES, plain_classes, plain_quantiles

MAJORITY = "one distribution for all"


def score_period(
    triage: Triage, history: History, begin: pd.Timestamp, end: pd.Timestamp
) -> PeriodPredictions:
    """Score the exceptions of a period, each with the data available at its detection.

    The models are as they were trained; their past is continued by what became known since.

    Raises:
        NotEnoughDataError: Nothing was detected in the period.
    """
    dataset = TriageDataset.read(history, END_OF_TIME, triage.kinds)
    detected = dataset.detected_at
    rows = np.flatnonzero((detected >= tick_of(begin)) & (detected < tick_of(end)))
    if not len(rows):
        raise NotEnoughDataError(
            f"exceptions detected from {begin:%Y-%m-%d} to {end:%Y-%m-%d}",
            0,
            1,
            "Widen --from or --to.",
        )
    live = triage.with_recent(since_training(triage, dataset))
    columns = {name: column[rows] for name, column in dataset.columns.items()}
    return PeriodPredictions(dataset, rows, live.predict(columns, columns["detected_at"]))


def since_training(triage: Triage, dataset: TriageDataset) -> dict[str, LogRows]:
    """Return the logs that became known at or after the training of a model."""
    logs = dataset.logs(triage.entities)
    keys = triage.features.keys(dataset.columns)
    for label, model in triage.classes.items():
        if model.shares and label in dataset.labels.classes:
            labels = dataset.labels.classes[label]
            logs[past_log(label)] = dataset.label_rows(labels, list(model.names), keys)
    return {name: rows.known_from(triage.trained_as_of) for name, rows in logs.items()}


def predictions_table(scoring: PeriodPredictions, policy: Policy) -> pd.DataFrame:
    """Return one row an exception: its id, moment, probabilities, quantiles and score."""
    predictions, dataset = scoring.predictions, scoring.dataset
    ids = dataset.ids[scoring.rows]
    columns = {name: column[scoring.rows] for name, column in dataset.columns.items()}
    table: dict[str, object] = {
        "exception_id": ids,
        "detected_at": pd.to_datetime(columns["detected_at"], unit="ms", utc=True),
        "p_breach": predictions.p_breach
        if predictions.p_breach is not None
        else np.full(len(ids), np.nan),
    }
    for label in LABEL_NAMES:
        if (predicted := predictions.classes.get(label)) is not None:
            names, chances = predicted
            table[label] = np.array(names, object)[predicted.best]
            table |= {f"p_{label}_{name}": chances[:, i] for i, name in enumerate(names)}
    hours, basis = handling_hours(predictions, len(ids))
    table |= {f"handling_hours_p{int(100 * q)}": hours[:, i] for i, q in enumerate(QUANTILES)}
    table["handling_basis"] = np.full(len(ids), basis, object)
    items = price(ids, columns, predictions, policy).at(columns["detected_at"])
    table["score"] = rank_by_policy(items, policy, degraded=False).score
    return pd.DataFrame(table)


class HandlingHours(NamedTuple):
    """Quantiles of the handling time.

    Attributes:
        hours: (n, 3) hours.
        basis: `touch`, `elapsed` or `unknown`.
    """

    hours: np.ndarray
    basis: str


def handling_hours(predictions: Predictions, n: int) -> HandlingHours:
    """Return (n, 3) quantiles in hours: of the touch time where it is recorded, else elapsed."""
    if predictions.touch_minutes is not None:
        return HandlingHours(predictions.touch_minutes / 60, "touch")
    if predictions.resolve is not None:
        return HandlingHours(predictions.resolve.quantiles(), "elapsed")
    return HandlingHours(np.full((n, 3), np.nan), "unknown")


def report(scoring: PeriodPredictions, triage: Triage) -> dict[str, object]:
    """Return the figures with 95 % intervals, and those of the baselines on the same rows."""
    detected = scoring.column("detected_at")
    figures: dict[str, object] = {
        "model": triage.version,
        "exceptions": len(scoring.rows),
        "from": str(pd.to_datetime(detected.min(), unit="ms")),
        "to": str(pd.to_datetime(detected.max(), unit="ms")),
        "untrained": triage.untrained,
        "served_by": {label: model.selection_reason for label, model in triage.classes.items()},
    }
    figures["breach"] = breach_figures(scoring, triage)
    for label in triage.classes:
        figures[label] = _class(scoring, triage, label)
    figures["hours_to_resolve"] = _hours(scoring, triage)
    figures["touch_minutes"] = _touch(scoring, triage)
    return figures


def _class(scoring: PeriodPredictions, triage: Triage, label: str) -> dict[str, object] | None:
    model, dataset = triage.classes[label], scoring.dataset
    chance = scoring.predictions.classes[label].probability
    if label not in dataset.labels.classes:
        return None
    latest = dataset.labels.classes[label].at(dataset.tick, len(dataset.ids))[scoring.rows]
    has_label = np.array([name is not None for name in latest], bool)
    labelled = unswayed(has_label, dataset.labels.hidden[scoring.rows])
    if not labelled.any():
        return {"labelled": 0}
    truth, n = latest[labelled], int(labelled.sum())
    blocks = measures.day_blocks(scoring.column("detected_at")[labelled])
    code = codes(truth, model.names)
    chances = {"model": chance[labelled], MAJORITY: np.tile(model.prior, (n, 1))}
    rows = scoring.rows[labelled]
    plain = plain_classes(dataset, rows, triage.trained_as_of, label, list(model.names))
    if plain is not None:
        chances[KIND] = plain
    figures: dict[str, object] = {"labelled": n}
    for name, own in chances.items():
        figures[name] = measures.figures(measures.class_measures(own, code), n, blocks)
    for name, guess in _guesses(scoring, triage, label).items():
        right = (guess[labelled] == truth).astype(float)
        figures[name] = measures.figures(
            {"accuracy": lambda r, x=right: float(x[r].mean())}, n, blocks
        )
    return figures


def _guesses(scoring: PeriodPredictions, triage: Triage, label: str) -> dict[str, np.ndarray]:
    """Return simple guesses of a class: the first value, and the most frequent by a column."""
    column = label_named(label).first_column
    dataset, guesses = scoring.dataset, {}
    if column in dataset.columns:
        guesses[f"as given at first ({column})"] = scoring.column(column)
    labels = dataset.labels.classes[label]
    past = labels.known_at < triage.trained_as_of
    for name in ("attributes.symptom", "reason_code", "type"):
        if name in dataset.columns:
            labelled = pd.DataFrame(
                {"value": dataset.columns[name][labels.row[past]], "label": labels.name[past]}
            ).dropna()
            most = labelled.groupby("value")["label"].agg(lambda x: x.value_counts().index[0])
            overall = labelled["label"].mode().iloc[0] if len(labelled) else None
            guesses[f"most frequent of {name}"] = np.array(
                [most.get(value, overall) for value in scoring.column(name)], object
            )
    return guesses


def _hours(scoring: PeriodPredictions, triage: Triage) -> dict[str, object] | None:
    times, dataset = scoring.predictions.resolve, scoring.dataset
    if times is None:
        return None
    hours = (dataset.labels.resolved_at - dataset.detected_at) / MS_PER_HOUR
    past = dataset.labels.resolved_known_at < triage.trained_as_of
    predicted = {"model": times.quantiles()} | _plain(scoring, triage, hours, past)
    return _quantile_figures(scoring, predicted, hours, past)


def _plain(
    scoring: PeriodPredictions, triage: Triage, values: np.ndarray, past: np.ndarray
) -> dict[str, np.ndarray]:
    """Return plain LightGBM's quantiles by its name; empty where too little was recorded."""
    recorded = past & ~np.isnan(values)
    tick = triage.trained_as_of
    plain = plain_quantiles(
        scoring.dataset, scoring.rows, tick=tick, values=values, recorded=recorded
    )
    return {} if plain is None else {KIND: plain}


def _touch(scoring: PeriodPredictions, triage: Triage) -> dict[str, object] | None:
    minutes = scoring.dataset.labels.touch_minutes
    if scoring.predictions.touch_minutes is None:
        return None
    past = scoring.dataset.labels.outcome_known(triage.trained_as_of)
    predicted = {"model": scoring.predictions.touch_minutes}
    predicted |= _plain(scoring, triage, minutes, past)
    figures = _quantile_figures(scoring, predicted, minutes, past)
    return figures | {"learned": bool(triage.touch and triage.touch.is_learned)}


def _quantile_figures(
    scoring: PeriodPredictions,
    predicted: Mapping[str, np.ndarray],
    actual: np.ndarray,
    past: np.ndarray,
) -> dict[str, object]:
    """Measure quantiles where the value is recorded, beside quantiles of earlier values."""
    observed = ~np.isnan(actual[scoring.rows])
    n = int(observed.sum())
    if not n:
        return {"labelled": 0}
    truth = np.maximum(actual[scoring.rows][observed], 0.0)
    constant = np.tile(np.nanquantile(np.maximum(actual[past], 0.0), QUANTILES), (n, 1))
    blocks = measures.day_blocks(scoring.column("detected_at")[observed])
    quantiles = {name: own[observed] for name, own in predicted.items()}
    quantiles["quantiles of all known before"] = constant
    figures: dict[str, object] = {"labelled": n}
    for name, own in quantiles.items():
        figures[name] = measures.figures(
            measures.quantile_measures(own, truth, QUANTILES), n, blocks
        )
    return figures
