"""Why one open exception stands above another, in the terms of the ranking rule."""

from typing import Any

from data.domain import NotFoundError
from models.explain import comparison
from serving.answers import case_of
from serving.desk import Desk
from serving.opinions import Opinion


async def comparison_view(desk: Desk, exception_id: str, other_id: str) -> dict[str, Any]:
    """Return why one open exception stands above or below another.

    Raises:
        NotFoundError: One of them is not open.
    """
    snapshot = await desk.ranked()
    rows = [snapshot.row_of(one) for one in (exception_id, other_id)]
    ranks, cases = [], []
    for one, row in zip((exception_id, other_id), rows, strict=True):
        if row is None:
            raise NotFoundError("open exception", one)
        opinion: Opinion = snapshot.open.rows[row].opinion
        ranks.append(int(snapshot.rank_of[row]))
        cases.append(case_of(opinion, snapshot.place(row), snapshot.policy, now_ms=snapshot.now_ms))
    return {
        "id": exception_id,
        "rank": ranks[0],
        "other_id": other_id,
        "other_rank": ranks[1],
        "above": ranks[0] < ranks[1],
        "sentences": comparison(*cases),
        **snapshot.stamp(),
    }
