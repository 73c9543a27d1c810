"""Score every exception of a period at the time it was detected, and say how good that was."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.domain import NotEnoughDataError
from data.history.history import END_OF_TIME, History
from data.policy.policy import Policy
from data.ticks import MS_PER_HOUR, tick_of
from features.engine.event_log import LogRows
from models.classifiers.calibration import codes
from models.ranking.pricing import Predictions, ranking, scored
from models.triage.resolve_time import quantiles
from models.triage.triage import Triage
from training.common import measures
from training.triage.dataset import TriageDataset
from training.triage.fit import FIRST_COLUMNS
from training.triage.labels import unswayed

QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class PeriodPredictions:
    """Predictions for the exceptions of a period.

    Attributes:
        known: All of the history, for the outcomes.
        rows: Positions of the exceptions of the period.
        predictions: As of each one's detection.
    """

    known: TriageDataset
    rows: np.ndarray
    predictions: Predictions

    def taken(self, column: str) -> np.ndarray:
        """Return a column of the exceptions of the period."""
        return self.known.columns[column][self.rows]


def score_period(
    triage: Triage, history: History, begin: pd.Timestamp, end: pd.Timestamp
) -> PeriodPredictions:
    """Score what was detected in a period, each with what was known at that moment.

    The models are as they were trained; their past is continued by what became known since.

    Raises:
        NotEnoughDataError: Nothing was detected in the period.
    """
    known = TriageDataset.read(history, END_OF_TIME, triage.kinds)
    detected = known.detected_at
    rows = np.flatnonzero((detected >= tick_of(begin)) & (detected < tick_of(end)))
    if not len(rows):
        raise NotEnoughDataError(
            f"exceptions detected from {begin:%Y-%m-%d} to {end:%Y-%m-%d}",
            0,
            1,
            "Widen --from or --to.",
        )
    live = triage.with_recent(since_training(triage, known))
    columns = {name: column[rows] for name, column in known.columns.items()}
    return PeriodPredictions(known, rows, live.predict(columns, columns["detected_at"]))


def since_training(triage: Triage, known: TriageDataset) -> dict[str, LogRows]:
    """Return the logs that became known at or after the training of a model."""
    logs = known.logs(triage.entities)
    keys = triage.features.keys(known.columns)
    for label, model in triage.classes.items():
        if model.shares and label in known.labels.classes:
            labels = known.labels.classes[label]
            logs[f"labels.{label}"] = known.label_rows(labels, list(model.names), keys)
    return {name: rows.known_from(triage.trained_as_of) for name, rows in logs.items()}


def predictions_table(scoring: PeriodPredictions, policy: Policy) -> pd.DataFrame:
    """Return one row an exception: its id, moment, probabilities, quantiles and score."""
    found, known = scoring.predictions, scoring.known
    ids = known.ids[scoring.rows]
    columns = {name: column[scoring.rows] for name, column in known.columns.items()}
    table: dict[str, object] = {
        "exception_id": ids,
        "detected_at": pd.to_datetime(columns["detected_at"], unit="ms", utc=True),
        "p_breach": found.p_breach if found.p_breach is not None else np.full(len(ids), np.nan),
    }
    for label, names, chances in (
        ("category", found.categories, found.category),
        ("team", found.teams, found.team),
        ("priority", found.priorities, found.priority),
    ):
        if chances is not None:
            best = chances.argmax(axis=1)
            table[label] = np.array(names, object)[best]
            table |= {f"p_{label}_{name}": chances[:, i] for i, name in enumerate(names)}
    hours, basis = handling_hours(found, len(ids))
    table |= {f"handling_hours_p{int(100 * q)}": hours[:, i] for i, q in enumerate(QUANTILES)}
    table["handling_basis"] = np.full(len(ids), basis, object)
    items = scored(ids, columns, found, policy).at(columns["detected_at"])
    table["score"] = ranking(items, policy, degraded=False).score
    return pd.DataFrame(table)


def handling_hours(found: Predictions, n: int) -> tuple[np.ndarray, str]:
    """Return (n, 3) quantiles in hours: of the touch time where it is recorded, else elapsed."""
    if found.touch_minutes is not None:
        return found.touch_minutes / 60, "touch"
    if found.resolve_mass is not None:
        return quantiles(found.resolve_mass), "elapsed"
    return np.full((n, 3), np.nan), "unknown"


def report(scoring: PeriodPredictions, triage: Triage) -> dict[str, object]:
    """Return the figures with 95 % intervals, and those of the baselines on the same rows."""
    detected = scoring.taken("detected_at")
    figures: dict[str, object] = {
        "model": triage.version,
        "exceptions": len(scoring.rows),
        "from": str(pd.to_datetime(detected.min(), unit="ms")),
        "to": str(pd.to_datetime(detected.max(), unit="ms")),
        "untrained": triage.untrained,
        "served_by": {label: model.verdict for label, model in triage.classes.items()},
    }
    figures["breach"] = _breach(scoring, triage)
    for label in triage.classes:
        figures[label] = _class(scoring, triage, label)
    figures["hours_to_resolve"] = _hours(scoring, triage)
    figures["touch_minutes"] = _touch(scoring, triage)
    return figures


def _breach(scoring: PeriodPredictions, triage: Triage) -> dict[str, object] | None:
    happened = scoring.known.labels.breached[scoring.rows]
    chance = scoring.predictions.p_breach
    if chance is None:
        return None
    seen = ~np.isnan(happened)
    if not seen.any():
        return {"labelled": 0}
    blocks = measures.day_blocks(scoring.taken("detected_at")[seen])
    n = int(seen.sum())
    rate = np.full(n, triage.harm.rate if triage.harm else np.nan)
    return {
        "labelled": n,
        "rate": float(happened[seen].mean()),
        "model": measures.figures(
            measures.binary_measures(chance[seen], happened[seen]), n, blocks
        ),
        "one rate for all": measures.figures(
            measures.binary_measures(rate, happened[seen]), n, blocks
        ),
    }


def _class(scoring: PeriodPredictions, triage: Triage, label: str) -> dict[str, object] | None:
    model, known = triage.classes[label], scoring.known
    chance = getattr(scoring.predictions, label)
    if label not in known.labels.classes:
        return None
    latest = known.labels.classes[label].at(known.tick, len(known.ids))[scoring.rows]
    named = np.array([name is not None for name in latest], bool)
    seen = unswayed(named, known.labels.hidden[scoring.rows])
    if not seen.any():
        return {"labelled": 0}
    truth, n = latest[seen], int(seen.sum())
    blocks = measures.day_blocks(scoring.taken("detected_at")[seen])
    code = codes(truth, model.names)
    found: dict[str, object] = {
        "labelled": n,
        "model": measures.figures(measures.class_measures(chance[seen], code), n, blocks),
    }
    for name, guess in _guesses(scoring, triage, label).items():
        right = (guess[seen] == truth).astype(float)
        found[name] = measures.figures(
            {"accuracy": lambda r, x=right: float(x[r].mean())}, n, blocks
        )
    return found


def _guesses(scoring: PeriodPredictions, triage: Triage, label: str) -> dict[str, np.ndarray]:
    """The honest guesses of a class: as given at first, and the most frequent of each column."""
    column = FIRST_COLUMNS[label]
    known, found = scoring.known, {}
    if column in known.columns:
        found[f"as given at first ({column})"] = scoring.taken(column)
    labels = known.labels.classes[label]
    past = labels.known_at < triage.trained_as_of
    for name in ("attributes.symptom", "reason_code", "type"):
        if name in known.columns:
            seen = pd.DataFrame(
                {"value": known.columns[name][labels.row[past]], "label": labels.name[past]}
            ).dropna()
            most = seen.groupby("value")["label"].agg(lambda x: x.value_counts().index[0])
            overall = seen["label"].mode().iloc[0] if len(seen) else None
            found[f"most frequent of {name}"] = np.array(
                [most.get(value, overall) for value in scoring.taken(name)], object
            )
    return found


def _hours(scoring: PeriodPredictions, triage: Triage) -> dict[str, object] | None:
    mass, known = scoring.predictions.resolve_mass, scoring.known
    if mass is None:
        return None
    hours = (known.labels.resolved_at - known.detected_at) / MS_PER_HOUR
    past = known.labels.resolved_known_at < triage.trained_as_of
    return _quantile_figures(scoring, quantiles(mass), hours, past)


def _touch(scoring: PeriodPredictions, triage: Triage) -> dict[str, object] | None:
    minutes = scoring.known.labels.touch_minutes
    if scoring.predictions.touch_minutes is None:
        return None
    past = scoring.known.labels.outcome_known(triage.trained_as_of)
    return _quantile_figures(scoring, scoring.predictions.touch_minutes, minutes, past)


def _quantile_figures(
    scoring: PeriodPredictions, predicted: np.ndarray, actual: np.ndarray, past: np.ndarray
) -> dict[str, object]:
    """Judge quantiles where the value came to be known, against those of what was known before."""
    seen = ~np.isnan(actual[scoring.rows])
    n = int(seen.sum())
    if not n:
        return {"labelled": 0}
    truth = np.maximum(actual[scoring.rows][seen], 0.0)
    constant = np.tile(np.nanquantile(np.maximum(actual[past], 0.0), QUANTILES), (n, 1))
    blocks = measures.day_blocks(scoring.taken("detected_at")[seen])
    return {
        "labelled": n,
        "model": measures.figures(
            measures.quantile_measures(predicted[seen], truth, QUANTILES), n, blocks
        ),
        "quantiles of all known before": measures.figures(
            measures.quantile_measures(constant, truth, QUANTILES), n, blocks
        ),
    }
