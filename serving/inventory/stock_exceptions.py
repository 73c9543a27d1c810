"""The stock exceptions of a forecast book are raised on the work list, kept true, and taken off.

The ledger is compared with the book and brought in line in one transaction: after a crash, or when
two looks are taken at one book, the next look finds nothing left to do. What is raised is an
exception like any other, of the source `expedite`; the money, and the time of its loss, are the
book's. What the source last said is the state:

- open, and a person resolved it: left alone for as long as the cause goes on, unless its loss grew
  by the policy's `worse_share` over what it was when they resolved it;
- closed: the cause was gone. If it comes back, that is another episode, and is raised again.

What is not true any more is closed as healed by itself, without an outcome: it was not handled, and
nothing is to be learned from it.
"""

import logging
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
import orjson
from sqlalchemy import Connection

from data.ledger.intake import AcceptedException, IntakeEvent, accept
from data.ledger.ledger import ExceptionRecord, records_of
from data.ledger.message_order import Incoming
from data.ledger.writer import LedgerWriter
from data.policy.policy import Policy
from data.ticks import MISSING_TICK
from features.demand.panel import next_periods
from models.forecast_book.book import Book
from models.ranking.pricing import price_stock
from serving.clock import Clock
from serving.http.requests import canonical
from serving.live_list.worklist import Worklist
from serving.scoring.assessment import (
    NOTHING,
    SUGGEST,
    Assessment,
    LabelDecision,
    stored_assessment,
)
from serving.scoring.scorer import terms_of
from serving.watch_lease import LeasedWriter
from serving.wire.exception_in import EXCEPTION, OURS
from serving.wire.formats import rfc3339, rfc3339_or_none
from serving.wire.stored_exception import UnreadableRowError, reading, stored_object

LOG = logging.getLogger("expedite.stock_exceptions")
MAX_NAME_LENGTH = 255


async def raise_stock_exceptions(
    book: Book,
    worklist: Worklist,
    writer: LedgerWriter | LeasedWriter,
    *,
    policy: Policy,
    clock: Clock,
) -> int:
    """Bring the work list in line with a book; return how many exceptions changed.

    A book whose last period is over says nothing about the present: it changes nothing.
    """
    if not book.exceptions.num_columns:
        return 0
    if clock() >= _end_ms(book):
        LOG.warning("The forecast book ended before today: no stock exceptions are raised from it")
        return 0
    accepted = await writer.run(partial(_in_line, book, policy, clock))
    for entry in accepted:
        worklist.show(entry.record)
    if accepted:
        LOG.info("%d stock exceptions were raised, renewed or closed", len(accepted))
    return len(accepted)


def _end_ms(book: Book) -> int:
    end = next_periods(book.forecast.periods[-1], book.forecast.grain, 1)[0]
    return int(end.astype("datetime64[ms]").astype(np.int64))


def _in_line(
    book: Book, policy: Policy, clock: Clock, connection: Connection
) -> list[AcceptedException]:
    now_ms = clock()
    detected = _detected(book, policy, now_ms)
    records = {record.external_id: record for record in records_of(connection, OURS)}
    arriving = [
        _incoming(records.get(name), payload, assessment)
        for name, (payload, assessment) in detected.items()
        if _needs_update(records.get(name), assessment, policy)
    ]
    arriving += [
        _healed(record)
        for name, record in records.items()
        if name not in detected and not _is_reported_closed(record)
    ]
    accepted = accept(connection, arriving, now_ms=now_ms)
    return [entry for entry in accepted if entry.arrival is not IntakeEvent.UNCHANGED]


def _detected(
    book: Book, policy: Policy, now_ms: int
) -> dict[str, tuple[dict[str, Any], Assessment]]:
    """Return the exceptions of a book by name: the payload, and its assessment."""
    rows = book.exceptions.to_pylist()
    if not rows:
        return {}
    types = np.array([row["kind"] for row in rows], object)
    loss = np.array([row["loss"] for row in rows], np.float64)
    curve = np.array([row["curve"] for row in rows], np.float64)
    due_at = np.array([_tick(row["due_at_ms"]) for row in rows], np.int64)
    terms = terms_of(
        price_stock(types, book.as_of_ms, due_at=due_at, loss=loss, curve=curve, policy=policy)
    )
    detected = {}
    for row, term in zip(rows, terms, strict=True):
        payload = {
            "source": OURS,
            "external_id": _name(row),
            "type": row["kind"],
            "status": "open",
            "detected_at": rfc3339(book.as_of_ms),
            "due_at": rfc3339_or_none(row["due_at_ms"]),
            "message": row["message"],
            "stock": orjson.loads(row["facts"])
            | {"can_be_saved": round(row["loss"], 2), "as_of": rfc3339(book.as_of_ms)},
        }
        assessment = Assessment(
            model_version=book.model_version,
            policy_version=policy.label,
            scored_at_ms=now_ms,
            degraded=False,
            category=NOTHING,
            routing=LabelDecision(policy.stock.team, decision=SUGGEST),
            p_breach=row["chance"],
            terms=term,
            grounds=row["message"],
            touch_learned=False,
            breach_learned=True,
        )
        EXCEPTION.validate_python(payload)  # what can't be read back must not be written
        detected[payload["external_id"]] = payload, assessment
    return detected


def _tick(at_ms: int | None) -> int:
    return MISSING_TICK if at_ms is None else at_ms


def _name(row: Mapping[str, Any]) -> str:
    """The cause: one kind of trouble with one SKU at one site."""
    name = f"{row['kind']}:{row['sku']}@{row['site']}"
    if len(name) <= MAX_NAME_LENGTH and name.isprintable():
        return name
    return f"{row['kind']}:{sha256(name.encode()).hexdigest()}"


def _needs_update(record: ExceptionRecord | None, assessment: Assessment, policy: Policy) -> bool:
    if record is None or record.is_open or _is_reported_closed(record):
        return True
    try:
        loss_then = stored_assessment(record.id, record.opinion).terms["loss"]
    except UnreadableRowError:
        return False
    return assessment.terms["loss"] >= (loss_then or 0.0) * (1 + policy.stock.worse_share)


def _is_reported_closed(record: ExceptionRecord) -> bool:
    return _payload_of(record)["status"] == "resolved"


def _payload_of(record: ExceptionRecord) -> dict[str, Any]:
    """Return what was raised; of a row that can't be read, what names it and its moment."""
    try:
        with reading(record.id):
            return {"status": "open", **stored_object(record.payload)}
    except UnreadableRowError:
        return {
            "source": OURS,
            "external_id": record.external_id,
            "status": "open",
            "detected_at": rfc3339(record.detected_at_ms),
        }


def _incoming(
    record: ExceptionRecord | None, payload: dict[str, Any], assessment: Assessment
) -> Incoming:
    """Return the change to make.

    An open exception keeps its first detection time; a new episode gets a new one.
    """
    detected_at_ms = assessment.terms["detected_at"]
    if record is not None and record.is_open:
        detected_at_ms = record.detected_at_ms
    dated_payload = payload | {"detected_at": rfc3339(detected_at_ms)}
    return Incoming(
        source=OURS,
        external_id=payload["external_id"],
        is_open=True,
        version=None,
        updated_at_ms=None,
        detected_at_ms=detected_at_ms,
        payload=canonical(dated_payload),
        opinion=assessment.to_json(),
    )


def _healed(record: ExceptionRecord) -> Incoming:
    closed_payload = _payload_of(record) | {"status": "resolved", "healed_itself": True}
    return Incoming(
        source=OURS,
        external_id=record.external_id,
        is_open=False,
        version=None,
        updated_at_ms=None,
        detected_at_ms=record.detected_at_ms,
        payload=canonical(closed_payload),
        opinion=record.opinion,
    )
