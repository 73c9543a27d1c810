"""What the models would have said of each exception, by rolling origins.

At each origin the models are fitted on what was known before it and rehearsed on the last weeks
before it; they then speak of the exceptions of the window after it, each as of its detection, their
past continued by what became known since. What a rehearsal shows to be no better than a constant is
not listened to: the policy's own value stands in its place (`queue_skill.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from data.domain import NotEnoughDataError
from data.history.history import END_OF_TIME, History
from data.policy.policy import Policy
from data.ticks import tick_of
from features.engine.feature_set import Columns
from models.ranking.pricing import price
from models.triage.labels import CATEGORY
from models.triage.predictions import Predictions
from training.queue_replay.rules.rules import PricedPredictions
from training.triage.dataset import TriageDataset
from training.triage.entity_selection import choose
from training.triage.evaluation import since_training
from training.triage.final_fit import fit_final
from training.triage.fit import prepare
from training.triage.rehearsal import rehearse
from training.triage.skill import SkillEvidence, evidence_of, measure_skill

Say = Callable[[str], None]
MOST_LEARNED = 40_000
"""Exceptions that a fit learns from, the newest: more of them gain little and cost minutes."""
_AT_ONCE = 50_000
_PRICED = ("detected_at", "due_at", "total", "type", "severity")
_HEARD = (CATEGORY.name, "p_breach", "curve", "touch_minutes")
URGENCY = {"critical": 0, "p1": 0, "high": 1, "p2": 1, "medium": 2, "p3": 2, "low": 3, "p4": 3}
"""What sources call the severity of an exception; the numbers 1 to 4 say it too."""


@dataclass(frozen=True)
class WindowPredictions:
    """What was said of the exceptions detected in one window; arrays of length k.

    Attributes:
        origin: Tick: nothing known at or after it was learned from.
        ids: Exception ids.
        columns: What the policy prices by.
        predictions: As of each one's detection; without any where too little was known to train.
        evidence: How the rehearsed models did on the weeks before; None where there are no models.
        learned_from: Exceptions that the models learned from.
    """

    origin: int
    ids: np.ndarray
    columns: Columns
    predictions: Predictions
    evidence: SkillEvidence | None
    learned_from: int

    def shuffled(self, random: np.random.Generator) -> "WindowPredictions":
        """Return the same with each exception given what was said of another: worthless models."""
        order = random.permutation(len(self.ids))
        evidence = self.evidence.shuffled(random) if self.evidence else None
        return replace(self, predictions=self.predictions.take(order), evidence=evidence)

    @property
    def heard(self) -> Predictions:
        """The predictions that have shown skill; those without any are left out."""
        if self.evidence is None:
            return Predictions()
        without = {name for name, figure in measure_skill(self.evidence).items() if not figure.has}
        return self.predictions.keeping(self.predictions.names - without)

    def opinions(self, policy: Policy) -> PricedPredictions:
        """Price by the policy what has skill."""
        heard, n = self.heard, len(self.ids)
        ours = price(self.ids, self.columns, heard, policy)
        likeliest = ours.loss
        if (category := heard.classes.get(CATEGORY.name)) is not None:
            certain = category._replace(probability=np.eye(len(category.names))[category.best])
            named = replace(heard, classes={CATEGORY.name: certain})
            likeliest = price(self.ids, self.columns, named, policy).loss
        chance = self.predictions.p_breach
        return PricedPredictions(
            due_at=ours.due_at,
            priority=urgency(self.columns["severity"]),
            p_breach=np.ones(n) if chance is None else chance,
            loss=ours.loss,
            loss_of_likeliest=likeliest,
            curve=ours.curve,
            touch_p50_minutes=ours.touch_p50_minutes,
            touch_p90_minutes=ours.touch_p90_minutes,
            waiting_cost_per_hour=ours.waiting_cost_per_hour,
        )

    @property
    def told(self) -> dict[str, Any]:
        """How it came about, as plain values."""
        skills = measure_skill(self.evidence) if self.evidence else {}
        return {
            "origin": str(pd.Timestamp(self.origin, unit="ms", tz="UTC")),
            "exceptions": len(self.ids),
            "learned_from": self.learned_from,
            "policy_only": not any(figure.has for figure in skills.values()),
            "skill": {name: figure.plain for name, figure in skills.items()},
        }


def said_by_origins(
    history: History, origins: Sequence[pd.Timestamp], begin: int, end: pd.Timestamp, say: Say
) -> list[WindowPredictions]:
    """Let the models speak, window by window.

    Args:
        history: The history.
        origins: Moments to fit at, in order; without any the policy alone speaks.
        begin: Tick from which exceptions are spoken of; those from before the first origin that are
            still waiting then are spoken of by its models.
        end: Nothing detected at or after it is spoken of.
        say: Told each step.
    """
    everything = TriageDataset.read(history, END_OF_TIME, kinds={})
    bounds = [begin, *(tick_of(origin) for origin in origins[1:]), tick_of(end)]
    if not origins:
        return [_silent(everything, (begin, bounds[-1]), begin)]
    found = []
    for number, origin in enumerate(origins):
        say(f"Fitting what was known on {origin:%Y-%m-%d}, {number + 1} of {len(origins)}")
        window = (bounds[number], bounds[number + 1])
        try:
            past = TriageDataset.read(history, origin, newest=MOST_LEARNED)
            found.append(_said(past, everything, window))
        except NotEnoughDataError:
            found.append(_silent(everything, window, tick_of(origin)))
    return found


def opinions_on(
    ids: np.ndarray, said: Sequence[WindowPredictions], policy: Policy
) -> PricedPredictions:
    """Return the opinions on some exceptions, in their order; each was spoken of in one window."""
    parts = [each.opinions(policy) for each in said]
    spoken = pd.Index(np.concatenate([each.ids for each in said]))
    row = spoken.get_indexer(pd.Index(ids))
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])[row]
        for name in vars(parts[0])
    }
    return PricedPredictions(**joined)


def urgency(severity: np.ndarray) -> np.ndarray:
    """Read severities as whole numbers, the most urgent first; the unknown stand in the middle."""
    known = URGENCY | {str(number + 1): number for number in range(4)}
    middle = known["medium"]
    return np.array([known.get(str(each).lower(), middle) for each in severity])


def _said(
    past: TriageDataset, everything: TriageDataset, window: tuple[int, int]
) -> WindowPredictions:
    prepared = prepare(past, *choose(past))
    rehearsal = rehearse(prepared, labels=(CATEGORY.name,))
    triage = fit_final(prepared, rehearsal)
    known = everything.read_by(triage.kinds)
    live = triage.with_recent(since_training(triage, known))
    rows, parts = _rows(known, window), []
    for part in np.array_split(rows, max(1, -(-len(rows) // _AT_ONCE))):
        columns = {name: column[part] for name, column in known.columns.items()}
        parts.append(_kept(live.predict(columns, columns["detected_at"])))
    evidence = evidence_of(prepared, rehearsal)
    said = (known.ids[rows], _priced(known, rows), Predictions.concatenate(parts), evidence)
    return WindowPredictions(past.tick, *said, len(past.ids))


def _silent(known: TriageDataset, window: tuple[int, int], origin: int) -> WindowPredictions:
    """Say nothing of the exceptions of a window: opinions of the policy alone."""
    rows = _rows(known, window)
    return WindowPredictions(origin, known.ids[rows], _priced(known, rows), Predictions(), None, 0)


def _rows(known: TriageDataset, window: tuple[int, int]) -> np.ndarray:
    begin, end = window
    return np.flatnonzero((known.detected_at >= begin) & (known.detected_at < end))


def _priced(known: TriageDataset, rows: np.ndarray) -> Columns:
    return {name: known.columns[name][rows] for name in _PRICED}


def _kept(found: Predictions) -> Predictions:
    """Keep only what the rules read: a year of a million exceptions must fit into memory."""
    return found.keeping(_HEARD)
