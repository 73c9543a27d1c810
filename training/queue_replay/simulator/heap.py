"""Binary heaps side by side in a few arrays: lowest key first, then lowest tie. Compiled."""

# pyright: reportArgumentType=false, reportReturnType=false
# An element of an array is a plain number once compiled; the types of numpy do not say so.

from typing import NamedTuple

import numpy as np
from numba import njit


class Heaps(NamedTuple):
    """Several heaps, each in its own stretch of the arrays.

    Attributes:
        key: What a visit is sorted by.
        visit: The visit.
        begin: For each heap, where its stretch begins.
        size: For each heap, how many are in it.
        tie: For each visit, what equal keys are sorted by; no two alike.
    """

    key: np.ndarray
    visit: np.ndarray
    begin: np.ndarray
    size: np.ndarray
    tie: np.ndarray


def heaps(rooms: np.ndarray, tie: np.ndarray) -> Heaps:
    """Return empty heaps.

    Args:
        rooms: For each heap, the most that will ever be in it at once.
        tie: For each visit, what equal keys are sorted by.
    """
    rooms = np.asarray(rooms, np.int64)
    room = int(rooms.sum())
    begin = np.cumsum(rooms) - rooms
    key, visit = np.zeros(room), np.zeros(room, np.int64)
    return Heaps(key, visit, begin, np.zeros(len(rooms), np.int64), tie.astype(np.int64))


@njit(nogil=True)
def push(of: Heaps, which: int, key: float, visit: int) -> None:
    """Put a visit into a heap."""
    place = of.size[which]
    of.size[which] = place + 1
    _rise(of, of.begin[which], place, key, visit)


@njit(nogil=True)
def pop(of: Heaps, which: int) -> int:
    """Take the first visit out of a heap that is not empty."""
    begin, left = of.begin[which], of.size[which] - 1
    first = of.visit[begin]
    of.size[which] = left
    if left:
        _sink(of, begin, left, 0, of.key[begin + left], of.visit[begin + left])
    return first


@njit(nogil=True)
def order_again(of: Heaps, which: int) -> None:
    """Make it a heap again after keys were changed in place."""
    begin, size = of.begin[which], of.size[which]
    for place in range(size // 2 - 1, -1, -1):
        _sink(of, begin, size, place, of.key[begin + place], of.visit[begin + place])


@njit(nogil=True)
def _rise(of: Heaps, begin: int, place: int, key: float, visit: int) -> None:
    while place:
        above = (place - 1) >> 1
        if not _before(of, key, visit, begin + above):
            break
        of.key[begin + place], of.visit[begin + place] = _at(of, begin + above)
        place = above
    of.key[begin + place], of.visit[begin + place] = key, visit


@njit(nogil=True)
def _sink(of: Heaps, begin: int, size: int, place: int, key: float, visit: int) -> None:
    while 2 * place + 1 < size:
        below = 2 * place + 1
        if below + 1 < size:
            right_key, right = _at(of, begin + below + 1)
            if _before(of, right_key, right, begin + below):
                below += 1
        if _before(of, key, visit, begin + below):
            break
        of.key[begin + place], of.visit[begin + place] = _at(of, begin + below)
        place = below
    of.key[begin + place], of.visit[begin + place] = key, visit


@njit(nogil=True)
def _at(of: Heaps, place: int) -> tuple[float, int]:
    return of.key[place], of.visit[place]


@njit(nogil=True)
def _before(of: Heaps, key: float, visit: int, place: int) -> bool:
    other = of.key[place]
    return key < other or (key == other and of.tie[visit] < of.tie[of.visit[place]])
