"""The work list: all open exceptions in memory, ranked as of now without a new prediction.

The list is ranked when someone looks: at once after a change while it is short, else once a second.
A reader pages through the ranking that the first page came from, so that no row is shown twice or
left out while the list moves on.
"""

import asyncio
import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import orjson

from data.policy import Policy
from models.ranking_rule import Ranking
from models.scored import ranking
from serving.answers import Place
from serving.open_exceptions import Frozen, OpenExceptions, OpenRow
from serving.problems import BadPayloadError, Flaw

RANKED_AT_ONCE = 2_000
RANK_EVERY_MS = 1_000
KEPT_FOR_PAGING = 8


class Filters(NamedTuple):
    """Which rows are wanted; None for all."""

    team: str | None = None
    category: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """The list as ranked at one moment.

    Attributes:
        number: Counts rankings; a cursor names it.
        now_ms: When.
        degraded: Ranked by the fallback.
        open: What was open.
        ranking: By the rule.
        rank_of: For each row its rank, from 1.
    """

    number: int
    now_ms: int
    degraded: bool
    open: Frozen
    ranking: Ranking
    rank_of: np.ndarray
    _filtered: dict[Filters, np.ndarray] = field(default_factory=dict)

    @property
    def order(self) -> np.ndarray:
        """Places of the rows, the first to be worked on first."""
        return self.ranking.order

    def matching(self, filters: Filters) -> np.ndarray:
        """Return the places of the wanted rows, in order."""
        if filters == Filters():
            return self.order
        if filters not in self._filtered:
            wanted = np.ones(len(self.order), bool)
            for kept, word in zip((self.open.teams, self.open.categories), filters, strict=True):
                if word is not None:
                    wanted &= kept[self.order] == word
            self._filtered[filters] = self.order[wanted]
        return self._filtered[filters]

    def row_of(self, exception_id: str) -> int | None:
        """Return the place of an exception, None if it is not on the list."""
        found = np.flatnonzero(self.open.scored.ids == exception_id)
        return int(found[0]) if len(found) else None

    def place(self, row: int) -> Place:
        """Return where the rule puts a row."""
        return Place.of(self.ranking, row)


class Page(NamedTuple):
    """Some rows of a snapshot, and the cursor of what follows."""

    snapshot: Snapshot
    places: list[int]
    total: int
    next_cursor: str | None


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

    async def ranked(self, now_ms: int, *, degraded: bool) -> Snapshot:
        """Return the list as ranked now, or at most a second ago."""
        async with self._ranking:
            latest = self._latest
            if latest is None or self._is_stale(latest, now_ms, degraded=degraded):
                changes = self._changes
                work = (latest, now_ms)
                if len(self.open) <= RANKED_AT_ONCE:
                    latest = self._rank(*work, degraded=degraded)
                else:
                    latest = await asyncio.to_thread(self._rank, *work, degraded=degraded)
                self._latest, self._ranked_changes = latest, changes
            return latest

    def _is_stale(self, latest: Snapshot, now_ms: int, *, degraded: bool) -> bool:
        changed = self._changes != self._ranked_changes
        at_once = changed and len(self.open) <= RANKED_AT_ONCE
        old = abs(now_ms - latest.now_ms) >= RANK_EVERY_MS
        return at_once or old or latest.degraded != degraded

    def _rank(self, before: Snapshot | None, now_ms: int, *, degraded: bool) -> Snapshot:
        now_open = self.open.frozen()
        ranked = ranking(now_open.scored.at(now_ms), self._policy, degraded=degraded)
        rank_of = np.empty(len(ranked.order), np.int64)
        rank_of[ranked.order] = np.arange(1, len(rank_of) + 1)
        number = 1 if before is None else before.number + 1
        return Snapshot(number, now_ms, degraded, now_open, ranked, rank_of)

    async def page(
        self, filters: Filters, limit: int, cursor: str | None, *, now_ms: int, degraded: bool
    ) -> Page:
        """Return rows of the list.

        Raises:
            BadPayloadError: The cursor is none of ours.
        """
        latest = await self.ranked(now_ms, degraded=degraded)
        number, begin = (latest.number, 0) if cursor is None else _read_cursor(cursor)
        kept = next((one for one in self._paged if one.number == number), latest)
        matching = kept.matching(filters)
        end = begin + limit
        next_cursor = None
        if end < len(matching):
            next_cursor = _cursor(kept.number, end)
            if kept not in self._paged:
                self._paged.append(kept)
        return Page(kept, matching[begin:end].tolist(), len(matching), next_cursor)


def _cursor(number: int, begin: int) -> str:
    return urlsafe_b64encode(orjson.dumps([number, begin])).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[int, int]:
    try:
        number, begin = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(number, int) and isinstance(begin, int) and begin >= 0:
            return number, begin
    except (binascii.Error, ValueError, TypeError):
        pass
    raise BadPayloadError([Flaw("query/cursor", "is none that this service gave")])
