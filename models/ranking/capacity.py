"""Capacity: the reach of the people on shift down the list, and the worth of an hour. Pure.

A crew takes its rows in the order of the list, each for its expected touch time, in its working
hours. What will still come in is not known and not counted: the line is where work stands at the
end of the shift if nothing new goes first.
"""

from dataclasses import dataclass, replace

import numpy as np

from data.ticks import MS_PER_HOUR
from models.loss_curve import ages_of
from models.ranking.inputs import RankingInputs, Timing, WorkHours
from models.ranking.start_loss import losses_if_begun
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

    @property
    def begins(self) -> np.ndarray:
        """Ticks (float) of work that are done before each row."""
        return (np.cumsum(self.touch_hours) - self.touch_hours) * MS_PER_HOUR


@dataclass(frozen=True)
class TeamReach:
    """Reach of one team down the list; money as expected now, of the rows in question.

    Attributes:
        people: How many are there.
        until: Tick at which their shift ends.
        next_at: Tick at which the next one begins.
        reached: For each row whether its work begins before `until`; who has begun also ends.
        lost_below: What the rows not reached lose if they are begun at `next_at`, over now.
        one_more_hour_saves: What is saved if one person stays an hour longer.
        one_person_less_costs: What is lost if one of them leaves now and is back at `next_at`.
    """

    people: int
    until: int
    next_at: int
    reached: np.ndarray
    lost_below: float
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
    begins = work.begins
    reached = begins < _room(ahead)[0]
    items = work.items.take(work.item_rows)
    plans = [_starts(begins, plan) for plan in (ahead, _one_person_less(ahead))]
    moments = [np.full(len(begins), moment) for moment in (now, next_at)]
    waits = ahead.open_hours(now, np.stack(plans + moments, axis=1))
    losses = losses_if_begun(items, waits[work.row_of])
    whole, fewer = losses[:, :2].sum(axis=0).tolist()
    begun, following = losses[~reached[work.row_of], 2:].sum(axis=0).tolist()
    return TeamReach(
        int(ahead.people[0]),
        until,
        next_at,
        reached,
        lost_below=following - begun,
        one_more_hour_saves=_saved_by_overtime(work, items, ahead, losses[:, 0], now),
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


def _saved_by_overtime(
    work: QueuedWork, items: RankingInputs, ahead: TeamHours, losses: np.ndarray, now: int
) -> float:
    """Return what is saved if one person goes on for an hour when the first shift ends.

    What is worked on in that hour loses what it would by a calendar with the hour in it; the rest
    loses as ever, and nothing loses more than without the hour.
    """
    closes, opens = int(ahead.closes_at[0]), int(ahead.opens_at[1])
    ends = min(closes + MS_PER_HOUR, opens)
    longer = TeamHours(
        np.insert(ahead.opens_at, 1, closes),
        np.insert(ahead.closes_at, 1, closes + MS_PER_HOUR),
        np.insert(ahead.people, 1, 1),
    )
    starts = _starts(work.begins, longer)[work.row_of]

    def gained(moments: np.ndarray) -> np.ndarray:
        return (np.clip(moments, closes, ends) - closes) / MS_PER_HOUR

    usual, touch = Timing.of(items)
    to_ages = ages_of(items.curve_scale) - items.age_hours[:, None]
    by_overtime = WorkHours(
        usual.to_due + gained(now + items.hours_to_due * MS_PER_HOUR),
        usual.to_ages + gained(now + to_ages * MS_PER_HOUR),
        usual.late_hours,
    )
    waits = ahead.open_hours(now, starts)[:, None]
    usually = losses_if_begun(items, waits)[:, 0]
    late = losses_if_begun(items, waits + gained(starts)[:, None], Timing(by_overtime, touch))[:, 0]
    is_late = (starts < ends) & (starts + (work.touch_hours * MS_PER_HOUR)[work.row_of] > closes)
    return float((losses - np.minimum(np.where(is_late, late, usually), losses)).sum())


def _one_person_less(shifts: TeamHours) -> TeamHours:
    """One person leaves the first shift."""
    people = shifts.people.copy()
    people[0] -= 1
    there = people > 0
    return TeamHours(shifts.opens_at[there], shifts.closes_at[there], people[there])
