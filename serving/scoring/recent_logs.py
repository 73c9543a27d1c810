"""Logs of what the ledger recorded since the champion's training; its features continue with them.

An outcome is read as the ledger stores it, and its table has the columns of the contract: a value
of a log is the same as after an export and an import.
"""

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from data.contract.conversion import arrow_schema, to_frame
from data.contract.exception_tables import ExceptionEvents, Exceptions, Outcomes
from data.domain import MAX_MINUTES, LabelOrigin
from data.ledger.ledger import Ledger, LedgerEvent, OutcomeRecord
from data.policy.exchange_rates import ExchangeRates
from data.policy.policy import Policy
from data.ticks import is_of_calendar
from features.engine.class_shares import LABEL
from features.engine.event_log import LogRows
from features.exceptions.logs import exception_logs
from models.triage.labels import PROMISED, past_log
from models.triage.triage import Triage
from serving.scoring.amounts import rates_for
from serving.scoring.recent_columns import RecentColumns
from serving.wire.exception_in import OURS, ExceptionIn
from serving.wire.stored_exception import UnreadableRowError, reading, stored_exception

KINDS = ("created", "resolved", "closed", "reopened")
EVENTS_PER_READ = 2_000
_SCHEMA = arrow_schema("outcomes")


class _End(NamedTuple):
    """End of an exception.

    Attributes:
        occurred_at_ms: Tick at which it ended.
        known_at_ms: Tick at which that was recorded.
        outcome: None if none was recorded.
    """

    occurred_at_ms: int
    known_at_ms: int
    outcome: OutcomeRecord | None


class RecentLogs:
    """Reads each event of the ledger once, and keeps what the logs are made of.

    A payload is read as columns at once and let go: as objects 100,000 would be a gigabyte. A
    champion that reads other columns has the ledger read anew.

    Exceptions that the service raised itself are left out: triage was not trained on them. So are
    those that can't be read.
    """

    def __init__(self, ledger: Ledger, policy: Policy) -> None:
        self._ledger, self._policy = ledger, policy
        self._columns: RecentColumns | None = None
        self._begin()

    def _begin(self) -> None:
        """Forget what was read."""
        self._seq = 0
        self._ids: list[str] = []
        self._raised_at = array("q")
        self._left_out: set[str] = set()
        self._ends: dict[str, _End] = {}

    def read(self, triage: Triage) -> bool:
        """Take in new events as a champion reads them; return whether there were any."""
        columns, self._columns = self._columns, None  # a read that fails begins anew
        if columns is None or not columns.is_read_alike(triage):
            self._begin()
            columns = RecentColumns(triage)
        before, rates = self._seq, rates_for(self._policy, triage)
        while events := self._ledger.events_after(self._seq, KINDS, EVENTS_PER_READ):
            ended = {event.exception_id for event in events if event.kind != "created"}
            outcomes = self._ledger.outcomes(ended)
            taken = [self._take(event, outcomes.get(event.exception_id)) for event in events]
            columns.append([payload for payload in taken if payload is not None], rates)
            self._seq = events[-1].seq
        self._columns = columns
        return self._seq > before

    def _take(self, event: LedgerEvent, outcome: OutcomeRecord | None) -> ExceptionIn | None:
        """Take in one event; return the payload of an exception that counts from now on."""
        exception_id = event.exception_id
        if exception_id in self._left_out or (event.kind == "created" and event.by == OURS):
            self._left_out.add(exception_id)
        elif event.kind == "created":
            return self._created(event)
        elif not is_of_calendar(event.occurred_at_ms) or not is_of_calendar(event.known_at_ms):
            self._left_out.add(exception_id)
        elif event.kind == "reopened":
            self._ends.pop(exception_id, None)
        elif event.kind == "resolved" or exception_id not in self._ends:
            end = _End(event.occurred_at_ms, event.known_at_ms, _readable(outcome))
            self._ends[exception_id] = end
        return None

    def _created(self, event: LedgerEvent) -> ExceptionIn | None:
        try:
            with reading(event.exception_id):
                _check_moments(event.occurred_at_ms, event.known_at_ms)
            payload = stored_exception(event.exception_id, event.body or "{}")
        except UnreadableRowError:
            self._left_out.add(event.exception_id)
            return None
        self._ids.append(event.exception_id)
        self._raised_at.append(max(event.occurred_at_ms, event.known_at_ms))
        return payload

    def logs(self, triage: Triage) -> dict[str, LogRows]:
        """Return the rows that became known since a champion was trained, where there are any.

        Args:
            triage: The champion by which the events were read.
        """
        if self._columns is None or not self._ids:
            return {}
        ends = self._ends
        outcomes = [end.outcome for end in ends.values() if end.outcome is not None]
        logs = exception_logs(
            columns=self._columns,
            entities=triage.entities,
            exceptions=self._exceptions(),
            events=_steps(ends),
            outcomes=_outcomes(outcomes, rates_for(self._policy, triage)),
        )
        rows = {exception_id: row for row, exception_id in enumerate(self._ids)}
        labels = _labels(triage, self._columns, outcomes, rows)
        since = {
            name: rows.known_from(triage.trained_as_of) for name, rows in (logs | labels).items()
        }
        return {name: rows for name, rows in since.items() if len(rows.known_at)}

    def _exceptions(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                Exceptions.exception_id: self._ids,
                Exceptions.known_at: _moments(self._raised_at),
            }
        )


def _readable(outcome: OutcomeRecord | None) -> OutcomeRecord | None:
    """Return an outcome without a loss and minutes that are no amounts; None for no moment."""
    if outcome is None:
        return None
    try:
        with reading(outcome.exception_id):
            _check_moments(outcome.known_at_ms, outcome.resolved_at_ms)
    except UnreadableRowError:
        return None
    if outcome.touch_minutes is not None and not 0 <= outcome.touch_minutes <= MAX_MINUTES:
        outcome = replace(outcome, touch_minutes=None)
    try:
        with reading(outcome.exception_id):
            float(outcome.loss_amount or 0)
    except UnreadableRowError:
        return replace(outcome, loss_amount=None)
    return outcome


def _check_moments(*ticks: int) -> None:
    if not all(map(is_of_calendar, ticks)):
        raise ValueError("a moment is beyond the calendar")


def _outcomes(outcomes: Sequence[OutcomeRecord], rates: ExchangeRates) -> pd.DataFrame:
    """Return the table `Outcomes`; a column that the ledger does not hold is empty."""
    values = {
        Outcomes.known_at: _ticks([outcome.known_at_ms for outcome in outcomes]),
        Outcomes.resolved_at: _ticks([outcome.resolved_at_ms for outcome in outcomes]),
        Outcomes.loss: pa.array([_loss(outcome, rates) for outcome in outcomes], pa.float64()),
    }
    stored = OutcomeRecord.__dataclass_fields__
    columns = [
        values[name].cast(_SCHEMA.field(name).type)
        if name in values
        else pa.array(
            [getattr(outcome, name) if name in stored else None for outcome in outcomes],
            _SCHEMA.field(name).type,
        )
        for name in _SCHEMA.names
    ]
    return to_frame(pa.table(columns, schema=_SCHEMA))


def _ticks(ticks: Sequence[int]) -> pa.Array:
    return pa.array(ticks, pa.timestamp("ms", tz="UTC"))


def _loss(outcome: OutcomeRecord, rates: ExchangeRates) -> float | None:
    """Return the loss in the company's currency, as `data/sql/money/outcomes.sql` reads it."""
    if outcome.loss_amount is None:
        return None
    tick = outcome.known_at_ms if outcome.resolved_at_ms is None else outcome.resolved_at_ms
    try:
        worth = float(outcome.loss_amount) * rates.factor(outcome.loss_currency, tick)
    except ValueError:  # a ledger that was damaged: the other outcomes count
        return None
    return worth if math.isfinite(worth) else None


def _moments(ticks: Sequence[int]) -> pd.Series:
    return pd.Series(pd.to_datetime(np.array(ticks, np.int64), unit="ms", utc=True))


def _steps(ends: Mapping[str, _End]) -> pd.DataFrame:
    """One step for each end. The team before it is not recorded, so no team is named."""
    return pd.DataFrame(
        {
            ExceptionEvents.exception_id: list(ends),
            ExceptionEvents.occurred_at: _moments([end.occurred_at_ms for end in ends.values()]),
            ExceptionEvents.known_at: _moments([end.known_at_ms for end in ends.values()]),
            ExceptionEvents.step: np.zeros(len(ends), np.int64),
            ExceptionEvents.event: pd.Series(["resolved"] * len(ends), dtype=object),
            ExceptionEvents.team: pd.Series([None] * len(ends), dtype=object),
        }
    )


def _labels(
    triage: Triage,
    columns: Mapping[str, np.ndarray],
    outcomes: Sequence[OutcomeRecord],
    row_of: Mapping[str, int],
) -> dict[str, LogRows]:
    """The categories and teams that people set, as the codes of the champion's classes."""
    logs = {}
    for label in PROMISED:
        model = triage.classes.get(label.name)
        codes = {name: i for i, name in enumerate(model.names)} if model else {}
        set_by_people = [
            (row_of[outcome.exception_id], outcome.known_at_ms, codes[name])
            for outcome in outcomes
            if (name := getattr(outcome, label.name)) in codes
            and outcome.exception_id in row_of
            and getattr(outcome, label.origin_column) != LabelOrigin.AUTOMATIC
        ]
        if set_by_people:
            rows, ticks, values = (
                np.array(part, np.int64) for part in zip(*set_by_people, strict=True)
            )
            keys = {entity.name: entity.key(columns)[rows] for entity in triage.entities}
            log = LogRows(ticks, keys, {LABEL: values.astype(np.float64)})
            logs[past_log(label.name)] = log
    return logs
