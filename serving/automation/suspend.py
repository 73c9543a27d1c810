"""Suspend a guarantee by hand, or put it in force again."""

from typing import Literal

from sqlalchemy import Connection

from data.domain import ConflictError, NoChampionError, NotFoundError
from data.ledger.action_log import record_action
from data.ledger.audits import PromiseKey, Suspension, suspend, suspensions_of
from data.ledger.writer import LedgerWriter
from data.policy.automation import PromisedLabel
from serving.automation.payload import PromiseIn
from serving.caller import OPEN, Caller
from serving.scoring.champion import MODEL
from serving.scoring.scorer import Scorer
from serving.wire.answers import Moment, StampOut, closed
from serving.wire.formats import rfc3339


@closed
class GuaranteeStateOut(StampOut):
    """A promise after it was withdrawn or given again by a person."""

    label: PromisedLabel
    name: str
    state: Literal["kept", "suspended"]
    since: Moment
    reason: str
    by: str


async def withdraw(
    request: PromiseIn,
    *,
    scorer: Scorer,
    writer: LedgerWriter,
    now_ms: int,
    is_lifted: bool,
    caller: Caller = OPEN,
) -> GuaranteeStateOut:
    """Write down that a promise of the champion in use holds no more, or again; then act by it.

    Raises:
        NoChampionError: Nothing is promised.
        NotFoundError: That was never promised.
        ConflictError: It is so already.
    """
    key = _promise_in_force(request, scorer)
    suspension = Suspension(*key, is_lifted, now_ms, request.by, request.reason)
    action = caller.action(
        "lift promise" if is_lifted else "suspend promise",
        f"{request.label} {request.name}",
        now_ms=now_ms,
        by=request.by,
        reason=request.reason,
    )

    def transaction(connection: Connection) -> None:
        suspensions = {
            earlier.key: earlier for earlier in suspensions_of(connection, key.model_version)
        }
        latest = suspensions.get(key)
        if is_lifted is (latest is None or latest.is_lifted):
            problem = "it is kept" if is_lifted else "it is suspended already"
            raise ConflictError(request.name, problem, "See GET /v1/promises.")
        suspend(connection, suspension)
        record_action(connection, action)

    await writer.run(transaction)
    scorer.guarantees.take([suspension])
    return {
        "label": request.label,
        "name": request.name,
        "state": "kept" if is_lifted else "suspended",
        "since": rfc3339(now_ms),
        "reason": request.reason,
        "by": request.by,
        **scorer.stamp(now_ms),
    }


def _promise_in_force(request: PromiseIn, scorer: Scorer) -> PromiseKey:
    triage = scorer.champion.current
    if triage is None:
        raise NoChampionError(MODEL, scorer.champion.problem or "it is being loaded")
    promises = scorer.guarantees.of(triage).promises.get(request.label)
    made = [promise.name for promise in promises.classes if promise.made] if promises else []
    if request.name not in made:
        raise NotFoundError(f"promise of a {request.label}", request.name)
    return PromiseKey(request.label, request.name, triage.version)
