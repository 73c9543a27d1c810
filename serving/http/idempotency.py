"""Answers that are given once: the same `Idempotency-Key` gets the same answer again."""

from collections.abc import Callable
from hashlib import sha256
from typing import Generic, NamedTuple, TypeVar

from fastapi import Response
from sqlalchemy import Connection

from data.ledger.action_log import Action, record_action
from data.ledger.idempotency import StoredAnswer, store_answer, stored_answer
from data.ledger.writer import LedgerWriter
from serving.caller import OPEN, Caller
from serving.http.problems import PROBLEM_JSON, KeyReusedError
from serving.http.requests import JSON, ActionRequest, etag

Result = TypeVar("Result")


class Answer(NamedTuple):
    """An answer ready to be sent; `revision` is that of the one exception it is about."""

    status: int
    body: bytes
    revision: int | None = None
    replayed: bool = False


class Answered(NamedTuple, Generic[Result]):
    """An answer, and the result for the code that goes on after the transaction."""

    answer: Answer
    result: Result


class AnswerOnce(NamedTuple):
    """The request that a transaction answers at most once.

    Attributes:
        key: The `Idempotency-Key`; None where the caller sent none.
        request_sha256: Fingerprint of the request.
        now_ms: The present; an answer is stored as of it.
        action: The action for the log; None writes nothing there.
    """

    key: str | None
    request_sha256: str
    now_ms: int
    action: Action | None = None

    @classmethod
    def of(
        cls, request: ActionRequest, path: str, *, now_ms: int, action: Action | None = None
    ) -> "AnswerOnce":
        """Identify a request by its path, its body and its caller."""
        return cls(request.key, fingerprint(path, request.body, request.caller), now_ms, action)


def fingerprint(path: str, body: bytes, caller: Caller = OPEN) -> str:
    """Return what tells one request from another under the same `Idempotency-Key`."""
    by = b"" if caller.name is None else b"\n" + caller.name.encode()
    return sha256(path.encode() + by + b"\n" + body).hexdigest()


def action_of(request: ActionRequest, name: str, by: str | None, *, now_ms: int) -> Action:
    """Return an action for the log; without accounts it is by whom the call states."""
    return request.caller.action(name, request.subject_id or None, now_ms=now_ms, by=by)


async def run_once(
    writer: LedgerWriter,
    once: AnswerOnce,
    transaction: Callable[[Connection], Answered[Result]],
) -> Answered[Result | None]:
    """Run a transaction and store its answer, unless the request was answered before.

    Args:
        writer: Runs it.
        once: The request.
        transaction: Returns its answer, and its result for the caller.

    Returns:
        The answer and the result; None is the result where the answer is a replay.

    Raises:
        KeyReusedError: The key came with another request.
    """

    def answered_once(connection: Connection) -> Answered[Result | None]:
        replay = _earlier(connection, once)
        if replay is not None:
            return Answered(replay, None)
        answer, result = transaction(connection)
        if once.action is not None:
            record_action(connection, once.action)
        if once.key:
            stored = StoredAnswer(
                once.key, once.request_sha256, answer.status, answer.body.decode()
            )
            store_answer(connection, stored, now_ms=once.now_ms)
        return Answered(answer, result)

    return await writer.run(answered_once)


def _earlier(connection: Connection, once: AnswerOnce) -> Answer | None:
    """Return the answer to this very request, None if it is new."""
    before = stored_answer(connection, once.key) if once.key else None
    if before is None:
        return None
    if before.request_sha256 != once.request_sha256:
        raise KeyReusedError(before.key)
    return Answer(before.status, before.answer.encode(), replayed=True)


def sent(answer: Answer) -> Response:
    """Return an answer with its ETag."""
    headers = {} if answer.revision is None else {"ETag": etag(answer.revision)}
    if answer.replayed:
        headers["Idempotency-Replayed"] = "true"
    media_type = JSON if answer.status < 400 else PROBLEM_JSON
    return Response(answer.body, answer.status, headers=headers, media_type=media_type)
