"""Export of the ledger: exceptions and their outcomes as files of the source `expedite`.

Two Parquet files: `exceptions` holds each exception as first sent, with its outcome; `steps` the
events in between. The queries in `data/sources/expedite` make tables of the contract
of them. What the service raised itself is left out: triage does not learn from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import ColumnElement, Connection, Select, and_, literal, null, select

from data.contract.reading import rfc3339_text
from data.domain import BadInputError, type_word
from data.ledger.ledger import Ledger
from data.ledger.tables import CLAIMS, EVENTS, EXCEPTIONS, OUTCOMES
from data.ticks import is_of_calendar

OWN_SOURCE = "expedite"
ROWS_PER_BATCH = 10_000
_TIME = pa.timestamp("ms", tz="UTC")
_SCHEMAS = {
    "exceptions": pa.schema(
        {
            "exception_id": pa.string(), "source": pa.string(), "external_id": pa.string(),
            "type": pa.string(), "known_at": _TIME, "told": pa.string(),
            "outcome_known_at": _TIME, "resolved_at": _TIME,
            "category": pa.string(), "label_origin": pa.string(),
            "suggestion_hidden": pa.bool_(), "team": pa.string(), "team_origin": pa.string(),
            "touch_minutes": pa.float64(), "breached": pa.bool_(),
            "loss_amount": pa.string(), "loss_currency": pa.string(),
        }
    ),
    "steps": pa.schema(
        {
            "exception_id": pa.string(), "step": pa.int64(), "kind": pa.string(),
            "occurred_at": _TIME, "known_at": _TIME, "by": pa.string(), "team": pa.string(),
        }
    ),
}  # fmt: skip
_MOMENTS = {field.name for schema in _SCHEMAS.values() for field in schema if field.type == _TIME}
_CLOSING_KINDS = ("resolved", "closed", "reopened")


@dataclass(frozen=True)
class ExportCounts:
    """Rows that were written."""

    exceptions: int
    steps: int
    unreadable: int


def export_ledger(
    ledger: Ledger, into: Path, *, begin: int | None, end: int | None
) -> ExportCounts:
    """Write the exceptions received between two moments, as recorded by the second.

    Args:
        ledger: The service's.
        into: A folder; files of an earlier export in it are replaced.
        begin: Tick; None for all.
        end: Tick; None for all.

    Raises:
        BadInputError: No exceptions were received.
    """
    into.mkdir(parents=True, exist_ok=True)
    with ledger.reading() as connection:
        received, unreadable = _received_between(begin, end), set[str]()
        rows = _exceptions(connection, received, end, unreadable)
        exceptions = _write(into, "exceptions", rows)
        if not exceptions:
            cure = "Choose other moments, or another EXPEDITE_DATABASE_URL."
            raise BadInputError("the ledger", "no exceptions were received then", cure)
        steps = _write(into, "steps", _steps(connection, received, end, unreadable))
        return ExportCounts(exceptions, steps, len(unreadable))


def _write(into: Path, name: str, rows: Iterator[dict[str, Any]]) -> int:
    """Write a file under another name first, so that a whole one is there or none."""
    count, part, schema = 0, into / f".{name}.part", _SCHEMAS[name]
    with pq.ParquetWriter(part, schema, compression="zstd") as writer:
        while batch := [row for row, _ in zip(rows, range(ROWS_PER_BATCH), strict=False)]:
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))
            count += len(batch)
    part.rename(into / f"{name}.parquet")
    return count


def _received_between(begin: int | None, end: int | None) -> ColumnElement[bool]:
    """Condition on an event: it created an exception of another source than our own, in between."""
    conditions = [EVENTS.c.kind == "created", EXCEPTIONS.c.source != OWN_SOURCE]
    if begin is not None:
        conditions.append(EVENTS.c.known_at_ms >= begin)
    if end is not None:
        conditions.append(EVENTS.c.known_at_ms < end)
    return and_(*conditions)


def _rows(connection: Connection, query: Select[*tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    streamed = connection.execution_options(yield_per=ROWS_PER_BATCH).execute(query)
    return (_within_calendar(dict(row)) for row in streamed.mappings())


def _within_calendar(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without the moments that no history can hold."""
    for name in _MOMENTS & row.keys():
        if row[name] is not None and not is_of_calendar(row[name]):
            row[name] = None
    return row


def _exceptions(
    connection: Connection, received: ColumnElement[bool], end: int | None, unreadable: set[str]
) -> Iterator[dict[str, Any]]:
    """Yield the exceptions; the id of one that can't be read goes to `unreadable`."""
    ended = OUTCOMES.c.exception_id == EXCEPTIONS.c.id
    if end is not None:
        ended = and_(ended, OUTCOMES.c.known_at_ms < end)
    outcome_columns = ("category", "label_origin", "suggestion_hidden", "team", "team_origin",
            "touch_minutes", "breached", "loss_amount", "loss_currency")  # fmt: skip
    query = (
        select(
            EXCEPTIONS.c.id.label("exception_id"),
            EXCEPTIONS.c.source,
            EXCEPTIONS.c.external_id,
            EVENTS.c.known_at_ms.label("known_at"),
            EVENTS.c.body.label("told"),
            OUTCOMES.c.known_at_ms.label("outcome_known_at"),
            OUTCOMES.c.resolved_at_ms.label("resolved_at"),
            *(OUTCOMES.c[name] for name in outcome_columns),
        )
        .select_from(EVENTS)
        .join(EXCEPTIONS, EXCEPTIONS.c.id == EVENTS.c.exception_id)
        .outerjoin(OUTCOMES, ended)
        .where(received)
        .order_by(EVENTS.c.seq)
    )
    for row in _rows(connection, query):
        payload = _object(row["told"])
        if row["known_at"] is None or rfc3339_text(str(payload.get("detected_at"))) is None:
            unreadable.add(row["exception_id"])
            continue
        names = [payload.get("type"), payload.get("source_value")]
        own, source_value = (name if isinstance(name, str) else None for name in names)
        yield row | {"type": type_word(own, source_value)}


def _steps(
    connection: Connection, received: ColumnElement[bool], end: int | None, unreadable: set[str]
) -> Iterator[dict[str, Any]]:
    """Yield the events and the claims of the exported exceptions."""
    exception_ids = (
        select(EVENTS.c.exception_id)
        .join(EXCEPTIONS, EXCEPTIONS.c.id == EVENTS.c.exception_id)
        .where(received)
    )
    events = select(
        EVENTS.c.exception_id,
        EVENTS.c.seq.label("step"),
        EVENTS.c.kind,
        EVENTS.c.occurred_at_ms.label("occurred_at"),
        EVENTS.c.known_at_ms.label("known_at"),
        EVENTS.c.by,
        EVENTS.c.body,
        EVENTS.c.opinion,
    ).where(
        EVENTS.c.exception_id.in_(exception_ids), EVENTS.c.kind.in_(("created", *_CLOSING_KINDS))
    )
    claims = select(
        CLAIMS.c.subject_id.label("exception_id"),
        CLAIMS.c.seq.label("step"),
        literal("claimed").label("kind"),
        CLAIMS.c.claimed_at_ms.label("occurred_at"),
        CLAIMS.c.claimed_at_ms.label("known_at"),
        CLAIMS.c.by,
        null().label("body"),
        null().label("opinion"),
    ).where(CLAIMS.c.subject_id.in_(exception_ids))
    if end is not None:
        events = events.where(EVENTS.c.known_at_ms < end)
        claims = claims.where(CLAIMS.c.claimed_at_ms < end)
    for query in (events.order_by(EVENTS.c.seq), claims.order_by(CLAIMS.c.seq)):
        for row in _rows(connection, query):
            body, assessment = row.pop("body"), row.pop("opinion")
            if row["exception_id"] in unreadable:
                continue
            yield row | {"team": _team(row["kind"], body, assessment)}


def _team(kind: str, body: str | None, assessment: str | None) -> str | None:
    """The team after a step: named by people, or routed automatically."""
    if kind == "resolved":
        return _text(_object(body).get("team"))
    routing = _object(assessment).get("routing")
    if kind not in ("created", "reopened") or not isinstance(routing, dict):
        return None
    return _text(routing.get("label")) if routing.get("decision") == "auto" else None


def _object(text: str | None) -> dict[str, Any]:
    """Read a JSON object; an empty one where the text is none."""
    try:
        value = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
