"""How far the people on shift get down the list, and what an hour more or less is worth. Pure.

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
        about: n positions of items.
        row_of: n positions of rows: an incident is one row of many exceptions.
        touch_hours: r expected touch times; above 0.
    """

    items: RankingInputs
    about: np.ndarray
    row_of: np.ndarray
    touch_hours: np.ndarray


@dataclass(frozen=True)
class CrewReach:
    """How far one crew gets; money as expected now, of the rows that were asked about.

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


def reach(work: QueuedWork, crew: TeamHours, now: int) -> CrewReach | None:
    """Return how far a crew gets; None while nobody is there.

    Args:
        work: The crew's rows.
        crew: Their shifts, in order, from the one under way on: two at least.
        now: Tick.
    """
    if crew.opens_at[0] > now:
        return None
    left = replace(crew, opens_at=np.maximum(crew.opens_at, now))
    until, next_at = int(left.closes_at[0]), int(left.opens_at[1])
    begins = (np.cumsum(work.touch_hours) - work.touch_hours) * MS_PER_HOUR
    reached = begins < _room(left)[0]
    plans = [_starts(begins, one) for one in (left, _an_hour_longer(left), _one_less(left))]
    moments = [np.full(len(begins), moment) for moment in (now, until, next_at)]
    waits = (np.stack(plans + moments, axis=1) - now) / MS_PER_HOUR
    losses = losses_after(work.items, work.about, waits[work.row_of])
    whole, longer, fewer = losses[:, :3].sum(axis=0).tolist()
    begun, then, following = losses[~reached[work.row_of], 3:].sum(axis=0).tolist()
    return CrewReach(
        int(left.people[0]),
        until,
        next_at,
        reached,
        lost_by_then=then - begun,
        lost_by_next=following - begun,
        one_more_hour_saves=whole - longer,
        one_person_less_costs=fewer - whole,
    )


def _room(crew: TeamHours) -> np.ndarray:
    """Ticks of work that each shift has room for."""
    return (crew.closes_at - crew.opens_at) * crew.people


def _starts(begins: np.ndarray, crew: TeamHours) -> np.ndarray:
    """Return the moment at which each piece of work begins; at the end where there is no room.

    Args:
        begins: Ticks of work that are done before it.
        crew: Shifts from now on.
    """
    room = _room(crew)
    ends = np.cumsum(room)
    place = np.minimum(np.searchsorted(ends, begins, side="right"), len(ends) - 1)
    into = (begins - (ends - room)[place]) / crew.people[place]
    return np.minimum(crew.opens_at[place] + into, crew.closes_at[place])


def _an_hour_longer(crew: TeamHours) -> TeamHours:
    """One person goes on for an hour when the first shift ends."""
    end = crew.closes_at[0]
    return TeamHours(
        np.insert(crew.opens_at, 1, end),
        np.insert(crew.closes_at, 1, end + MS_PER_HOUR),
        np.insert(crew.people, 1, 1),
    )


def _one_less(crew: TeamHours) -> TeamHours:
    """One person leaves the first shift."""
    people = crew.people.copy()
    people[0] -= 1
    there = people > 0
    return TeamHours(crew.opens_at[there], crew.closes_at[there], people[there])
