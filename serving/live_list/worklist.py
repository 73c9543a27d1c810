"""The work list: all open exceptions in memory, ranked as of now without a new prediction.

The list is ranked when someone looks: at once after a change while it is short, else once a second.
A reader pages through the ranking that the first page came from, so that no row is shown twice or
left out while the list moves on.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Collection, Mapping
from functools import partial

from data.ledger.incidents import Incident
from data.ledger.ledger import ExceptionRecord
from data.policy.policy import Policy
from serving.clock import Clock
from serving.live_list.as_of import PastLists
from serving.live_list.claim_board import ClaimBoard
from serving.live_list.open_exceptions import OpenExceptions
from serving.live_list.open_row import ReadRow
from serving.live_list.paging import Bookmark, Page, cut, read_cursor
from serving.live_list.snapshot import ListView, RankingContext, Snapshot, SnapshotFilters
from serving.wire.stored_exception import UnreadableRowError

MAX_ROWS_RANKED_AT_ONCE = 2_000
RANK_EVERY_MS = 1_000
SNAPSHOTS_FOR_PAGING = 8


class Worklist:
    """The open exceptions and their rankings.

    Attributes:
        open: The exceptions.
        claims: Who has which of them.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        claims: ClaimBoard,
        past_lists: PastLists,
        model_version: Callable[[], str | None],
        clock: Clock,
    ) -> None:
        """Begin with an empty list.

        Args:
            policy: Ranks it.
            claims: Who has which rows.
            past_lists: The lists of moments that are over.
            model_version: Returns the champion in use, None without one.
            clock: Tells the present.
        """
        self.open = OpenExceptions()
        self.unreadable: set[str] = set()
        """Ids of the open exceptions that can't be read: they are not on the list."""
        self.claims = claims
        self.lowest_reached: dict[str, float] = {}
        """By team, the score from which on the people on shift get to a row; as ranked last."""
        self._policy = policy
        self._past_lists = past_lists
        self._model_version = model_version
        self._clock = clock
        self._latest: Snapshot | None = None
        self._paged: deque[Snapshot] = deque(maxlen=SNAPSHOTS_FOR_PAGING)
        self._changes = 0
        self._ranked_changes = -1
        self._ranking = asyncio.Lock()
        self._first_number = secrets.randbits(40)
        """Rankings are numbered from here: a cursor of another process names none of this one."""

    def show(self, record: ExceptionRecord) -> None:
        """Put an exception on the list, or take it off, as the ledger holds it.

        One that can't be read is left out, and its id noted in `unreadable`.
        """
        self.show_row(record, readable_row(record))

    def show_row(self, record: ExceptionRecord, row: ReadRow | None) -> None:
        """Put an exception on the list by the row that was read of it; None takes it off."""
        self.unreadable.discard(record.id)
        if not record.is_open:
            self.remove(record.id, record.revision)
        elif row is None:
            self.unreadable.add(record.id)
        else:
            self.put(row)

    def put(self, row: ReadRow) -> None:
        """Add or replace an open exception."""
        self.open.put(row)
        self._changes += 1

    def remove(self, exception_id: str, revision: int) -> None:
        """Take an exception that ended at a revision off the list; its claim ends."""
        self.open.remove(exception_id, revision)
        self.claims.end(exception_id)
        self._changes += 1

    def remove_all(self, revisions: Mapping[str, int]) -> None:
        """Take many exceptions off at once, each at its last revision; their claims end."""
        self.open.remove_all(revisions)
        for exception_id in revisions:
            self.claims.end(exception_id)
        self._changes += 1

    def join(self, incident: Incident, exception_ids: Collection[str]) -> None:
        """Let an incident, as it is now, have more members: one row together."""
        self.open.join(incident, exception_ids)
        self._changes += 1

    def leave(self, incident: Incident, exception_ids: Collection[str]) -> None:
        """Let members of an incident go: they are rows of their own again."""
        self.open.leave(incident, exception_ids)
        self._changes += 1

    def replace_members(self, incident: Incident, exception_ids: Collection[str]) -> None:
        """Let an incident, as it is now, have exactly these members."""
        self.open.replace_members(incident, exception_ids)
        self._changes += 1

    async def view(self, at_ms: int | None = None) -> ListView:
        """Return the list of now, or of a moment that is over.

        Raises:
            BadPayloadError: There is no list as of that moment.
        """
        now_ms = self._clock()
        if at_ms is None:
            return ListView(await self.ranked(), self.claims, now_ms)
        return await self._past_lists.at(at_ms, now_ms=now_ms)

    async def ranked(self) -> Snapshot:
        """Return the list as ranked now, or at most a second ago."""
        now_ms, model_version = self._clock(), self._model_version()
        async with self._ranking:
            latest, judges = self._latest, RankingContext(self._policy, model_version)
            if latest is None or self._is_stale(latest, now_ms, judges):
                changes = self._changes
                number = self._first_number if latest is None else latest.number + 1
                rank = partial(Snapshot.of, self.open.frozen(), judges, now_ms, number=number)
                at_once = len(self.open) <= MAX_ROWS_RANKED_AT_ONCE
                latest = rank() if at_once else await asyncio.to_thread(rank)
                self._latest, self._ranked_changes = latest, changes
                self.lowest_reached.clear()
                self.lowest_reached.update(latest.lowest_reached)
            return latest

    def _is_stale(self, latest: Snapshot, now_ms: int, judges: RankingContext) -> bool:
        changed = self._changes != self._ranked_changes
        at_once = changed and len(self.open) <= MAX_ROWS_RANKED_AT_ONCE
        old = abs(now_ms - latest.now_ms) >= RANK_EVERY_MS
        return at_once or old or latest.judges.model_version != judges.model_version

    def page(
        self, filters: SnapshotFilters, limit: int, cursor: str | None, latest: Snapshot
    ) -> Page:
        """Return rows of the list: of the latest ranking, or of the one that a cursor goes on in.

        Raises:
            BadPayloadError: The cursor was not given by this service.
        """
        read = Bookmark(latest.number, 0) if cursor is None else read_cursor(cursor)
        listed = (read.number, latest.teams)
        paged = (each for each in self._paged if (each.number, each.teams) == listed)
        snapshot = next(paged, latest)
        page = cut(snapshot, filters, read.begin, limit)
        if page.next_cursor is not None and snapshot not in self._paged:
            self._paged.append(snapshot)
        return page


def readable_row(record: ExceptionRecord) -> ReadRow | None:
    """Return the row of an open exception; None where it has ended, or can't be read."""
    if not record.is_open:
        return None
    try:
        return ReadRow.read(
            record.id, record.revision, payload=record.payload, assessment=record.opinion
        )
    except UnreadableRowError:
        return None
