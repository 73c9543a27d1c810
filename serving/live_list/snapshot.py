"""The work list as it stands at one moment: what is open, ranked by the rule.

Lists of now and of the past are made here alike: from what was open, by what, and when.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from data.policy.policy import Policy
from models.ranking.inputs import RankingInputs
from models.ranking.pricing import rank_by_policy
from models.ranking.rule import Ranking
from models.ranking.staffing import in_wall_hours, work_clock
from models.ranking.urgency import Urgency
from models.worktime.shifts import WorkClock
from serving.live_list.capacity import CapacityLines
from serving.live_list.claim_board import ClaimBoard
from serving.live_list.incident_groups import GroupedRows
from serving.live_list.open_exceptions import OpenArrays
from serving.scoring.answer import RankedRow
from serving.wire.answers import StampOut
from serving.wire.formats import rfc3339


class SnapshotFilters(NamedTuple):
    """Filters of rows; None for all."""

    team: str | None = None
    category: str | None = None
    incident_id: str | None = None


class RankingContext(NamedTuple):
    """By what a list is ranked.

    Attributes:
        policy: What the company prefers.
        model_version: Of the champion in use; None where there is none, and the fallback ranks.
    """

    policy: Policy
    model_version: str | None


@dataclass(frozen=True)
class Snapshot:
    """The list as ranked at one moment.

    Attributes:
        number: A cursor names it.
        now_ms: When.
        judges: By what.
        rows: What was open; its places are those of the ranking.
        items: The exceptions as they were ranked.
        clock: By whose working hours; None where all work round the clock.
        ranking: By the rule. The order leaves out the members of incidents.
        item_order: Places of all exceptions, each by itself.
        rank_of: For each place its rank, from 1.
        lines: How far the people on shift get.
        teams: Teams whose exceptions it holds; None for all.
    """

    number: int
    now_ms: int
    judges: RankingContext
    rows: GroupedRows
    items: RankingInputs
    clock: WorkClock | None
    ranking: Ranking
    item_order: np.ndarray
    rank_of: np.ndarray
    lines: CapacityLines
    teams: frozenset[str] | None = None
    _filtered: dict[SnapshotFilters, np.ndarray] = field(default_factory=dict)
    _narrowed: "dict[frozenset[str], Snapshot]" = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        now_open: OpenArrays,
        judges: RankingContext,
        now_ms: int,
        *,
        number: int,
        teams: frozenset[str] | None = None,
    ) -> Self:
        """Rank what is open; `teams` says whose that is, None for all."""
        degraded = judges.model_version is None
        rows = GroupedRows.of(now_open, now_ms)
        clock = work_clock(judges.policy.shifts, now_open.teams, now_ms)
        items = rows.items(judges.policy, clock, now_ms)
        alone = rank_by_policy(items, judges.policy, degraded=degraded)
        ranked = rows.ranked(in_wall_hours(alone, clock, now_ms), items, judges.policy)
        return cls(
            number=number,
            now_ms=now_ms,
            judges=judges,
            rows=rows,
            items=items,
            clock=clock,
            ranking=ranked,
            item_order=alone.order,
            rank_of=rows.ranks(ranked.order),
            lines=CapacityLines.of(rows, items, ranked, policy=judges.policy, now_ms=now_ms),
            teams=teams,
        )

    def of_teams(self, teams: frozenset[str]) -> "Snapshot":
        """Return the same list of some teams' exceptions alone, ranked among each other."""
        if teams not in self._narrowed:
            self._narrowed[teams] = Snapshot.of(
                self.open.of_teams(teams),
                self.judges,
                self.now_ms,
                number=self.number,
                teams=teams,
            )
        return self._narrowed[teams]

    @property
    def open(self) -> OpenArrays:
        """The exceptions that were open."""
        return self.rows.open

    @property
    def order(self) -> np.ndarray:
        """Places of the rows, the first to be worked on first."""
        return self.ranking.order

    @property
    def policy(self) -> Policy:
        """Policy in use."""
        return self.judges.policy

    @property
    def degraded(self) -> bool:
        """True if it was ranked by the fallback."""
        return self.judges.model_version is None

    @cached_property
    def priorities(self) -> np.ndarray:
        """For each place its priority; None where nothing scored it."""
        unscored = self.rows.degraded | np.isnan(self.ranking.score)
        if unscored.all():
            return np.full(len(unscored), None, object)
        urgency = Urgency(self.policy, self.now_ms, self.lowest_reached)
        priorities = urgency.priorities(self.ranking, self.rows.teams)
        priorities[unscored] = None
        return priorities

    @cached_property
    def lowest_reached(self) -> dict[str, float]:
        """For each team on shift that does not get to all its rows, the score it gets down to."""
        left = {team: line.first_left for team, line in self.lines.by_team.items()}
        scores = self.ranking.score[self.order]
        return {team: float(scores[rank - 1]) for team, rank in left.items() if rank is not None}

    def matching(self, filters: SnapshotFilters) -> np.ndarray:
        """Return the places of the wanted rows, in order."""
        if filters == SnapshotFilters():
            return self.order
        if filters not in self._filtered:
            order = self.order if filters.incident_id is None else self.members(filters.incident_id)
            is_match = np.ones(len(order), bool)
            for values, word in zip((self.rows.teams, self.rows.categories), filters, strict=False):
                if word is not None:
                    is_match &= values[order] == word
            self._filtered[filters] = order[is_match]
        return self._filtered[filters]

    def members(self, incident_id: str) -> np.ndarray:
        """Return the places of an incident's open members, in order; none if it is not open."""
        row = self.rows.row_of(incident_id)
        if row is None:
            return self.item_order[:0]
        return self.item_order[self.rows.are_of(row)[self.item_order]]

    def row_of(self, row_id: str) -> int | None:
        """Return the place of an exception or an incident, None if it is not open."""
        return self.rows.row_of(row_id)

    def ranked_row(self, row: int) -> RankedRow:
        """Return where the rule puts a row."""
        return RankedRow.of(self.ranking, self.priorities, row)

    def team_back_at(self, row: int) -> str | None:
        """Return when the team of a row is there again; None while it is."""
        back_at = self.lines.back_at.get(self.rows.teams[row] or "")
        return None if back_at is None else rfc3339(back_at)

    def stamp(self) -> StampOut:
        """Return what an answer made of it carries: by which model and policy, as of when."""
        return {
            "model_version": self.judges.model_version,
            "policy_version": self.policy.label,
            "scored_at": rfc3339(self.now_ms),
            "degraded": self.degraded,
        }


class ListView(NamedTuple):
    """View of a list: its snapshot, claims and moment.

    Attributes:
        snapshot: What was open, ranked.
        claims: Who had what.
        now_ms: When it is, or was, looked at.
    """

    snapshot: Snapshot
    claims: ClaimBoard
    now_ms: int
