"""Capacity: the reach of the people on shift down the list, and the worth of an hour. Pure.

A crew takes its rows in the order of the list, each for its expected touch time, in its working
hours. What will still come in is not known and not counted: the line is where work stands at the
end of the shift if nothing new goes first.
"""

from dataclasses import dataclass, replace

import numpy as np

from data.ticks import MS_PER_HOUR
from models.ranking.rule import RankingInputs
from models.ranking.waiting_cost import losses_after
from models.worktime.shifts import TeamHours


@dataclass(frozen=True)
class QueuedWork:
    """r rows of a list, the first to be worked on first, and the n exceptions that they are about.

    Attributes:
        items: All exceptions of the list.
        item_rows: n positions of items.
        row_of: n positions of rows: an incident is one row of many exceptions.
        touch_hours: r expected touch times; above 0.
    """

    items: RankingInputs
    item_rows: np.ndarray
    row_of: np.ndarray
    touch_hours: np.ndarray


@dataclass(frozen=True)
class TeamReach:
    """Reach of one team down the list; money as expected now, of the rows in question.

    Attributes:
        people: How many are there.
        until: Tick at which their shift ends.
        next_at: Tick at which the next one begins.
        reached: For each row whether its work begins before `until`; who has begun also ends.
        lost_by_then: What the rows not reached lose by `until`, over starting them now.
        lost_by_next: The same by `next_at`.
        one_more_hour_saves: What is saved if one person stays an hour longer.
        one_person_less_costs: What is lost if one of them leaves now and is back at `next_at`.
    """

    people: int
    until: int
    next_at: int
    reached: np.ndarray
    lost_by_then: float
    lost_by_next: float
    one_more_hour_saves: float
    one_person_less_costs: float


def team_reach(work: QueuedWork, shifts: TeamHours, now: int) -> TeamReach | None:
    """Return how far a crew gets; None while nobody is there.

    Args:
        work: The crew's rows.
        shifts: The team's shifts, in order, from the one under way on: two at least.
        now: Tick.
    """
    if shifts.opens_at[0] > now:
        return None
    ahead = replace(shifts, opens_at=np.maximum(shifts.opens_at, now))
    until, next_at = int(ahead.closes_at[0]), int(ahead.opens_at[1])
    begins = (np.cumsum(work.touch_hours) - work.touch_hours) * MS_PER_HOUR
    reached = begins < _room(ahead)[0]
    plans = [
        _starts(begins, plan) for plan in (ahead, _an_hour_longer(ahead), _one_person_less(ahead))
    ]
    moments = [np.full(len(begins), moment) for moment in (now, until, next_at)]
    waits = (np.stack(plans + moments, axis=1) - now) / MS_PER_HOUR
    losses = losses_after(work.items, work.item_rows, waits[work.row_of])
    whole, longer, fewer = losses[:, :3].sum(axis=0).tolist()
    begun, then, following = losses[~reached[work.row_of], 3:].sum(axis=0).tolist()
    return TeamReach(
        int(ahead.people[0]),
        until,
        next_at,
        reached,
        lost_by_then=then - begun,
        lost_by_next=following - begun,
        one_more_hour_saves=whole - longer,
        one_person_less_costs=fewer - whole,
    )


def _room(shifts: TeamHours) -> np.ndarray:
    """Ticks of work that each shift has room for."""
    return (shifts.closes_at - shifts.opens_at) * shifts.people


def _starts(begins: np.ndarray, shifts: TeamHours) -> np.ndarray:
    """Return the moment at which each piece of work begins; at the end where there is no room.

    Args:
        begins: Ticks of work that are done before it.
        shifts: Shifts from now on.
    """
    room = _room(shifts)
    ends = np.cumsum(room)
    shift = np.minimum(np.searchsorted(ends, begins, side="right"), len(ends) - 1)
    into = (begins - (ends - room)[shift]) / shifts.people[shift]
    return np.minimum(shifts.opens_at[shift] + into, shifts.closes_at[shift])


def _an_hour_longer(shifts: TeamHours) -> TeamHours:
    """One person goes on for an hour when the first shift ends."""
    end = shifts.closes_at[0]
    return TeamHours(
        np.insert(shifts.opens_at, 1, end),
        np.insert(shifts.closes_at, 1, end + MS_PER_HOUR),
        np.insert(shifts.people, 1, 1),
    )


def _one_person_less(shifts: TeamHours) -> TeamHours:
    """One person leaves the first shift."""
    people = shifts.people.copy()
    people[0] -= 1
    there = people > 0
    return TeamHours(shifts.opens_at[there], shifts.closes_at[there], people[there])
