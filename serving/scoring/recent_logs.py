"""Logs of what the ledger recorded since the champion's training; its features continue with them.

An outcome is read as the ledger stores it, and its table has the columns of the contract: a value
of a log is the same as after an export and an import.
"""

import math
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
from data.policy.exchange_rates import NO_QUOTES, ExchangeRates
from data.policy.policy import Policy
from data.ticks import is_of_calendar
from features.engine.class_shares import LABEL
from features.engine.event_log import LogRows
from features.engine.products import NO_PRODUCTS
from features.exceptions.logs import exception_logs
from models.triage.labels import PROMISED, past_log
from models.triage.triage import Triage
from serving.scoring.amounts import rates_for
from serving.scoring.columns import columns_of
from serving.wire.exception_in import OURS, ExceptionIn
from serving.wire.stored_exception import UnreadableRowError, reading, stored_exception

KINDS = ("created", "resolved", "closed", "reopened")
EVENTS_PER_READ = 2_000
_SCHEMA = arrow_schema("outcomes")


class _Raised(NamedTuple):
    """An exception that a source raised.

    Attributes:
        exception_id: Its id in the ledger.
        known_at: The tick from which it counts.
    """

    exception_id: str
    known_at: int


class _End(NamedTuple):
    """The event that ended an exception, with its outcome; None if none was recorded."""

    event: LedgerEvent
    outcome: OutcomeRecord | None


class RecentLogs:
    """Reads each event of the ledger once, and keeps what the logs are made of.

    Exceptions that the service raised itself are left out: triage was not trained on them. So are
    those that can't be read.
    """

    def __init__(self, ledger: Ledger, policy: Policy) -> None:
        self._ledger, self._policy = ledger, policy
        self._seq = 0
        self._payloads: list[ExceptionIn] = []
        self._raised: list[_Raised] = []
        self._left_out: set[str] = set()
        self._ends: dict[str, _End] = {}
        self._columns: list[dict[str, np.ndarray]] = []
        self._kinds: Mapping[str, str] = {}
        self._products, self._quotes = NO_PRODUCTS, NO_QUOTES

    def read(self) -> bool:
        """Take in new events; return whether there were any."""
        before = self._seq
        while events := self._ledger.events_after(self._seq, KINDS, EVENTS_PER_READ):
            outcomes = self._ledger.outcomes({event.exception_id for event in events})
            for event in events:
                self._take(event, _readable(outcomes.get(event.exception_id)))
            self._seq = events[-1].seq
        return self._seq > before

    def _take(self, event: LedgerEvent, outcome: OutcomeRecord | None) -> None:
        exception_id = event.exception_id
        if exception_id in self._left_out or (event.kind == "created" and event.by == OURS):
            self._left_out.add(exception_id)
        elif event.kind == "created":
            try:
                with reading(exception_id):
                    _check_moments(event.occurred_at_ms, event.known_at_ms)
                payload = stored_exception(exception_id, event.body or "{}")
            except UnreadableRowError:
                self._left_out.add(exception_id)
                return
            known_at = max(event.occurred_at_ms, event.known_at_ms)
            self._payloads.append(payload)
            self._raised.append(_Raised(exception_id, known_at))
        elif not is_of_calendar(event.occurred_at_ms) or not is_of_calendar(event.known_at_ms):
            self._left_out.add(exception_id)
        elif event.kind == "closed":
            self._ends.setdefault(exception_id, _End(event, outcome))
        elif event.kind == "reopened":
            self._ends.pop(exception_id, None)
        else:
            self._ends[exception_id] = _End(event, outcome)

    def logs(self, triage: Triage) -> dict[str, LogRows]:
        """Return the rows that became known since a champion was trained, where there are any."""
        if not self._raised:
            return {}
        rates = rates_for(self._policy, triage)
        columns = self._columns_for(triage, rates)
        events = [end.event for end in self._ends.values()]
        outcomes = [end.outcome for end in self._ends.values() if end.outcome is not None]
        logs = exception_logs(
            columns=columns,
            entities=triage.entities,
            exceptions=self._exceptions(),
            events=_steps(events),
            outcomes=_outcomes(outcomes, rates),
        )
        rows = {raised.exception_id: row for row, raised in enumerate(self._raised)}
        labels = _labels(triage, columns, outcomes, rows)
        since = {name: _since(rows, triage.trained_as_of) for name, rows in (logs | labels).items()}
        return {name: rows for name, rows in since.items() if len(rows.known_at)}

    def _columns_for(self, triage: Triage, rates: ExchangeRates) -> dict[str, np.ndarray]:
        is_read_alike = triage.products is self._products and triage.quotes is self._quotes
        if triage.kinds != self._kinds or not is_read_alike:
            self._columns, self._kinds = [], dict(triage.kinds)
            self._products, self._quotes = triage.products, triage.quotes
        done = sum(len(part["detected_at"]) for part in self._columns)
        if done < len(self._payloads):
            unread = self._payloads[done:]
            self._columns.append(columns_of(unread, self._kinds, self._products, rates))
        whole = {
            name: np.concatenate([part[name] for part in self._columns])
            for name in self._columns[0]
        }
        self._columns = [whole]
        return whole

    def _exceptions(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                Exceptions.exception_id: [raised.exception_id for raised in self._raised],
                Exceptions.known_at: _moments([raised.known_at for raised in self._raised]),
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


def _steps(events: Sequence[LedgerEvent]) -> pd.DataFrame:
    """One step for each end. The team before it is not recorded, so no team is named."""
    return pd.DataFrame(
        {
            ExceptionEvents.exception_id: [event.exception_id for event in events],
            ExceptionEvents.occurred_at: _moments([event.occurred_at_ms for event in events]),
            ExceptionEvents.known_at: _moments([event.known_at_ms for event in events]),
            ExceptionEvents.step: np.zeros(len(events), np.int64),
            ExceptionEvents.event: pd.Series(["resolved"] * len(events), dtype=object),
            ExceptionEvents.team: pd.Series([None] * len(events), dtype=object),
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


def _since(rows: LogRows, tick: int) -> LogRows:
    late = rows.known_at >= tick
    return LogRows(
        rows.known_at[late],
        {name: key[late] for name, key in rows.keys.items()},
        {name: value[late] for name, value in rows.values.items()},
    )
