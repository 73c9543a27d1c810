"""Reopening of an exception: its end is undone, and it is on the work list again."""

from typing import Literal

import orjson
from sqlalchemy import Connection
from typing_extensions import TypedDict

from data.ledger.ledger import ExceptionRecord
from data.ledger.outcomes import reopen
from data.ledger.writer import LedgerWriter
from serving.exceptions.payload import CLAIM
from serving.http.idempotency import Answer, Answered, AnswerOnce, action_of, run_once
from serving.http.requests import ActionRequest, parsed, signed
from serving.live_list.worklist import Worklist
from serving.wire.answers import closed
from serving.wire.check import checked


@closed
class ReopenedOut(TypedDict):
    """An exception that is open again."""

    id: str
    status: Literal["open"]
    revision: int


async def reopen_one(
    request: ActionRequest, *, writer: LedgerWriter, worklist: Worklist, now_ms: int
) -> Answer:
    """Open an exception again that has ended; an open one stays as it is.

    Raises:
        NotFoundError, PreconditionError: By `data.ledger.outcomes.reopen`.
        NotJsonError, BadPayloadError, KeyReusedError: Nothing was accepted.
    """
    payload = checked(CLAIM, signed(parsed(request.body or b"{}"), request.caller))

    def transaction(connection: Connection) -> Answered[ExceptionRecord]:
        record = reopen(
            connection,
            request.subject_id,
            by=payload.by,
            now_ms=now_ms,
            expected_revision=request.expected_revision,
        )
        shape: ReopenedOut = {"id": record.id, "status": "open", "revision": record.revision}
        return Answered(Answer(200, orjson.dumps(shape), record.revision), record)

    action = action_of(request, "reopen", payload.by, now_ms=now_ms)
    once = AnswerOnce.of(request, f"{request.subject_id}/reopen", now_ms=now_ms, action=action)
    answer, reopened = await run_once(writer, once, transaction)
    if reopened is not None:
        worklist.show(reopened)
    return answer
