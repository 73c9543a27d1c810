"""The capacity line: how far the people on shift get down the list, and what the rest loses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict

from data.policy.policy import Policy
from models.ranking.capacity import QueuedWork, TeamReach, team_reach
from models.ranking.incidents import ALONE
from models.ranking.inputs import RankingInputs
from models.ranking.rule import Ranking
from models.ranking.staffing import shifts_from, team_numbers
from serving.live_list.incident_groups import GroupedRows
from serving.wire.answers import Moment, MoneyOut, closed
from serving.wire.formats import money, rfc3339


@closed
class CapacityOut(TypedDict):
    """Reach of the people on shift if nothing new comes in: work reaches a rank."""

    team: Annotated[
        str | None,
        Field(description="null is all teams together, each on its own rows"),
    ]
    people: int
    until: Annotated[Moment, Field(description="the shift ends, of all teams the last one")]
    reaches_rank: Annotated[int, Field(description="all that stands above is begun by then")]
    rows_reached: int
    rows_left: Annotated[
        int, Field(description="rows of the teams on shift that are not begun by then")
    ]
    lost_below: Annotated[
        MoneyOut,
        Field(description="that the rows left lose if begun with the next shift, over now"),
    ]
    next_shift_at: Moment
    one_more_hour_saves: Annotated[MoneyOut, Field(description="of one person, after the shift")]
    one_more_hour_in: Annotated[str, Field(description="the team in which an hour more saves most")]
    one_person_less_costs: Annotated[MoneyOut, Field(description="from now until the shift ends")]
    one_person_less_in: Annotated[str, Field(description="the team in which one less costs least")]


@closed
class CapacityLineOut(TypedDict):
    """The capacity line, or why there is none."""

    capacity: Annotated[CapacityOut | None, Field(description="of the team asked for, else of all")]
    capacity_reason: Annotated[str | None, Field(description="why there is no capacity line")]


@dataclass(frozen=True)
class CapacityLine:
    """Reach of one team down its own rows.

    Attributes:
        team: By name.
        reach: What it gets to until when, and what the rest loses.
        first_left: Rank of the first of its rows that is not reached; None if all are.
    """

    team: str
    reach: TeamReach
    first_left: int | None


@dataclass(frozen=True)
class CapacityLines:
    """The lines of all teams that are on shift.

    Attributes:
        by_team: By name.
        back_at: Of each team off shift the tick at which its next shift begins.
        last_rank: Of the list.
        reason: Why there are none, for people; "" if there are.
        currency: Of all money.
    """

    by_team: Mapping[str, CapacityLine]
    back_at: Mapping[str, int]
    last_rank: int
    reason: str
    currency: str

    @classmethod
    def of(
        cls,
        rows: GroupedRows,
        items: RankingInputs,
        ranking: Ranking,
        *,
        policy: Policy,
        now_ms: int,
    ) -> Self:
        """Draw them; without a model nobody knows what is lost, and there are none."""
        last_rank, currency = len(ranking.order), policy.currency
        if np.isnan(ranking.score).any():
            return cls({}, {}, last_rank, "no model is in use", currency)
        lines, back_at = {}, {}
        whose = team_numbers(policy.shifts, rows.teams)[ranking.order]
        for number, (team, shift) in enumerate(policy.shifts.teams.items()):
            staffing = shifts_from(shift, policy.shifts.timezone, now_ms)
            team_rows = np.flatnonzero(whose == number)
            far = team_reach(
                _work(rows, items, ranking, ranking.order[team_rows]), staffing, now_ms
            )
            if far is None:
                back_at[team] = int(staffing.opens_at[0])
                continue
            left = team_rows[~far.reached]
            lines[team] = CapacityLine(team, far, int(left[0]) + 1 if len(left) else None)
        reason = ""
        if not policy.shifts.teams:
            reason = "the policy names no shifts"
        elif not lines:
            reason = f"nobody is on shift before {rfc3339(min(back_at.values()))}"
        return cls(lines, back_at, last_rank, reason, currency)

    def until(self, team: str | None) -> int | None:
        """Return the tick at which the shift of a team ends; None if nobody is there."""
        line = self.by_team.get(team or "")
        return None if line is None else line.reach.until

    def shown(self, team: str | None) -> CapacityLineOut:
        """Return the line of a team, or of all together, as answers hold it."""
        if team is None:
            lines = list(self.by_team.values())
            whole = self._summed(lines, None) if lines else None
            return {"capacity": whole, "capacity_reason": self.reason or None}
        line = self.by_team.get(team)
        if line is not None:
            return {"capacity": self._summed([line], line.team), "capacity_reason": None}
        reason = self.reason or "nobody of this team is on shift"
        return {"capacity": None, "capacity_reason": reason}

    def _summed(self, lines: list[CapacityLine], team: str | None) -> CapacityOut:
        """Teams side by side, each on its own rows: an hour more is taken where it saves most."""
        reaches = [line.reach for line in lines]
        firsts = [line.first_left for line in lines if line.first_left is not None]
        more = max(lines, key=lambda line: line.reach.one_more_hour_saves)
        less = min(lines, key=lambda line: line.reach.one_person_less_costs)
        below = sum(reach.lost_below for reach in reaches)
        return {
            "team": team,
            "people": sum(reach.people for reach in reaches),
            "until": rfc3339(max(reach.until for reach in reaches)),
            "reaches_rank": min(firsts) - 1 if firsts else self.last_rank,
            "rows_reached": sum(int(reach.reached.sum()) for reach in reaches),
            "rows_left": sum(int((~reach.reached).sum()) for reach in reaches),
            "lost_below": money(below, self.currency),
            "next_shift_at": rfc3339(min(reach.next_at for reach in reaches)),
            "one_more_hour_saves": money(more.reach.one_more_hour_saves, self.currency),
            "one_more_hour_in": more.team,
            "one_person_less_costs": money(less.reach.one_person_less_costs, self.currency),
            "one_person_less_in": less.team,
        }


def _work(
    rows: GroupedRows, items: RankingInputs, ranking: Ranking, queued: np.ndarray
) -> QueuedWork:
    """Return the rows at some places, with the exceptions that each of them is about."""
    n, of_item = len(items.loss), rows.groups.of_item
    position = np.full(len(ranking.tier), -1)
    position[queued] = np.arange(len(queued))
    row_of = position[np.where(of_item == ALONE, np.arange(n), n + of_item)]
    about = np.flatnonzero(row_of >= 0)
    return QueuedWork(items, about, row_of[about], ranking.touch_hours[queued])
