"""The work list: all open exceptions in memory, ranked as of now without a new prediction.

The list is ranked when someone looks: at once after a change while it is short, else once a second.
A reader pages through the ranking that the first page came from, so that no row is shown twice or
left out while the list moves on.
"""

import asyncio
import binascii
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np
import orjson

from data.policy import Policy
from models.ranking_rule import CURVE_AGES_HOURS, Ranking
from models.scored import Scored, ranking
from serving.answers import MS_PER_HOUR, Place
from serving.payload import ExceptionIn
from serving.problems import BadPayloadError, Flaw
from serving.scoring import Opinion

RANKED_AT_ONCE = 2_000
RANK_EVERY_MS = 1_000
KEPT_FOR_PAGING = 8
_FIRST_CAPACITY = 1_024


@dataclass(frozen=True)
class OpenRow:
    """What the list shows of one open exception beside its scoring."""

    id: str
    revision: int
    exception: ExceptionIn
    opinion: Opinion

    @property
    def category(self) -> str | None:
        """What the list is filtered by: the predicted category, else the type as raised."""
        return self.opinion.category.label or self.exception.known_type


class Frozen(NamedTuple):
    """The open exceptions at one moment; arrays of one length. `keys` name rows for good."""

    scored: Scored
    rows: np.ndarray
    keys: np.ndarray


class OpenExceptions:
    """Arrays that are always dense: the last row moves into the place of one that leaves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._place: dict[str, int] = {}
        self._next_key = 0
        self._arrays = _arrays(_FIRST_CAPACITY)

    def __len__(self) -> int:
        return len(self._place)

    def get(self, exception_id: str) -> OpenRow | None:
        """Return one open exception, None if it is not open."""
        place = self._place.get(exception_id)
        return None if place is None else self._arrays["rows"][place]

    def put(self, row: OpenRow) -> None:
        """Add or replace one; an older revision than the one held is ignored."""
        with self._lock:
            place = self._place.get(row.id)
            if place is None:
                place = self._new_place(row.id)
            elif self._arrays["rows"][place].revision > row.revision:
                return
            self._arrays["rows"][place] = row
            self._arrays["ids"][place] = row.id
            for name, value in row.opinion.terms.items():
                self._arrays[name][place] = value

    def _new_place(self, exception_id: str) -> int:
        place = len(self._place)
        if place == len(self._arrays["ids"]):
            larger = _arrays(2 * place)
            for name, array in self._arrays.items():
                larger[name][:place] = array
            self._arrays = larger
        self._place[exception_id] = place
        self._arrays["keys"][place] = self._next_key
        self._next_key += 1
        return place

    def remove(self, exception_id: str) -> None:
        """Take one out, if it is there."""
        with self._lock:
            place = self._place.pop(exception_id, None)
            if place is None:
                return
            last = len(self._place)
            if place != last:
                for array in self._arrays.values():
                    array[place] = array[last]
                self._place[str(self._arrays["ids"][place])] = place
            self._arrays["rows"][last] = None

    def frozen(self) -> Frozen:
        """Return a copy that stays as it is."""
        with self._lock:
            n = len(self._place)
            copies = {name: array[:n].copy() for name, array in self._arrays.items()}
        rows, keys = copies.pop("rows"), copies.pop("keys")
        return Frozen(Scored(**copies), rows, keys)


def _arrays(capacity: int) -> dict[str, np.ndarray]:
    kinds: dict[str, Any] = {"ids": "U30", "detected_at": np.int64, "due_at": np.int64,
                             "lost": bool, "always_first": bool}  # fmt: skip
    shapes = {"curve": (capacity, len(CURVE_AGES_HOURS))}
    arrays: dict[str, np.ndarray] = {
        f.name: np.zeros(shapes.get(f.name, capacity), kinds.get(f.name, np.float64))
        for f in fields(Scored)
    }
    return arrays | {"rows": np.empty(capacity, object), "keys": np.zeros(capacity, np.int64)}


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
        held: The scores that the order goes by: those of before, where they moved but little.
        order: Places of the rows, the first to be worked on first.
        rank_of: For each row its rank, from 1.
    """

    number: int
    now_ms: int
    degraded: bool
    open: Frozen
    ranking: Ranking
    held: np.ndarray
    order: np.ndarray
    rank_of: np.ndarray
    _filtered: dict[Filters, np.ndarray] = field(default_factory=dict)

    def matching(self, filters: Filters) -> np.ndarray:
        """Return the places of the wanted rows, in order."""
        if filters == Filters():
            return self.order
        if filters not in self._filtered:
            rows = self.open.rows[self.order]
            wanted = [
                filters.team in (None, row.opinion.team)
                and filters.category in (None, row.category)
                for row in rows
            ]
            self._filtered[filters] = self.order[np.array(wanted, bool)]
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
        held = _held(before, now_open.keys, ranked.score, self._policy.guards.rerank_band)
        order = ranked.order
        if not degraded:
            scored = now_open.scored
            age = np.maximum(now_ms - scored.detected_at, 0) / MS_PER_HOUR
            order = np.lexsort((scored.ids, -age, -held, ranked.tier))
        rank_of = np.empty(len(order), np.int64)
        rank_of[order] = np.arange(1, len(order) + 1)
        number = 1 if before is None else before.number + 1
        return Snapshot(number, now_ms, degraded, now_open, ranked, held, order, rank_of)

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


def _held(before: Snapshot | None, keys: np.ndarray, score: np.ndarray, band: float) -> np.ndarray:
    """Keep the score that a row was last placed by, unless it moved by more than the band."""
    if before is None or not len(before.held) or before.degraded:
        return score
    sorting = np.argsort(before.open.keys)
    known = before.open.keys[sorting]
    found = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    last = np.where(known[found] == keys, before.held[sorting[found]], np.nan)
    return np.where(np.abs(score - last) <= band * np.abs(last), last, score)


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
