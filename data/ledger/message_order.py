"""Order of the messages about one exception: one rule for updates, closings and reopenings.

A version decides where both messages have one and they differ. Else the source's `updated_at`
decides. Else the arrival decides. Of equals the later arrival counts. A time after its own arrival
counts as the arrival: a wrong clock must not shut out all that comes after it.

A resolution by people has no version. A message reopens it if it was written after it: at its
`updated_at`, or at its arrival where it has none. A message reopens what its own source closed if
it is not late.
"""

from dataclasses import asdict, dataclass
from typing import Any

import orjson

from data.domain import is_open_status
from data.ledger.ledger import ExceptionRecord


@dataclass(frozen=True)
class Incoming:
    """One message: an exception as a source sends it; the fields are those of `ExceptionRecord`.

    Attributes:
        source: Who sends it.
        external_id: Its name there.
        is_open: By the source.
        version: None where the source sends none.
        updated_at_ms: When the source wrote it; None where it does not say.
        detected_at_ms: When it was first raised.
        payload: JSON as sent.
        opinion: Its assessment, as JSON.
    """

    source: str
    external_id: str
    is_open: bool
    version: int | None
    updated_at_ms: int | None
    detected_at_ms: int
    payload: str
    opinion: str


def sent_at_ms(incoming: Incoming, now_ms: int) -> int:
    """Return when a message was written: by its source, at its arrival at the latest."""
    return now_ms if incoming.updated_at_ms is None else min(incoming.updated_at_ms, now_ms)


def is_late(stored: ExceptionRecord, incoming: Incoming, now_ms: int) -> bool:
    """Return whether a message is older than the stored state."""
    before, after = stored.version, incoming.version
    if before is not None and after is not None and before != after:
        return after < before
    if incoming.updated_at_ms is None:
        return False
    return sent_at_ms(incoming, now_ms) < _updated_at_ms(stored, now_ms)


def reopens(stored: ExceptionRecord, incoming: Incoming, now_ms: int) -> bool:
    """Return whether a message that is not late opens an exception that has ended."""
    if not incoming.is_open:
        return False
    if not _is_open_payload(stored.payload):
        return True
    closed_at_ms = min(stored.closed_at_ms or 0, now_ms)
    return sent_at_ms(incoming, now_ms) >= closed_at_ms


def stamped(stored: ExceptionRecord | None, incoming: Incoming, now_ms: int) -> dict[str, Any]:
    """Return the fields of the record after a message, with its place in the order.

    A message without a version or an `updated_at` keeps those of the message before.
    """
    detected_at_ms = min(incoming.detected_at_ms, now_ms)
    updated_at_ms, version = incoming.updated_at_ms, incoming.version
    if updated_at_ms is None:
        before = detected_at_ms if stored is None else _updated_at_ms(stored, now_ms)
        updated_at_ms = max(before, detected_at_ms)
    if version is None and stored is not None:
        version = stored.version
    return asdict(incoming) | {
        "version": version,
        "updated_at_ms": min(updated_at_ms, now_ms),
        "detected_at_ms": detected_at_ms,
    }


def _updated_at_ms(stored: ExceptionRecord, now_ms: int) -> int:
    """Return when the stored state was written; older ledgers hold times from the future."""
    is_possible = stored.updated_at_ms <= now_ms
    return stored.updated_at_ms if is_possible else min(stored.received_at_ms, now_ms)


def _is_open_payload(payload: str) -> bool:
    """Return whether the last message of the source called the exception open."""
    try:
        return is_open_status(orjson.loads(payload)["status"])
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return True
