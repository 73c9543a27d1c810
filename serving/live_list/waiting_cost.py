"""Cost of waiting of a row: an hour, until its team's shift ends, a day, for ever."""

import math
from typing import Annotated

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict

from data.ticks import MS_PER_DAY, MS_PER_HOUR
from models.ranking.staffing import work_hours_ahead
from models.ranking.start_loss import losses_if_begun
from serving.live_list.snapshot import Snapshot
from serving.wire.answers import MoneyOut, closed
from serving.wire.formats import money


@closed
class CostOfWaitingOut(TypedDict):
    """Money that is expected to be lost by waiting, over starting now."""

    hour: MoneyOut
    shift: Annotated[
        MoneyOut | None,
        Field(
            description="until the shift of its team ends; null while its team is off shift, or "
            "where the policy names no shift"
        ),
    ]
    day: MoneyOut
    never: Annotated[MoneyOut, Field(description="if nobody ever begins")]


def costs_of_waiting(snapshot: Snapshot, rows: list[int]) -> list[CostOfWaitingOut | None]:
    """Return what waiting costs the rows at some places, over starting on them now; in one pass.

    The shift is null while nobody of the team is there. The whole is None where no model judged.
    """
    ranking = snapshot.ranking
    scores, never = ranking.score[rows], (ranking.loss_never - ranking.loss_now)[rows]
    waits = np.array([_waits(snapshot, snapshot.rows.teams[row]) for row in rows])
    exceptions, row_of = snapshot.rows.unfolded(np.array(rows, np.int64))
    hours = np.nan_to_num(waits).reshape(len(rows), 4)[row_of]
    clock = snapshot.clock and snapshot.clock.take(exceptions)
    begun = work_hours_ahead(clock, snapshot.now_ms, hours)
    losses = losses_if_begun(snapshot.items.take(exceptions), begun)
    rises = np.zeros((len(rows), 3))
    np.add.at(rises, row_of, losses[:, 1:] - losses[:, :1])
    rises[:, 1] = np.where(np.isnan(waits[:, 2]), np.nan, rises[:, 1]) if rows else 0
    currency = snapshot.policy.currency
    return [
        None if math.isnan(score) else _costs([*rise, at_last], currency)
        for score, rise, at_last in zip(
            scores.tolist(), rises.tolist(), never.tolist(), strict=True
        )
    ]


def _waits(snapshot: Snapshot, team: str | None) -> tuple[float, ...]:
    """Hours: none, one, until the shift ends, a day."""
    until = snapshot.lines.until(team)
    shift = math.nan if until is None else (until - snapshot.now_ms) / MS_PER_HOUR
    return 0.0, 1.0, shift, MS_PER_DAY / MS_PER_HOUR


def _costs(rises: list[float], currency: str) -> CostOfWaitingOut:
    hour, shift, day, never = rises
    return {
        "hour": money(hour, currency),
        "shift": None if math.isnan(shift) else money(shift, currency),
        "day": money(day, currency),
        "never": money(never, currency),
    }
