"""Erasure of personal data: payloads are reduced to what counts and models of the flow need.

Of an exception stay its names, type, status, moments, assessment and outcome, so counts of the
history stay. Its message, its order and its attributes go: from its row, its events and the stored
answers about it. An event `erased` says when, and brings it onto the lists of all processes.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, Select, Table, func, insert, or_, select, update

from data.ledger.action_log import Action, record_action
from data.ledger.audits import salt_of
from data.ledger.ledger import Ledger
from data.ledger.tables import EVENTS, EXCEPTIONS, IDEMPOTENCY, INCIDENT_STATES, INCIDENTS

IDS_AT_ONCE = 200
ERASED = "erased"
RETAINED_OF_PAYLOAD = (
    "source", "external_id", "type", "source_value", "reason_code", "severity", "status",
    "detected_at", "due_at", "updated_at", "version",
)  # fmt: skip
RETAINED_OF_RESOLUTION = (
    "category", "team", "touch_minutes", "breached", "loss", "label_origin", "team_origin", "by",
    "resolved_at",
)  # fmt: skip
GONE = 410
_GONE_ANSWER = orjson.dumps(
    {
        "type": "about:blank",
        "title": "Gone",
        "status": GONE,
        "detail": "The answer held data that was erased since. Nothing was done again.",
        "errors": [],
    }
).decode()


@dataclass(frozen=True)
class ErasureCounts:
    """Rows that were reduced: exceptions, and stored answers of `Idempotency-Key`s."""

    exceptions: int = 0
    answers: int = 0

    def plus(self, other: "ErasureCounts") -> "ErasureCounts":
        """Return the sum of both."""
        return ErasureCounts(self.exceptions + other.exceptions, self.answers + other.answers)


def erase_customer(ledger: Ledger, customer: str, *, action: Action, now_ms: int) -> ErasureCounts:
    """Erase all exceptions of a customer, and note it in the log of actions.

    They are those with an order of the customer in any message, by `order.customer.external_id`.
    The log names the customer by a salted hash alone.

    Args:
        ledger: The service's.
        customer: Id of the customer as the sources send it.
        action: The action for the log, without its subject.
        now_ms: The present.
    """
    pattern = _whole_word(customer)
    counts = ErasureCounts()
    while ids := _ids_of_customer(ledger, customer):  # a message may arrive meanwhile
        counts = counts.plus(_erase_all(ledger, ids, pattern, now_ms=now_ms))
    with ledger.writing() as connection:
        _overwrite_deleted(connection)
        answers = _erase_answers(connection, [customer], pattern)
        _erase_causes(connection, customer, pattern)
        counts = counts.plus(ErasureCounts(0, answers))
        subject = f"customer {sha256((salt_of(connection) + customer).encode()).hexdigest()[:16]}"
        body = orjson.dumps({"exceptions": counts.exceptions, "answers": counts.answers}).decode()
        record_action(connection, replace(action, subject=subject, body=body))
    return counts


def erase_old(ledger: Ledger, *, ended_before_ms: int, now_ms: int) -> ErasureCounts:
    """Erase the payloads of exceptions that ended before a moment and are not erased yet."""
    counts, last_id = ErasureCounts(), ""
    while True:
        with ledger.reading() as connection:
            ids = _ids_ended(connection, ended_before_ms, last_id)
        if not ids:
            return counts
        counts, last_id = counts.plus(_erase_all(ledger, ids, None, now_ms=now_ms)), ids[-1]


def _ids_ended(connection: Connection, ended_before_ms: int, after_id: str) -> list[str]:
    """Select exceptions that ended, with a payload that came after their last erasure."""
    same = EVENTS.c.exception_id == EXCEPTIONS.c.id
    written = select(func.max(EVENTS.c.seq)).where(same, EVENTS.c.body.is_not(None))
    erased = select(func.max(EVENTS.c.seq)).where(same, EVENTS.c.kind == ERASED)
    query = select(EXCEPTIONS.c.id).where(
        EXCEPTIONS.c.closed_at_ms < ended_before_ms,
        EXCEPTIONS.c.id > after_id,
        func.coalesce(erased.scalar_subquery(), 0) < func.coalesce(written.scalar_subquery(), 0),
    )
    return list(connection.execute(query.order_by(EXCEPTIONS.c.id).limit(IDS_AT_ONCE)).scalars())


def _ids_of_customer(ledger: Ledger, customer: str) -> list[str]:
    written = orjson.dumps(customer).decode()[1:-1]
    ids: dict[str, None] = {}
    with ledger.reading() as connection:
        for key, column in (
            (EXCEPTIONS.c.id, EXCEPTIONS.c.payload),
            (EVENTS.c.exception_id, EVENTS.c.body),
        ):
            query = select(key, column).where(column.contains(written, autoescape=True))
            for exception_id, text in connection.execute(query):
                if _customer_of(text) == customer:
                    ids[exception_id] = None
    return list(ids)


def _customer_of(payload: str) -> str | None:
    value: Any = _json(payload)
    for name in ("order", "customer", "external_id"):
        value = value.get(name) if isinstance(value, dict) else None
    return None if value is None else str(value).strip()


def _erase_all(
    ledger: Ledger, ids: Sequence[str], pattern: re.Pattern[str] | None, *, now_ms: int
) -> ErasureCounts:
    counts = ErasureCounts()
    for begin in range(0, len(ids), IDS_AT_ONCE):
        with ledger.writing() as connection:
            _overwrite_deleted(connection)
            some = ids[begin : begin + IDS_AT_ONCE]
            counts = counts.plus(_erase(connection, some, pattern, now_ms=now_ms))
    return counts


def _erase(
    connection: Connection, ids: Sequence[str], pattern: re.Pattern[str] | None, *, now_ms: int
) -> ErasureCounts:
    records = connection.execute(select(EXCEPTIONS).where(EXCEPTIONS.c.id.in_(ids))).all()
    for record in records:
        connection.execute(
            update(EXCEPTIONS)
            .where(EXCEPTIONS.c.id == record.id)
            .values(
                payload=_reduced(record.payload, RETAINED_OF_PAYLOAD, pattern, now_ms),
                external_id=_without(record.external_id, pattern),
                revision=record.revision + 1,
            )
        )
    these = (EVENTS.c.exception_id.in_(ids), EVENTS.c.body.is_not(None))
    query = select(EVENTS.c.seq, EVENTS.c.kind, EVENTS.c.body).where(*these)
    for event in connection.execute(query).all():
        fields = RETAINED_OF_RESOLUTION if event.kind == "resolved" else RETAINED_OF_PAYLOAD
        body = _reduced(event.body, fields, pattern, now_ms)
        connection.execute(update(EVENTS).where(EVENTS.c.seq == event.seq).values(body=body))
    rows = [
        {
            "exception_id": record.id,
            "kind": ERASED,
            "occurred_at_ms": now_ms,
            "known_at_ms": now_ms,
        }
        for record in records
    ]
    if rows:
        connection.execute(insert(EVENTS), rows)
    return ErasureCounts(len(records), _erase_answers(connection, ids, None))


def _erase_answers(
    connection: Connection, words: Iterable[str], pattern: re.Pattern[str] | None
) -> int:
    """Replace stored answers that hold a word; their keys stay, so nothing is done twice."""
    conditions = [
        IDEMPOTENCY.c.answer.contains(orjson.dumps(word).decode()[1:-1], autoescape=True)
        for word in words
    ]
    rows = connection.execute(
        select(IDEMPOTENCY.c.key, IDEMPOTENCY.c.answer).where(or_(*conditions))
    ).all()
    keys = [row.key for row in rows if pattern is None or pattern.search(row.answer)]
    if keys:
        query = update(IDEMPOTENCY).where(IDEMPOTENCY.c.key.in_(keys))
        connection.execute(query.values(status=GONE, answer=_GONE_ANSWER))
    return len(keys)


def _erase_causes(connection: Connection, customer: str, pattern: re.Pattern[str]) -> None:
    """Take the customer out of incidents whose cause named them."""
    written = orjson.dumps(customer).decode()[1:-1]
    tables: tuple[tuple[Table, Select[Any, Any]], ...] = (
        (INCIDENTS, select(INCIDENTS.c.id.label("key"), INCIDENTS.c.body)),
        (INCIDENT_STATES, select(INCIDENT_STATES.c.seq.label("key"), INCIDENT_STATES.c.body)),
    )
    for table, query in tables:
        key = table.primary_key.columns[0]
        rows = connection.execute(query.where(table.c.body.contains(written, autoescape=True)))
        for row in rows.all():
            if customer in _causes(row.body):
                body = orjson.dumps(_cleaned(_json(row.body), pattern)).decode()
                connection.execute(update(table).where(key == row.key).values(body=body))
    same = INCIDENTS.c.value == customer
    connection.execute(update(INCIDENTS).where(same).values(value=ERASED))


def _causes(body: str) -> set[str]:
    """Return the values of an incident's cause, one by one and written together."""
    facts = _json(body)
    pairs = facts.get("cause") or [] if isinstance(facts, dict) else []
    return {str(value) for pair in pairs for value in pair[1:]}


def _reduced(text: str, fields: Sequence[str], pattern: re.Pattern[str] | None, now_ms: int) -> str:
    """Return what stays of a payload; a text that is no object becomes an empty one."""
    value = _json(text)
    whole = value if isinstance(value, dict) else {}
    stored = {name: _cleaned(whole[name], pattern) for name in fields if name in whole}
    return orjson.dumps(stored | {"erased_at_ms": now_ms}, option=orjson.OPT_SORT_KEYS).decode()


def _cleaned(value: Any, pattern: re.Pattern[str] | None) -> Any:
    """Return a JSON value whose texts do not name the customer."""
    if isinstance(value, str):
        return _without(value, pattern)
    if isinstance(value, list):
        return [_cleaned(each, pattern) for each in value]
    if isinstance(value, dict):
        return {name: _cleaned(each, pattern) for name, each in value.items()}
    return value


def _without(text: str, pattern: re.Pattern[str] | None) -> str:
    """Return a text without the customer; a hash keeps names of exceptions apart."""
    if pattern is None or not pattern.search(text):
        return text
    return f"{ERASED}-{sha256(text.encode()).hexdigest()[:16]}"


def _whole_word(customer: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(customer)}(?!\w)")


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _overwrite_deleted(connection: Connection) -> None:
    """Let SQLite write zeros over what this connection deletes."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("pragma secure_delete = on")
