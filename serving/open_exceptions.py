"""All open exceptions in memory, as the arrays that the ranking rule reads."""

import threading
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from models.ranking_rule import CURVE_AGES_HOURS
from models.scored import Scored
from serving.payload import ExceptionIn
from serving.scoring import Opinion

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
    """The open exceptions at one moment; arrays of one length.

    Attributes:
        scored: What the ranking rule reads.
        rows: `OpenRow`s.
        keys: Numbers that name a row for as long as it is open.
        teams: Who should have them.
        categories: What they are filtered by.
    """

    scored: Scored
    rows: np.ndarray
    keys: np.ndarray
    teams: np.ndarray
    categories: np.ndarray


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
            self._arrays["teams"][place] = row.opinion.team
            self._arrays["categories"][place] = row.category
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
        beside = {name: copies.pop(name) for name in Frozen._fields if name in copies}
        return Frozen(Scored(**copies), **beside)


def _arrays(capacity: int) -> dict[str, np.ndarray]:
    kinds: dict[str, Any] = {"ids": "U30", "detected_at": np.int64, "due_at": np.int64,
                             "lost": bool, "always_first": bool}  # fmt: skip
    shapes = {"curve": (capacity, len(CURVE_AGES_HOURS))}
    arrays: dict[str, np.ndarray] = {
        f.name: np.zeros(shapes.get(f.name, capacity), kinds.get(f.name, np.float64))
        for f in fields(Scored)
    }
    beside = {name: np.empty(capacity, object) for name in ("rows", "teams", "categories")}
    return arrays | beside | {"keys": np.zeros(capacity, np.int64)}
