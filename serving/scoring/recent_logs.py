"""What the ledger learned since the champion's training: logs that its features go on with."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from data.contract.tables import ExceptionEvents, Exceptions, Outcomes
from data.domain import LabelOrigin
from data.ledger.ledger import Ledger, LedgerEvent
from features.engine.class_shares import LABEL
from features.engine.event_log import LogRows
from features.exceptions.logs import exception_logs
from models.triage.labels import PROMISED, past_log
from models.triage.triage import Triage
from serving.scoring.columns import columns_of
from serving.wire.exception_in import EXCEPTION, OURS, RESOLUTION, ExceptionIn, ResolutionIn

KINDS = ("created", "resolved", "closed", "reopened")
READ_AT_ONCE = 2_000


class RecentLogs:
    """Reads the ledger's events once each, and keeps of them what logs are made of.

    What the service raised itself is left out: triage was not trained on it.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._seq = 0
        self._exceptions_in: list[ExceptionIn] = []
        self._raised: list[tuple[str, int]] = []
        self._ours: set[str] = set()
        self._ends: dict[str, tuple[LedgerEvent, ResolutionIn | None]] = {}
        self._columns: list[dict[str, np.ndarray]] = []
        self._kinds: Mapping[str, str] = {}

    def read(self) -> bool:
        """Take in new events; return whether there were any."""
        before = self._seq
        while events := self._ledger.events_after(self._seq, KINDS, READ_AT_ONCE):
            for event in events:
                self._take(event)
            self._seq = events[-1].seq
        return self._seq > before

    def _take(self, event: LedgerEvent) -> None:
        if event.exception_id in self._ours or (event.kind == "created" and event.by == OURS):
            self._ours.add(event.exception_id)
        elif event.kind == "created":
            self._exceptions_in.append(EXCEPTION.validate_json(event.body or "{}"))
            self._raised.append((event.exception_id, max(event.occurred_at_ms, event.known_at_ms)))
        elif event.kind == "closed":
            self._ends.setdefault(event.exception_id, (event, None))
        elif event.kind == "reopened":
            self._ends.pop(event.exception_id, None)
        else:
            resolution = RESOLUTION.validate_json(event.body or "{}")
            self._ends[event.exception_id] = (event, resolution)

    def logs(self, triage: Triage) -> dict[str, LogRows]:
        """Return the rows that became known since a champion was trained, where there are any."""
        if not self._exceptions_in:
            return {}
        columns = self._columns_for(triage.kinds)
        ends = list(self._ends.values())
        resolved = [(event, resolution) for event, resolution in ends if resolution is not None]
        logs = exception_logs(
            columns, triage.entities, self._exceptions(), _steps(ends), _outcomes(resolved)
        )
        row_of = {exception_id: i for i, (exception_id, _) in enumerate(self._raised)}
        labels = _labels(triage, columns, resolved, row_of)
        since = {name: _since(rows, triage.trained_as_of) for name, rows in (logs | labels).items()}
        return {name: rows for name, rows in since.items() if len(rows.known_at)}

    def _columns_for(self, kinds: Mapping[str, str]) -> dict[str, np.ndarray]:
        if kinds != self._kinds:
            self._columns, self._kinds = [], dict(kinds)
        done = sum(len(part["detected_at"]) for part in self._columns)
        if done < len(self._exceptions_in):
            self._columns.append(columns_of(self._exceptions_in[done:], kinds))
        whole = {
            name: np.concatenate([part[name] for part in self._columns])
            for name in self._columns[0]
        }
        self._columns = [whole]
        return whole

    def _exceptions(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                Exceptions.exception_id: [exception_id for exception_id, _ in self._raised],
                Exceptions.known_at: _moments([tick for _, tick in self._raised]),
            }
        )


def _moments(ticks: Sequence[int]) -> pd.Series:
    return pd.Series(pd.to_datetime(np.array(ticks, np.int64), unit="ms", utc=True))


def _steps(ends: Sequence[tuple[LedgerEvent, Any]]) -> pd.DataFrame:
    """One step for each end. Who had it before is not told, so no team is named."""
    return pd.DataFrame(
        {
            ExceptionEvents.exception_id: [event.exception_id for event, _ in ends],
            ExceptionEvents.occurred_at: _moments([event.occurred_at_ms for event, _ in ends]),
            ExceptionEvents.known_at: _moments([event.known_at_ms for event, _ in ends]),
            ExceptionEvents.step: np.zeros(len(ends), np.int64),
            ExceptionEvents.event: pd.Series(["resolved"] * len(ends), dtype=object),
            ExceptionEvents.team: pd.Series([None] * len(ends), dtype=object),
        }
    )


def _outcomes(resolved: Sequence[tuple[LedgerEvent, ResolutionIn]]) -> pd.DataFrame:
    losses = [
        float(resolution.loss.amount) if resolution.loss else np.nan for _, resolution in resolved
    ]
    touch = [np.nan if t.touch_minutes is None else t.touch_minutes for _, t in resolved]
    return pd.DataFrame(
        {
            Outcomes.exception_id: [event.exception_id for event, _ in resolved],
            Outcomes.known_at: _moments([event.known_at_ms for event, _ in resolved]),
            Outcomes.breached: pd.array(
                [resolution.breached for _, resolution in resolved], dtype="boolean"
            ),
            Outcomes.touch_minutes: np.array(touch, np.float64),
            Outcomes.loss: np.array(losses, np.float64),
        }
    )


def _labels(
    triage: Triage,
    columns: Mapping[str, np.ndarray],
    resolved: Sequence[tuple[LedgerEvent, ResolutionIn]],
    row_of: Mapping[str, int],
) -> dict[str, LogRows]:
    """The categories and teams that people set, as the codes of the champion's classes."""
    logs = {}
    for label, origin in ((label.name, label.origin_column) for label in PROMISED):
        model = triage.classes.get(label)
        codes = {name: i for i, name in enumerate(model.names)} if model else {}
        labelled = [
            (row_of[event.exception_id], event.known_at_ms, codes[name])
            for event, resolution in resolved
            if (name := getattr(resolution, label)) in codes
            and event.exception_id in row_of
            and getattr(resolution, origin) is not LabelOrigin.AUTOMATIC
        ]
        if labelled:
            rows, ticks, values = (np.array(part, np.int64) for part in zip(*labelled, strict=True))
            keys = {entity.name: entity.key(columns)[rows] for entity in triage.entities}
            logs[past_log(label)] = LogRows(ticks, keys, {LABEL: values.astype(np.float64)})
    return logs


def _since(rows: LogRows, tick: int) -> LogRows:
    late = rows.known_at >= tick
    return LogRows(
        rows.known_at[late],
        {name: key[late] for name, key in rows.keys.items()},
        {name: value[late] for name, value in rows.values.items()},
    )
