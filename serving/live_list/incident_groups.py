"""Incidents among the rows of the work list: one row stands for many open exceptions. No HTTP."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from data.ledger.incidents import Incident
from data.policy.policy import Policy
from data.ticks import MISSING_TICK
from models.ranking.incidents import ALONE, IncidentGroups, rank_incidents, with_fix_time
from models.ranking.inputs import RankingInputs
from models.ranking.rule import Ranking
from models.worktime.shifts import WorkClock
from serving.live_list.open_exceptions import OpenArrays
from serving.live_list.open_row import OpenRow


@dataclass(frozen=True)
class IncidentRow:
    """Row of one incident on the list, computed from its open members.

    Attributes:
        incident: As the ledger holds it.
        members: How many are open.
        team: The most frequent among them.
        category: The most frequent.
        loss: Money at stake, of all together.
        detected_at: Tick at which the first was.
        due_at: Tick at which the next deadline passes, else the last one has; `MISSING_TICK` if
            there is none.
    """

    incident: Incident
    members: int
    team: str | None
    category: str | None
    loss: float
    detected_at: int
    due_at: int

    @property
    def id(self) -> str:
        """The incident's."""
        return self.incident.id

    @property
    def is_degraded(self) -> bool:
        """Never told by itself: a group without a score has none."""
        return False

    @property
    def revision(self) -> int:
        """The incident's."""
        return self.incident.revision


class UnfoldedRows(NamedTuple):
    """(n,) rows of exceptions, members one by one, and (n,) the row that each is part of."""

    exceptions: np.ndarray
    row_of: np.ndarray


@dataclass(frozen=True)
class GroupedRows:
    """The rows of a list of n open exceptions with g incidents.

    Place i below n is an exception, n + i an incident. Members are places, but no rows.

    Attributes:
        open: The exceptions.
        groups: Which of them are members.
        incidents: The rows of the incidents.
    """

    open: OpenArrays
    groups: IncidentGroups
    incidents: list[IncidentRow]

    @classmethod
    def of(cls, now_open: OpenArrays, now_ms: int) -> Self:
        """Find the incidents among what is open at a moment."""
        keys, which = np.unique(now_open.incidents, return_inverse=True)
        incidents, numbers = [], np.full(len(keys), ALONE)
        for i, key in enumerate(keys.tolist()):
            if key in now_open.by_number:
                numbers[i] = len(incidents)
                incidents.append(now_open.by_number[key])
        groups = IncidentGroups(numbers[which], len(incidents))
        return cls(now_open, groups, _rows(now_open, groups, incidents, now_ms))

    def items(self, policy: Policy, clock: WorkClock | None, now_ms: int) -> RankingInputs:
        """Return what is ranked: members have the touch time of the one fix."""
        return with_fix_time(
            self.open.scored.at(now_ms, clock),
            self.groups,
            p50_minutes=policy.incidents.fix_minutes_p50,
            p90_minutes=policy.incidents.fix_minutes_p90,
        )

    def ranked(self, alone: Ranking, items: RankingInputs, policy: Policy) -> Ranking:
        """Rank the rows, from the ranking of all exceptions, each by itself."""
        return rank_incidents(alone, items, self.groups, rerank_band=policy.guards.rerank_band)

    def ranks(self, order: np.ndarray) -> np.ndarray:
        """Return for each place its rank, from 1; a member has that of its incident."""
        n = len(self.open.rows)
        rank_of = np.zeros(n + self.groups.count, np.int64)
        rank_of[order] = np.arange(1, len(order) + 1)
        inside = np.flatnonzero(self.groups.of_item != ALONE)
        rank_of[inside] = rank_of[n + self.groups.of_item[inside]]
        return rank_of

    def at(self, row: int) -> OpenRow | IncidentRow:
        """Return what stands at a place."""
        n = len(self.open.rows)
        return self.open.rows[row] if row < n else self.incidents[row - n]

    def row_of(self, row_id: str) -> int | None:
        """Return the place of an exception or an incident, None if it is not open."""
        for group, incident in enumerate(self.incidents):
            if incident.id == row_id:
                return len(self.open.rows) + group
        matches = np.flatnonzero(self.open.scored.ids == row_id)
        return int(matches[0]) if len(matches) else None

    def are_of(self, row: int) -> np.ndarray:
        """Return for each exception whether it is a member of the incident at a place."""
        return self.groups.of_item == row - len(self.open.rows)

    def incident_of(self, row: int) -> Incident | None:
        """Return the incident at a place, or that of the exception there."""
        shown_row = self.at(row)
        if isinstance(shown_row, IncidentRow):
            return shown_row.incident
        return self.open.by_number.get(int(self.open.incidents[row]))

    def unfolded(self, rows: np.ndarray) -> UnfoldedRows:
        """Return the exceptions at some places, members one by one, and for each the row it is of.

        What is asked of exceptions can so be summed up by rows: rows count from 0, as `places` do.
        """
        n = len(self.open.rows)
        parts = [np.array([p]) if p < n else np.flatnonzero(self.are_of(p)) for p in rows.tolist()]
        whole = np.concatenate([rows[:0], *parts])
        row_of = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        return UnfoldedRows(whole, row_of)

    @cached_property
    def teams(self) -> np.ndarray:
        """For each place who should have it."""
        return _and(self.open.teams, [incident.team for incident in self.incidents])

    @cached_property
    def categories(self) -> np.ndarray:
        """For each place what it is filtered by."""
        return _and(self.open.categories, [incident.category for incident in self.incidents])

    @cached_property
    def degraded(self) -> np.ndarray:
        """For each place whether no model scored it; never so of an incident."""
        alone = np.fromiter((row.is_degraded for row in self.open.rows), bool, len(self.open.rows))
        return np.append(alone, np.zeros(len(self.incidents), bool))

    @cached_property
    def losses(self) -> np.ndarray:
        """For each place the money at stake."""
        return np.append(self.open.scored.loss, [incident.loss for incident in self.incidents])

    @cached_property
    def due_at(self) -> np.ndarray:
        """For each place the tick of its deadline, `MISSING_TICK` without one."""
        of_incidents = np.array([incident.due_at for incident in self.incidents], np.int64)
        return np.append(self.open.scored.due_at, of_incidents)


def _rows(
    now_open: OpenArrays, groups: IncidentGroups, incidents: list[Incident], now_ms: int
) -> list[IncidentRow]:
    scored = now_open.scored
    ahead = np.where(scored.due_at > now_ms, scored.due_at, np.inf)
    next_due, last_due = groups.minima(ahead), -groups.minima(-scored.due_at.astype(np.float64))
    due = np.where(np.isfinite(next_due), next_due, last_due)
    columns = (
        groups.sums(np.ones(len(now_open.rows))).astype(int).tolist(),
        groups.commonest(now_open.teams).tolist(),
        groups.commonest(now_open.categories).tolist(),
        groups.sums(scored.loss).tolist(),
        groups.minima(scored.detected_at).astype(np.int64).tolist(),
        np.where(due < 0, MISSING_TICK, due).astype(np.int64).tolist(),
    )
    return [IncidentRow(*row) for row in zip(incidents, *columns, strict=True)]


def _and(exceptions: np.ndarray, incidents: list[str | None]) -> np.ndarray:
    whole = np.empty(len(exceptions) + len(incidents), object)
    whole[: len(exceptions)] = exceptions
    whole[len(exceptions) :] = incidents
    return whole
