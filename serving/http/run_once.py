"""A transaction that answers a request, once: the same `Idempotency-Key` gets the same answer."""

from collections.abc import Callable

from sqlalchemy import Connection

from data.ledger.idempotency import StoredAnswer, store_answer
from serving.exceptions.intake import Answer, earlier
from serving.service import Service


async def once(
    desk: Service, key: str | None, request_sha256: str, work: Callable[[Connection], Answer]
) -> Answer:
    """Run `work` in one transaction and keep its answer, unless it was answered before.

    Raises:
        KeyReusedError: The key came with another request.
    """

    def transaction() -> Answer:
        with desk.ledger.writing() as connection:
            before = earlier(connection, key, request_sha256)
            if before is not None:
                return before
            answer = work(connection)
            if key:
                kept = StoredAnswer(key, request_sha256, answer.status, answer.body.decode())
                store_answer(connection, kept, now_ms=desk.now_ms())
            return answer

    return await desk.write(transaction)
