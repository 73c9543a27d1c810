"""The work list as one caller sees it: all of it, or the exceptions of their teams alone.

Whatever reads the list for a caller reads it here. Ranks, counts, money and incidents are those of
the exceptions that the caller sees.
"""

import asyncio

from data.ledger.incidents import Incident
from serving.live_list.claim_board import ClaimBoard
from serving.live_list.paging import Page
from serving.live_list.snapshot import ListView, Snapshot, SnapshotFilters
from serving.live_list.worklist import MAX_ROWS_RANKED_AT_ONCE, Worklist


class VisibleList:
    """View of the work list for one caller.

    Attributes:
        teams: Teams whose exceptions are shown; None for all.
    """

    def __init__(self, worklist: Worklist, teams: frozenset[str] | None = None) -> None:
        self._worklist = worklist
        self.teams = teams

    @property
    def claims(self) -> ClaimBoard:
        """Holders of rows."""
        return self._worklist.claims

    @property
    def unreadable_count(self) -> int:
        """Number of open exceptions that can't be read; nobody can say of which team they are."""
        return 0 if self.teams is not None else len(self._worklist.unreadable)

    def incident_of(self, exception_id: str) -> Incident | None:
        """Return the incident that an exception belongs to."""
        return self._worklist.open.incidents.of_exception(exception_id)

    def count_members(self, incident_id: str) -> int:
        """Return how many members of an incident are open, of whatever team."""
        return self._worklist.open.count_members(incident_id)

    async def view(self, at_ms: int | None = None) -> ListView:
        """Return the list of now, or of a moment that is over.

        Raises:
            BadPayloadError: There is no list as of that moment.
        """
        view = await self._worklist.view(at_ms)
        return view._replace(snapshot=await self._narrowed(view.snapshot))

    async def ranked(self) -> Snapshot:
        """Return the list as ranked now, or at most a second ago."""
        return await self._narrowed(await self._worklist.ranked())

    async def _narrowed(self, snapshot: Snapshot) -> Snapshot:
        if self.teams is None:
            return snapshot
        if len(snapshot.open.rows) <= MAX_ROWS_RANKED_AT_ONCE:
            return snapshot.of_teams(self.teams)
        return await asyncio.to_thread(snapshot.of_teams, self.teams)

    def page(
        self, filters: SnapshotFilters, limit: int, cursor: str | None, latest: Snapshot
    ) -> Page:
        """Return rows of the list, as `Worklist.page` does of the same teams."""
        return self._worklist.page(filters, limit, cursor, latest)
