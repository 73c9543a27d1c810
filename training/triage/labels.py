"""Labels of exceptions as of a moment. A label counts only after it was recorded.

A class that was set automatically is no label: no person checked it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from data.contract.exception_tables import ExceptionEvents, Exceptions, Outcomes
from data.domain import LabelOrigin
from data.ticks import ceil_ticks, floor_ticks
from training.triage.breach.breaches import Resolutions, read_breaches
from training.triage.class_labels import ClassLabels, class_labels, label_origins

MIN_HIDDEN_LABELS = 400


class Trust(NamedTuple):
    """Training weight of a label by its origin; a label that a person typed has weight 1.

    Attributes:
        accepted: It accepted a suggestion.
        automatic: A model set it and no person checked it.
    """

    accepted: float = 1.0
    automatic: float = 0.0


PEOPLE = Trust()


class TrainingLabels(NamedTuple):
    """Labels of n exceptions to learn from.

    Attributes:
        names: Classes, None where no label counts.
        trust: Weights, 0 to 1.
    """

    names: np.ndarray
    trust: np.ndarray


@dataclass(frozen=True)
class Labels:
    """Outcomes of exceptions, with the ticks at which they were recorded; arrays by position.

    Attributes:
        classes: By label, those that the history records, as people set them.
        automatic: By label, as a model set it without a check.
        accepted: By label with an origin, whether it accepted a suggestion.
        hidden: Whether people set the labels without seeing a suggestion.
        resolved_at: Tick of the latest resolution known before `as_of`, NaN while open.
        resolved_known_at: Tick at which that became known, NaN while open.
        ended_known_at: Tick at which the outcome became known, NaN before.
        breached: 1, 0, or NaN where not known: as recorded, else by resolution and deadline.
        breached_known_at: Tick at which that became known, NaN before.
        touch_minutes: NaN where not known, and where nobody worked on it: no time is none to learn.
        loss: NaN where not known.
    """

    classes: dict[str, ClassLabels]
    automatic: dict[str, ClassLabels]
    accepted: dict[str, np.ndarray]
    hidden: np.ndarray
    resolved_at: np.ndarray
    resolved_known_at: np.ndarray
    ended_known_at: np.ndarray
    breached: np.ndarray
    breached_known_at: np.ndarray
    touch_minutes: np.ndarray
    loss: np.ndarray

    def training_labels(self, label: str, tick: int, trust: Trust) -> TrainingLabels:
        """Return the class to learn of each exception, None where none counts, and its trust.

        What people set goes before what was set automatically.

        Args:
            label: Name of the label.
            tick: Only what was known before it counts.
            trust: How much a label counts that nobody typed.
        """
        n = len(self.hidden)
        names, trusted = np.full(n, None, object), np.ones(n)
        accepted = self.accepted.get(label, np.zeros(n, bool))
        for labels, weight in (
            (self.automatic.get(label), np.full(n, trust.automatic)),
            (self.classes.get(label), np.where(accepted, trust.accepted, 1.0)),
        ):
            if labels is not None:
                latest = labels.at(tick, n)
                has_label = np.array([name is not None for name in latest])
                names[has_label], trusted[has_label] = latest[has_label], weight[has_label]
        names[trusted == 0] = None
        return TrainingLabels(names, trusted)

    def breach_known(self, tick: int) -> np.ndarray:
        """Return a mask of the exceptions of which it was known before a tick if breached."""
        return ~np.isnan(self.breached) & (self.breached_known_at < tick)

    def outcome_known(self, tick: int) -> np.ndarray:
        """Return a mask of the exceptions whose outcome was recorded before a tick."""
        return self.ended_known_at < tick


def read_labels(exceptions: pd.DataFrame, events: pd.DataFrame, outcomes: pd.DataFrame) -> Labels:
    """Read the labels of exceptions from rows that were all known before some moment.

    A resolution counts from its own event where the history has events, else from the outcome.
    """
    n = len(exceptions)
    position = pd.Series(np.arange(n), index=exceptions[Exceptions.exception_id])
    ended = outcomes[outcomes[Outcomes.exception_id].isin(position.index)]
    row = position.loc[ended[Outcomes.exception_id]].to_numpy()
    ended = ended.assign(row=row, known=ceil_ticks(ended[Outcomes.known_at]))
    steps = events[events[ExceptionEvents.exception_id].isin(position.index)]
    steps = steps.assign(
        row=position.loc[steps[ExceptionEvents.exception_id]].to_numpy(),
        known=ceil_ticks(steps[ExceptionEvents.known_at]),
    ).sort_values(["known", ExceptionEvents.step], kind="stable")
    solved = steps[steps[ExceptionEvents.event] == "resolved"]
    resolved_at, resolved_known_at = _resolved(n, steps, ended)
    origins = label_origins(n, ended)
    classes, automatic = class_labels(solved, ended, origins)
    ended_known_at = _spread(n, row, ended["known"].to_numpy(np.float64))
    breaches = read_breaches(
        recorded=_spread(n, row, ended[Outcomes.breached].to_numpy(np.float64, na_value=np.nan)),
        recorded_known_at=ended_known_at,
        due_at=_moments(exceptions[Exceptions.due_at]),
        resolutions=Resolutions(resolved_at, resolved_known_at),
        until=_last_known(exceptions, steps, ended),
    )
    hidden = ended[Outcomes.suggestion_hidden].to_numpy(np.float64, na_value=0.0)
    return Labels(
        classes=classes,
        automatic=automatic,
        accepted={label: origin == LabelOrigin.ACCEPTED for label, origin in origins.items()},
        hidden=_spread(n, row, hidden) == 1,
        resolved_at=resolved_at,
        resolved_known_at=resolved_known_at,
        ended_known_at=ended_known_at,
        breached=breaches.breached,
        breached_known_at=breaches.known_at,
        touch_minutes=_spread(n, row, _worked(ended[Outcomes.touch_minutes])),
        loss=_spread(n, row, ended[Outcomes.loss].to_numpy(np.float64)),
    )


def unswayed(has_label: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Choose labels to evaluate on: those set without a visible suggestion, if there are enough.

    People tend to accept a suggestion that they see, which makes a model look better than it is.

    Args:
        has_label: Whether people set the label.
        hidden: Whether they did so without a suggestion in view.
    """
    alone = has_label & hidden
    return alone if alone.sum() >= MIN_HIDDEN_LABELS else has_label


def _resolved(n: int, steps: pd.DataFrame, ended: pd.DataFrame) -> Resolutions:
    """Return the tick of each resolution, and the tick at which it became known; NaN while open."""
    row = ended["row"].to_numpy()
    moments = _spread(n, row, _moments(ended[Outcomes.resolved_at]))
    known_at = np.where(np.isnan(moments), np.nan, _spread(n, row, ended["known"].to_numpy(float)))
    ends = steps[steps[ExceptionEvents.event].isin(["resolved", "reopened"])]
    last = ends.groupby("row").last()
    rows, solved = last.index.to_numpy(), (last[ExceptionEvents.event] == "resolved").to_numpy()
    moments[rows] = np.where(solved, _moments(last[ExceptionEvents.occurred_at]), np.nan)
    known_at[rows] = np.where(solved, last["known"].to_numpy(float), np.nan)
    return Resolutions(moments, known_at)


def _worked(minutes: pd.Series) -> np.ndarray:
    """Return touch minutes; 0 becomes NaN, for it says that a case went away by itself."""
    return minutes.where(minutes > 0).to_numpy(np.float64)


def _moments(times: pd.Series) -> np.ndarray:
    return np.where(times.isna(), np.nan, floor_ticks(times).astype(np.float64))


def _last_known(exceptions: pd.DataFrame, steps: pd.DataFrame, ended: pd.DataFrame) -> float:
    """Return the last tick at which anything became known: the record reaches so far."""
    raised = ceil_ticks(exceptions[Exceptions.known_at])
    return max(
        float(ticks.max()) for ticks in (raised, steps["known"], ended["known"]) if len(ticks)
    )


def _spread(n: int, row: np.ndarray, values: np.ndarray) -> np.ndarray:
    spread = np.full(n, np.nan)
    spread[row] = values
    return spread
