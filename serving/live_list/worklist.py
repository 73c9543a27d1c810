"""The work list: all open exceptions in memory, ranked as of now without a new prediction.

The list is ranked when someone looks: at once after a change while it is short, else once a second.
A reader pages through the ranking that the first page came from, so that no row is shown twice or
left out while the list moves on.
"""

import asyncio
from collections import deque
from collections.abc import Collection
from functools import partial

from data.ledger.incidents import Incident
from data.policy.policy import Policy
from serving.live_list.open_exceptions import OpenExceptions, OpenRow
from serving.live_list.paging import Bookmark, Page, cut, read_cursor
from serving.live_list.snapshot import RankingContext, Snapshot, SnapshotFilters

RANKED_AT_ONCE = 2_000
RANK_EVERY_MS = 1_000
KEPT_FOR_PAGING = 8


class Worklist:
    """The open exceptions and their rankings."""

    def __init__(self, policy: Policy) -> None:
        self.open = OpenExceptions()
        self._policy = policy
        self._latest: Snapshot | None = None
        self._paged: deque[Snapshot] = deque(maxlen=KEPT_FOR_PAGING)
        self._changes = 0
        self._ranked_changes = -1
        self._ranking = asyncio.Lock()

    def put(self, row: OpenRow) -> None:
        """Add or replace an open exception."""
        self.open.put(row)
        self._changes += 1

    def remove(self, exception_id: str) -> None:
        """Take an exception out that is not open any more."""
        self.open.remove(exception_id)
        self._changes += 1

    def remove_all(self, exception_ids: Collection[str]) -> None:
        """Take many exceptions out at once."""
        self.open.remove_all(exception_ids)
        self._changes += 1

    def join(self, incident: Incident, exception_ids: Collection[str]) -> None:
        """Let an incident, as it is now, have more members: one row together."""
        self.open.join(incident, exception_ids)
        self._changes += 1

    def leave(self, incident: Incident, exception_ids: Collection[str]) -> None:
        """Let members of an incident go: they are rows of their own again."""
        self.open.leave(incident, exception_ids)
        self._changes += 1

    async def ranked(self, now_ms: int, model_version: str | None) -> Snapshot:
        """Return the list as ranked now, or at most a second ago.

        Args:
            now_ms: The present.
            model_version: Of the champion in use, None without one.
        """
        async with self._ranking:
            latest, judges = self._latest, RankingContext(self._policy, model_version)
            if latest is None or self._is_stale(latest, now_ms, judges):
                changes = self._changes
                number = 1 if latest is None else latest.number + 1
                rank = partial(Snapshot.of, self.open.frozen(), judges, now_ms, number=number)
                at_once = len(self.open) <= RANKED_AT_ONCE
                latest = rank() if at_once else await asyncio.to_thread(rank)
                self._latest, self._ranked_changes = latest, changes
            return latest

    def _is_stale(self, latest: Snapshot, now_ms: int, judges: RankingContext) -> bool:
        changed = self._changes != self._ranked_changes
        at_once = changed and len(self.open) <= RANKED_AT_ONCE
        old = abs(now_ms - latest.now_ms) >= RANK_EVERY_MS
        return at_once or old or latest.judges.model_version != judges.model_version

    def page(
        self, filters: SnapshotFilters, limit: int, cursor: str | None, latest: Snapshot
    ) -> Page:
        """Return rows of the list: of the latest ranking, or of the one that a cursor goes on in.

        Raises:
            BadPayloadError: The cursor is none of ours.
        """
        read = Bookmark(latest.number, 0) if cursor is None else read_cursor(cursor)
        kept = next((one for one in self._paged if one.number == read.number), latest)
        page = cut(kept, filters, read.begin, limit)
        if page.next_cursor is not None and kept not in self._paged:
            self._paged.append(kept)
        return page
