"""Inputs of a simulation: the workload, the people, and the unrecorded facts of a scenario.

Moments are ticks (milliseconds since 1970, UTC); a moment that never comes is `NEVER`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from models.worktime.shifts import TeamHours


@dataclass(frozen=True)
class Workload:
    """n exceptions and their m visits to teams, as the history records them.

    A visit is one piece of work that one team does on one exception. The first visit of an
    exception can begin when the team got it; each later one some time after the one before ended.

    Attributes:
        ids: n exception ids.
        detected_at: n ticks.
        visit_of: m positions of exceptions, not falling: an exception's visits stand together.
        team: m codes of teams.
        ready_at: m ticks; of an exception's first visit, else 0.
        delay_ms: m waits after the visit before it, as recorded; 0 for a first visit.
        touch_ms: m pieces of work, above 0.
        may_self_resolve: m bools: the exception may resolve itself while this visit waits;
            never after it was resolved and opened again, nor once work on this visit has begun.
        started_at: m recorded begins, `NEVER` where none is recorded (self-resolved, or waiting).
        ended_at: m recorded ends, `NEVER` likewise.
        resolved_at: n recorded ends of the exception, `NEVER` while open.
        self_resolved: n bools: the record says that it resolved itself.
        teams: Names by code.
        team_hours: The hours and people of each team.
    """

    ids: np.ndarray
    detected_at: np.ndarray
    visit_of: np.ndarray
    team: np.ndarray
    ready_at: np.ndarray
    delay_ms: np.ndarray
    touch_ms: np.ndarray
    may_self_resolve: np.ndarray
    started_at: np.ndarray
    ended_at: np.ndarray
    resolved_at: np.ndarray
    self_resolved: np.ndarray
    teams: tuple[str, ...]
    team_hours: tuple[TeamHours, ...]


@dataclass(frozen=True)
class Scenario:
    """One draw of the unrecorded facts of the n exceptions of a `Workload`.

    Recorded facts are in it as recorded; the rest is drawn given the whole record.

    Attributes:
        lost_at: Tick at which the loss happens if it is still open then; `NEVER`.
        loss: Money that it costs then.
        self_resolves_at: Tick at which it resolves itself if nobody is at work on it then; `NEVER`.
    """

    lost_at: np.ndarray
    loss: np.ndarray
    self_resolves_at: np.ndarray


@dataclass(frozen=True)
class SimulationResult:
    """Result of one rule in one scenario.

    Attributes:
        started_at: m ticks at which the visits began, `NEVER` where none was needed any more.
        ended_at: m ticks.
        resolved_at: n ticks, `NEVER` for none.
        self_resolved: n bools: it resolved itself before anybody began.
        lost: n bools: the loss happened before the resolution.
        money_lost: n amounts.
    """

    started_at: np.ndarray
    ended_at: np.ndarray
    resolved_at: np.ndarray
    self_resolved: np.ndarray
    lost: np.ndarray
    money_lost: np.ndarray

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        *,
        started_at: np.ndarray,
        ended_at: np.ndarray,
        resolved_at: np.ndarray,
        self_resolved: np.ndarray,
    ) -> Self:
        """Charge each exception with its loss if that happened before its resolution."""
        lost = resolved_at > scenario.lost_at
        money = np.where(lost, scenario.loss, 0.0)
        return cls(
            started_at=started_at,
            ended_at=ended_at,
            resolved_at=resolved_at,
            self_resolved=self_resolved,
            lost=lost,
            money_lost=money,
        )
