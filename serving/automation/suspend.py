"""Suspend a guarantee by hand, or put it in force again."""

from typing import Literal

from data.domain import ConflictError, NoChampionError, NotFoundError
from data.ledger.audits import PromiseKey, Suspension, suspend
from data.policy.automation import PromisedLabel
from serving.automation.payload import PromiseIn
from serving.scoring.answer import rfc3339
from serving.scoring.champion import MODEL
from serving.service import Service
from serving.wire.answers import Moment, StampOut, closed


@closed
class GuaranteeStateOut(StampOut):
    """A promise after it was withdrawn or given again by a person."""

    label: PromisedLabel
    name: str
    state: Literal["kept", "suspended"]
    since: Moment
    reason: str
    by: str


async def withdraw(desk: Service, told: PromiseIn, *, is_lifted: bool) -> GuaranteeStateOut:
    """Write down that a promise of the champion in use holds no more, or again; then act by it.

    Raises:
        NoChampionError: Nothing is promised.
        NotFoundError: That was never promised.
        ConflictError: It is so already.
    """
    triage, now_ms = desk.champion.current, desk.now_ms()
    if triage is None:
        raise NoChampionError(MODEL, desk.champion.problem or "it is being loaded")
    promises = desk.promises.of(triage).promises.get(told.label)
    made = [promise.name for promise in promises.classes if promise.made] if promises else []
    if told.name not in made:
        raise NotFoundError(f"promise of a {told.label}", told.name)
    key = PromiseKey(told.label, told.name, triage.version)
    wanted = Suspension(*key, is_lifted, now_ms, told.by, told.reason)

    def work() -> None:
        latest = desk.promises.latest.get(key)
        if is_lifted is (latest is None or latest.is_lifted):
            problem = "it is kept" if is_lifted else "it is suspended already"
            raise ConflictError(told.name, problem, "See GET /v1/promises.")
        with desk.ledger.writing() as connection:
            suspend(connection, wanted)
        desk.promises.take([wanted])

    await desk.write(work)
    return {
        "label": told.label,
        "name": told.name,
        "state": "kept" if is_lifted else "suspended",
        "since": rfc3339(now_ms),
        "reason": told.reason,
        "by": told.by,
        **desk.stamp(now_ms),
    }
