"""Rolling-origin predictions: models fitted at each origin predict the window after it.

At an origin the models are fitted on what was known before it, and rehearsed on the last weeks
before it. They then predict the exceptions of the window after it, each as of its detection; the
logs that their features read go on with what became known since. A prediction whose rehearsal is
no better than a constant has no skill and is left out (`training.triage.rolling.skill`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data.domain import Json, NotEnoughDataError
from data.history.history import END_OF_TIME, History
from data.ticks import tick_of
from features.engine.feature_set import Columns
from models.triage.labels import CATEGORY
from models.triage.predictions import Predictions
from training.common.run import Progress
from training.triage.dataset import TriageDataset
from training.triage.entity_selection import choose
from training.triage.evaluation import since_training
from training.triage.final_fit import fit_final
from training.triage.fit import prepare
from training.triage.rehearsal import rehearse
from training.triage.rolling.skill import SkillEvidence, evidence_of, measure_skill

MAX_TRAINING_EXCEPTIONS = 40_000
"""Exceptions that a fit learns from, the newest: more of them gain little and cost minutes."""
_MAX_BATCH_ROWS = 50_000
_PRICING_COLUMNS = ("detected_at", "due_at", "total", "type", "severity")
_STORED_PREDICTIONS = (CATEGORY.name, "p_breach", "curve", "touch_minutes")


@dataclass(frozen=True)
class WindowPredictions:
    """Predictions of the k exceptions that were detected in one window.

    Attributes:
        origin: Tick: the models learned from nothing that became known at or after it.
        ids: k exception ids.
        columns: What the policy prices by, k rows.
        predictions: As of each one's detection; empty where too little was known to train.
        evidence: Rehearsed predictions of the weeks before; None where there are no models.
        learned_from: Number of exceptions that the models learned from.
    """

    origin: int
    ids: np.ndarray
    columns: Columns
    predictions: Predictions
    evidence: SkillEvidence | None
    learned_from: int

    def shuffled(self, random: np.random.Generator) -> "WindowPredictions":
        """Return worthless predictions: each exception gets those of another one."""
        order = random.permutation(len(self.ids))
        evidence = self.evidence.shuffled(random) if self.evidence else None
        return replace(self, predictions=self.predictions.take(order), evidence=evidence)

    @property
    def with_skill(self) -> Predictions:
        """The predictions that have shown skill, without the others."""
        if self.evidence is None:
            return Predictions()
        without = {name for name, skill in measure_skill(self.evidence).items() if not skill.has}
        return self.predictions.keeping(self.predictions.names - without)

    @property
    def summary(self) -> Json:
        """The origin, the numbers of exceptions and the skills, for a report."""
        skills = measure_skill(self.evidence) if self.evidence else {}
        return {
            "origin": str(pd.Timestamp(self.origin, unit="ms", tz="UTC")),
            "exceptions": len(self.ids),
            "learned_from": self.learned_from,
            "policy_only": not any(skill.has for skill in skills.values()),
            "skill": {name: skill.plain for name, skill in skills.items()},
        }


def predict_by_origins(
    history: History,
    origins: Sequence[pd.Timestamp],
    begin: int,
    end: pd.Timestamp,
    progress: Progress,
) -> list[WindowPredictions]:
    """Fit at each origin and predict the window after it.

    Args:
        history: The history.
        origins: Moments to fit at, in order. Without any, one window without models is returned.
        begin: Tick from which exceptions are predicted. Those of before the first origin that still
            wait then are predicted by its models.
        end: Nothing detected at or after it is predicted.
        progress: Receives a line at each step.
    """
    everything = TriageDataset.read(history, END_OF_TIME, kinds={})
    bounds = [begin, *(tick_of(origin) for origin in origins[1:]), tick_of(end)]
    if not origins:
        return [_without_models(everything, (begin, bounds[-1]), begin)]
    windows = []
    for number, origin in enumerate(origins):
        progress(f"Fitting what was known on {origin:%Y-%m-%d}, {number + 1} of {len(origins)}")
        window = (bounds[number], bounds[number + 1])
        try:
            past = TriageDataset.read(history, origin, newest=MAX_TRAINING_EXCEPTIONS)
            windows.append(_predict_window(past, everything, window))
        except NotEnoughDataError:
            windows.append(_without_models(everything, window, tick_of(origin)))
    return windows


def _predict_window(
    past: TriageDataset, everything: TriageDataset, window: tuple[int, int]
) -> WindowPredictions:
    prepared = prepare(past, *choose(past))
    rehearsal = rehearse(prepared, labels=(CATEGORY.name,))
    triage = fit_final(prepared, rehearsal)
    dataset = everything.read_by(triage.kinds)
    live = triage.with_recent(since_training(triage, dataset))
    rows, parts = _rows(dataset, window), []
    for part in np.array_split(rows, max(1, -(-len(rows) // _MAX_BATCH_ROWS))):
        columns = {name: column[part] for name, column in dataset.columns.items()}
        parts.append(_stored(live.predict(columns, columns["detected_at"])))
    return WindowPredictions(
        origin=past.tick,
        ids=dataset.ids[rows],
        columns=_pricing_columns(dataset, rows),
        predictions=Predictions.concatenate(parts),
        evidence=evidence_of(prepared, rehearsal),
        learned_from=len(past.ids),
    )


def _without_models(
    dataset: TriageDataset, window: tuple[int, int], origin: int
) -> WindowPredictions:
    """Return the exceptions of a window without predictions: the policy prices them alone."""
    rows = _rows(dataset, window)
    return WindowPredictions(
        origin=origin,
        ids=dataset.ids[rows],
        columns=_pricing_columns(dataset, rows),
        predictions=Predictions(),
        evidence=None,
        learned_from=0,
    )


def _rows(dataset: TriageDataset, window: tuple[int, int]) -> np.ndarray:
    begin, end = window
    return np.flatnonzero((dataset.detected_at >= begin) & (dataset.detected_at < end))


def _pricing_columns(dataset: TriageDataset, rows: np.ndarray) -> Columns:
    return {name: dataset.columns[name][rows] for name in _PRICING_COLUMNS}


def _stored(predictions: Predictions) -> Predictions:
    """Drop what the rules do not read: a year of a million exceptions must fit into memory."""
    return predictions.keeping(_STORED_PREDICTIONS)
