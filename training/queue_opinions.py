"""What the models would have said of each exception, by rolling origins.

At each origin the models are fitted on what was known before it and rehearsed on the last weeks
before it; they then speak of the exceptions of the window after it, each as of its detection, their
past continued by what became known since. What a rehearsal shows to be no better than a constant is
not listened to: the policy's own value stands in its place (`queue_skill.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from data.domain import NotEnoughDataError
from data.history import History
from data.policy import Policy
from features.feature_set import Columns
from models.scored import Predictions, Scored, scored
from training.choosing import choose
from training.evaluation import since_training
from training.final import fit_final
from training.fitting import prepare
from training.known import Known, tick_of
from training.queue_skill import Evidence, evidence_of, skilled, taken
from training.rehearsal import rehearse

Say = Callable[[str], None]
MOST_LEARNED = 40_000
"""Exceptions that a fit learns from, the newest: more of them gain little and cost minutes."""
_AT_ONCE = 50_000
_PRICED = ("detected_at", "due_at", "total", "type")
"""Columns that the policy prices by."""
_HEARD = ("categories", "category", "curve", "touch_minutes")
"""Predictions that the rule reads."""


@dataclass(frozen=True)
class Said:
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
    evidence: Evidence | None
    learned_from: int

    def shuffled(self, random: np.random.Generator) -> "Said":
        """Return the same with each exception given what was said of another: worthless models."""
        order = random.permutation(len(self.ids))
        evidence = self.evidence.shuffled(random) if self.evidence else None
        predictions = taken(self.predictions, order)
        return replace(self, predictions=predictions, evidence=evidence)

    def scored(self, policy: Policy) -> tuple[Scored, Scored]:
        """Price by the policy what has skill: over all categories, and by the likeliest alone."""
        heard = self.heard
        by_all = scored(self.ids, self.columns, heard, policy)
        if heard.category is None:
            return by_all, by_all
        certain = np.eye(len(heard.categories))[heard.category.argmax(axis=1)]
        likeliest = scored(self.ids, self.columns, replace(heard, category=certain), policy)
        return by_all, likeliest

    @property
    def heard(self) -> Predictions:
        """The predictions that have shown skill; those without any are left out."""
        if self.evidence is None:
            return Predictions()
        without = {name: None for name, figure in skilled(self.evidence).items() if not figure.has}
        return replace(self.predictions, **without)

    @property
    def told(self) -> dict[str, Any]:
        """How it came about, as plain values."""
        skills = skilled(self.evidence) if self.evidence else {}
        return {
            "origin": str(pd.Timestamp(self.origin, unit="ms", tz="UTC")),
            "exceptions": len(self.ids),
            "learned_from": self.learned_from,
            "policy_only": not any(figure.has for figure in skills.values()),
            "skill": {name: figure.plain for name, figure in skills.items()},
        }


def said_by_origins(
    history: History, origins: list[pd.Timestamp], begin: int, end: pd.Timestamp, say: Say
) -> list[Said]:
    """Let the models speak, window by window.

    Args:
        history: The history.
        origins: Moments to fit at, in order.
        begin: Tick from which exceptions are spoken of; those from before the first origin that are
            still waiting then are spoken of by its models.
        end: Nothing detected at or after it is spoken of.
        say: Told each step.

    Raises:
        NotEnoughDataError: Nothing was known before the end.
    """
    bounds = [begin, *(tick_of(origin) for origin in origins[1:]), tick_of(end)]
    found = []
    for number, origin in enumerate(origins):
        say(f"Models of {origin:%Y-%m-%d}, {number + 1} of {len(origins)}")
        until = min(pd.Timestamp(bounds[number + 1], unit="ms", tz="UTC"), end)
        found.append(_said(history, origin, (bounds[number], tick_of(until)), until))
    return found


def silent(history: History, begin: int, end: pd.Timestamp) -> list[Said]:
    """Say nothing of any exception: opinions of the policy alone.

    Raises:
        NotEnoughDataError: Nothing was known before the end.
    """
    known = Known.read(history, end, kinds={})
    rows = _rows(known, (begin, tick_of(end)))
    return [Said(begin, known.ids[rows], _priced(known, rows), Predictions(), None, 0)]


def _said(
    history: History, origin: pd.Timestamp, window: tuple[int, int], until: pd.Timestamp
) -> Said:
    try:
        past = Known.read(history, origin, newest=MOST_LEARNED)
        prepared = prepare(past, *choose(past))
        rehearsal = rehearse(prepared, labels=("category",))
    except NotEnoughDataError:
        return replace(silent(history, window[0], until)[0], origin=tick_of(origin))
    triage = fit_final(prepared, rehearsal)
    known = Known.read(history, until, triage.kinds)
    live = triage.with_recent(since_training(triage, known))
    rows = _rows(known, window)
    parts = []
    for part in np.array_split(rows, max(1, -(-len(rows) // _AT_ONCE))):
        columns = {name: column[part] for name, column in known.columns.items()}
        parts.append(_kept(live.predict(columns, columns["detected_at"])))
    evidence = evidence_of(prepared, rehearsal)
    said = (known.ids[rows], _priced(known, rows), _joined(parts), evidence)
    return Said(tick_of(origin), *said, len(past.ids))


def _rows(known: Known, window: tuple[int, int]) -> np.ndarray:
    begin, end = window
    return np.flatnonzero((known.detected_at >= begin) & (known.detected_at < end))


def _priced(known: Known, rows: np.ndarray) -> Columns:
    return {name: known.columns[name][rows] for name in _PRICED}


def _kept(found: Predictions) -> Predictions:
    """Keep only what the rule reads: a year of a million exceptions must fit into memory."""
    return Predictions(**{name: getattr(found, name) for name in _HEARD})


def _joined(parts: list[Predictions]) -> Predictions:
    arrays = [name for name, value in vars(parts[0]).items() if isinstance(value, np.ndarray)]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in arrays}
    return replace(parts[0], **joined)
