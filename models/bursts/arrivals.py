"""The arrivals of the last weeks, row by row: what a cause is looked for in."""

import numpy as np

from data.ticks import MS_PER_WEEK
from models.bursts.keys import MAX_ATTRIBUTES, NOTHING
from models.bursts.rates import ClockMoment
from models.bursts.weekly_clock import WeekClock

Cause = tuple[tuple[int, int], ...]
"""One or two values, each as its column and code."""
USUAL = -1
"""Owner of a row that belongs to no burst."""
MAX_ROWS = 200_000
WEEKS = 4
_FIRST_ROOM = 4_096


class RecentArrivals:
    """Rows in order of detection; those older than four weeks, or beyond the most, are let go.

    Rows have numbers that never change, the next one is `end`.

    Attributes:
        first: The oldest row that is kept.
        end: One after the newest.
    """

    def __init__(self) -> None:
        self.first, self.end = 0, 0
        self._base = 0
        self._ids: list[str] = []
        self._ticks = np.zeros(_FIRST_ROOM, np.int64)
        self._hours = np.zeros(_FIRST_ROOM)
        self._weights = np.zeros(_FIRST_ROOM)
        self._of_week = np.zeros(_FIRST_ROOM, np.int16)
        self._owners = np.full(_FIRST_ROOM, USUAL, np.int32)
        self._codes = np.full((_FIRST_ROOM, MAX_ATTRIBUTES), NOTHING, np.int32)

    def add(self, id_: str, clock: WeekClock, codes: np.ndarray, owner: int) -> int:
        """Append an arrival that happens now; return its number."""
        at = self.end - self._base
        if at == len(self._ticks):
            self._make_room()
            at = self.end - self._base
        self._ids.append(id_)
        self._ticks[at], self._hours[at] = clock.tick, clock.hours
        self._weights[at], self._of_week[at] = clock.weight, clock.hour_of_week
        self._codes[at], self._owners[at] = codes, owner
        self.end += 1
        return self.end - 1

    def id(self, row: int) -> str:
        """Return the name of the exception."""
        return self._ids[row - self._base]

    def codes(self, row: int) -> np.ndarray:
        """Return the values of a row, by column."""
        return self._codes[row - self._base]

    def tick(self, row: int) -> int:
        """Return when it came."""
        return int(self._ticks[row - self._base])

    def when(self, row: int) -> ClockMoment:
        """Return when it came, on the week clock."""
        at = row - self._base
        return ClockMoment(float(self._hours[at]), float(self._weights[at]), int(self._of_week[at]))

    def owner(self, row: int) -> int:
        """Return the burst that a row belongs to, or `USUAL`."""
        return int(self._owners[row - self._base])

    def own(self, rows: np.ndarray, owner: int) -> None:
        """Say which burst rows belong to."""
        self._owners[rows - self._base] = owner

    def since_hours(self, hours: float) -> int:
        """Return the first row that came at or after a moment of the week clock."""
        stored = self._hours[self.first - self._base : self.end - self._base]
        return self.first + int(np.searchsorted(stored, hours))

    def since_tick(self, tick: int) -> int:
        """Return the first row that came at or after a tick."""
        stored = self._ticks[self.first - self._base : self.end - self._base]
        return self.first + int(np.searchsorted(stored, tick))

    def table(self, begin: int, end: int | None = None) -> "ArrivalRows":
        """Return rows from `begin` on, of all owners."""
        part = slice(begin - self._base, (self.end if end is None else end) - self._base)
        return ArrivalRows(begin, self._hours[part], self._owners[part], self._codes[part])

    def named(self, ids: set[str]) -> list[int]:
        """Return the rows of exceptions, as far as they are kept."""
        start = self.first - self._base
        return [row for row, id_ in enumerate(self._ids[start:], self.first) if id_ in ids]

    def rescale(self, factor: float) -> None:
        """Multiply all weights."""
        self._weights *= factor

    def _make_room(self) -> None:
        """Let the oldest go; double the room if that gave little."""
        newest = self._ticks[self.end - self._base - 1]
        oldest = self.since_tick(int(newest) - WEEKS * MS_PER_WEEK)
        self.first = max(oldest, self.end - MAX_ROWS)
        gone = self.first - self._base
        room = len(self._ticks) * (2 if gone < len(self._ticks) // 2 else 1)
        for name in ("_ticks", "_hours", "_weights", "_of_week", "_owners", "_codes"):
            array = getattr(self, name)
            moved = np.zeros((room, *array.shape[1:]), array.dtype)
            moved[: len(array) - gone] = array[gone:]
            setattr(self, name, moved)
        del self._ids[:gone]
        self._base = self.first


class ArrivalRows:
    """Some rows of the past, as arrays.

    Attributes:
        begin: The number of the first.
        hours: Of the week clock.
        owners: Numbers of bursts.
        codes: By column.
        unexplained: Those of no burst (a mask).
    """

    def __init__(
        self, begin: int, hours: np.ndarray, owners: np.ndarray, codes: np.ndarray
    ) -> None:
        self.begin, self.hours, self.owners, self.codes = begin, hours, owners, codes
        self.unexplained = owners == USUAL

    def __len__(self) -> int:
        return len(self.hours)

    def with_all(self, cause: Cause) -> np.ndarray:
        """Return which rows have all values of a cause (a mask)."""
        mask = np.ones(len(self), bool)
        for column, code in cause:
            mask &= self.codes[:, column] == code
        return mask
