"""Urgency: the priority of a row by what the people on shift can do about it. Pure.

- p1: its latest safe start comes before its next turn, and the people on shift get to it;
- p2: it comes before the shift under way ends, or the next one where nobody is there;
- p3: it can wait longer;
- p4: nothing is lost by waiting, or all is lost already.

What a rule or its age puts first is p1.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from data.domain import Priority
from data.policy.policy import Policy
from data.ticks import MS_PER_HOUR
from models.ranking.rule import Ranking, Tier
from models.ranking.staffing import shifts_from

HOURS_OF_A_SHIFT = 8.0
"""Of teams that work round the clock."""
MIN_LOSS_SHARE = 0.01
"""Share of the stake; if waiting for ever loses less, it loses nothing."""


class TeamTurn(NamedTuple):
    """Horizons of a team.

    Attributes:
        turn_hours: Hours, as they pass, until its look-ahead has been worked.
        shift_hours: Hours until the shift under way ends, or the next one where nobody is there.
        on_shift: Whether somebody is there.
    """

    turn_hours: float
    shift_hours: float
    on_shift: bool


class Urgency(NamedTuple):
    """Grounds of priorities at a moment.

    Attributes:
        policy: What the company prefers.
        now: Tick.
        lowest_reached: By team, the score from which on the people on shift get to a row; a team
            that is not named gets to all.
    """

    policy: Policy
    now: int
    lowest_reached: Mapping[str, float]

    def _turn(self, team: str) -> TeamTurn:
        """Return the horizons of a team; one without shifts works round the clock."""
        look_ahead, shifts = self.policy.guards.look_ahead_minutes / 60, self.policy.shifts
        if team not in shifts.teams:
            return TeamTurn(look_ahead, HOURS_OF_A_SHIFT, on_shift=True)
        ahead = shifts_from(shifts.teams[team], shifts.timezone, self.now)
        turn = (float(ahead.moments(self.now, np.array([look_ahead]))[0]) - self.now) / MS_PER_HOUR
        ends = (int(ahead.closes_at[0]) - self.now) / MS_PER_HOUR
        return TeamTurn(turn, ends, bool(ahead.opens_at[0] <= self.now))

    def priorities(self, ranking: Ranking, teams: np.ndarray) -> np.ndarray:
        """Return the word of the priority of n rows.

        Args:
            ranking: Of the rows; safe starts in hours as they pass. Scores are known.
            teams: n names; None for a row without a team.
        """
        if self.policy.priority.by == "money":
            return self.policy.bands.priorities(ranking.score)
        names, code = np.unique(np.array([team or "" for team in teams], str), return_inverse=True)
        turns = [self._turn(name) for name in names.tolist()]
        turn, shift = (np.array([each[i] for each in turns])[code] for i in range(2))
        there = np.array([each.on_shift for each in turns])[code]
        lowest = np.array([self.lowest_reached.get(name, -np.inf) for name in names.tolist()])[code]
        safe, tier = ranking.safe_start_hours, ranking.tier
        nothing = ranking.loss_never - ranking.loss_now <= MIN_LOSS_SHARE * ranking.loss_never
        conditions = [
            tier <= Tier.OLDEST,
            nothing | (tier == Tier.LOST),
            (safe <= turn) & there & (ranking.score >= lowest),
            safe <= shift,
        ]
        words = [Priority.P1, Priority.P4, Priority.P1, Priority.P2]
        return np.select(conditions, [word.value for word in words], Priority.P3.value).astype(
            object
        )
