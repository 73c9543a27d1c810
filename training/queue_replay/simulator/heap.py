"""Binary heaps side by side in a few arrays: lowest key first, then lowest tie. Compiled."""

# pyright: reportArgumentType=false, reportReturnType=false
# An element of an array is a plain number once compiled; the types of numpy do not say so.

from typing import NamedTuple

import numpy as np
from numba import njit


class Heaps(NamedTuple):
    """Several heaps, each in its own stretch of the arrays.

    Attributes:
        key: Sort key of each entry.
        visit: Visit of each entry.
        begin: For each heap, the first entry of its stretch.
        size: For each heap, its number of visits.
        tie: For each visit, the rank by which equal keys are sorted; no two alike.
    """

    key: np.ndarray
    visit: np.ndarray
    begin: np.ndarray
    size: np.ndarray
    tie: np.ndarray


class HeapEntry(NamedTuple):
    """One visit in a heap, and its sort key."""

    key: float
    visit: int


def empty_heaps(capacities: np.ndarray, tie: np.ndarray) -> Heaps:
    """Return empty heaps.

    Args:
        capacities: For each heap, the largest number of visits in it at once.
        tie: For each visit, what equal keys are sorted by.
    """
    capacities = np.asarray(capacities, np.int64)
    total = int(capacities.sum())
    begin = np.cumsum(capacities) - capacities
    key, visit = np.zeros(total), np.zeros(total, np.int64)
    return Heaps(key, visit, begin, np.zeros(len(capacities), np.int64), tie.astype(np.int64))


@njit(nogil=True)
def push(heaps: Heaps, heap: int, key: float, visit: int) -> None:
    """Put a visit into a heap."""
    node = heaps.size[heap]
    heaps.size[heap] = node + 1
    _sift_up(heaps, heaps.begin[heap], node, key, visit)


@njit(nogil=True)
def pop(heaps: Heaps, heap: int) -> int:
    """Take the first visit out of a heap that is not empty."""
    begin, size = heaps.begin[heap], heaps.size[heap] - 1
    first = heaps.visit[begin]
    heaps.size[heap] = size
    if size:
        _sift_down(heaps, begin, size, 0, heaps.key[begin + size], heaps.visit[begin + size])
    return first


@njit(nogil=True)
def heapify(heaps: Heaps, heap: int) -> None:
    """Restore the heap order after keys were changed in place."""
    begin, size = heaps.begin[heap], heaps.size[heap]
    for node in range(size // 2 - 1, -1, -1):
        _sift_down(heaps, begin, size, node, heaps.key[begin + node], heaps.visit[begin + node])


@njit(nogil=True)
def _sift_up(heaps: Heaps, begin: int, node: int, key: float, visit: int) -> None:
    while node:
        parent = (node - 1) >> 1
        if not _precedes(heaps, key, visit, begin + parent):
            break
        heaps.key[begin + node], heaps.visit[begin + node] = _entry(heaps, begin + parent)
        node = parent
    heaps.key[begin + node], heaps.visit[begin + node] = key, visit


@njit(nogil=True)
def _sift_down(heaps: Heaps, begin: int, size: int, node: int, key: float, visit: int) -> None:
    while 2 * node + 1 < size:
        child = 2 * node + 1
        if child + 1 < size:
            right_key, right = _entry(heaps, begin + child + 1)
            if _precedes(heaps, right_key, right, begin + child):
                child += 1
        if _precedes(heaps, key, visit, begin + child):
            break
        heaps.key[begin + node], heaps.visit[begin + node] = _entry(heaps, begin + child)
        node = child
    heaps.key[begin + node], heaps.visit[begin + node] = key, visit


@njit(nogil=True)
def _entry(heaps: Heaps, row: int) -> HeapEntry:
    return HeapEntry(heaps.key[row], heaps.visit[row])


@njit(nogil=True)
def _precedes(heaps: Heaps, key: float, visit: int, row: int) -> bool:
    other = heaps.key[row]
    return key < other or (key == other and heaps.tie[visit] < heaps.tie[heaps.visit[row]])
