"""The next row: the best one that is free is handed out, claimed by who asks."""

from collections.abc import Iterator

import orjson

from data.domain import ClaimedError, ConflictError, NotFoundError
from data.ledger.writer import LedgerWriter
from data.policy.policy import Policy
from models.ranking.rule import Tier
from serving.exceptions.claim import claim_row
from serving.exceptions.payload import NEXT
from serving.http.requests import ActionRequest, parsed, signed
from serving.live_list.claim_board import ClaimBoard
from serving.live_list.snapshot import ListView, SnapshotFilters
from serving.live_list.visible_list import VisibleList
from serving.wire.answers import StampOut, closed
from serving.wire.check import checked
from serving.worklist.row import WorklistRowOut
from serving.worklist.view import rows_view


@closed
class NextRowOut(StampOut):
    """The row that was handed out; null where none is free."""

    row: WorklistRowOut | None


async def next_row(
    request: ActionRequest,
    *,
    worklist: VisibleList,
    writer: LedgerWriter,
    claims: ClaimBoard,
    policy: Policy,
    now_ms: int,
) -> NextRowOut:
    """Claim the first row of the list that nobody has and that is not lost.

    Who asks again gets another row. A row that somebody else takes at the same moment is passed
    over.

    Raises:
        NotJsonError, BadPayloadError: Nothing was claimed.
    """
    payload = checked(NEXT, signed(parsed(request.body or b"{}"), request.caller))
    list_view = await worklist.view()
    body = orjson.dumps({"by": payload.by})
    for place, row_id in _free(list_view, payload.team, now_ms):
        action = ActionRequest(row_id, body, caller=request.caller)
        try:
            await claim_row(action, writer=writer, claims=claims, policy=policy, now_ms=now_ms)
        except (ClaimedError, ConflictError, NotFoundError):
            continue
        return {"row": rows_view(list_view, [place])[0], **list_view.snapshot.stamp()}
    return {"row": None, **list_view.snapshot.stamp()}


def _free(list_view: ListView, team: str | None, now_ms: int) -> Iterator[tuple[int, str]]:
    """Yield place and id of each row of a team that can still be saved and nobody has."""
    snapshot = list_view.snapshot
    for place in snapshot.matching(SnapshotFilters(team)).tolist():
        row_id = snapshot.rows.at(place).id
        is_lost = snapshot.ranking.tier[place] == Tier.LOST
        if not is_lost and list_view.claims.holder(row_id, now_ms) is None:
            yield place, row_id
