"""All open exceptions in memory, as the arrays that the ranking rule reads."""

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any, NamedTuple, Self

import numpy as np

from data.ledger.incidents import Incident
from models.loss_curve import CURVE_AGES_HOURS
from models.ranking.incidents import ALONE
from models.ranking.pricing import PricedExceptions
from serving.live_list.open_incidents import OpenIncidents
from serving.live_list.open_row import OpenRow, ReadRow

MAX_ENDS_REMEMBERED = 20_000
"""Exceptions that ended lately: what was read of them before they ended comes too late."""
NO_TEAM = "none"
"""Word for the team of an exception that has none."""
_FIRST_CAPACITY = 1_024


class OpenArrays(NamedTuple):
    """The open exceptions at one moment; arrays of one length.

    Attributes:
        scored: What the ranking rule reads.
        rows: `OpenRow`s.
        keys: Numbers that name a row for as long as it is open.
        incidents: Numbers of the incidents that they belong to; `ALONE` for none.
        by_number: The open incidents.
        teams: Who should have them.
        categories: What they are filtered by.
    """

    scored: PricedExceptions
    rows: np.ndarray
    keys: np.ndarray
    incidents: np.ndarray
    by_number: Mapping[int, Incident]
    teams: np.ndarray
    categories: np.ndarray

    def of_teams(self, teams: frozenset[str]) -> Self:
        """Return those that some teams should have."""
        rows = np.flatnonzero([of_teams(team, teams) for team in self.teams.tolist()])
        return self._replace(
            scored=self.scored.take(rows),
            rows=self.rows[rows],
            keys=self.keys[rows],
            incidents=self.incidents[rows],
            teams=self.teams[rows],
            categories=self.categories[rows],
        )


def of_teams(team: str | None, teams: frozenset[str]) -> bool:
    """Return whether an exception of a team belongs to some teams; `none` stands for no team."""
    return (team or NO_TEAM) in teams


class OpenExceptions:
    """Arrays that are always dense: the last row moves into the place of one that leaves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._row_of: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._next_key = 0
        self.incidents = OpenIncidents()
        self._arrays = _arrays(_FIRST_CAPACITY)

    def __len__(self) -> int:
        return len(self._row_of)

    def get(self, exception_id: str) -> OpenRow | None:
        """Return one open exception, None if it is not open."""
        row = self._row_of.get(exception_id)
        return None if row is None else self._arrays["rows"][row]

    def put(self, read: ReadRow) -> None:
        """Add or replace one; an older revision or assessment is ignored, also of what ended."""
        row = read.row
        with self._lock:
            if self._ended.get(row.id, 0) >= row.revision:
                return
            index = self._row_of.get(row.id)
            if index is None:
                index = self._new_row(row.id)
            elif _age(self._arrays["rows"][index]) > _age(row):
                return
            self._arrays["rows"][index] = row
            self._arrays["ids"][index] = row.id
            self._arrays["teams"][index] = row.team
            self._arrays["categories"][index] = row.category
            for name, value in read.assessment.terms.items():
                self._arrays[name][index] = value

    def _new_row(self, exception_id: str) -> int:
        row = len(self._row_of)
        if row == len(self._arrays["ids"]):
            larger = _arrays(2 * row)
            for name, array in self._arrays.items():
                larger[name][:row] = array
            self._arrays = larger
        self._row_of[exception_id] = row
        self._arrays["keys"][row] = self._next_key
        self._arrays["incidents"][row] = self.incidents.number_of(exception_id)
        self._next_key += 1
        return row

    def join(self, incident: Incident, exception_ids: Collection[str]) -> None:
        """Let an incident, as it is now, have more members, open or not."""
        with self._lock:
            if self.incidents.is_newest(incident):
                self._join(incident, exception_ids)

    def _join(self, incident: Incident, exception_ids: Collection[str]) -> None:
        number = self.incidents.put(incident)
        self.incidents.join(exception_ids, number)
        self._number(exception_ids, number)

    def replace_members(self, incident: Incident, exception_ids: Collection[str]) -> None:
        """Let an incident, as it is now, have exactly these members, open or not."""
        with self._lock:
            if not self.incidents.is_newest(incident):
                return
            before = self.incidents.members(self.incidents.put(incident))
            self._leave(incident, before.difference(exception_ids))
            if incident.closed_at_ms is None:
                self._join(incident, exception_ids)

    def leave(self, incident: Incident, exception_ids: Collection[str]) -> None:
        """Let members of an incident go, and the incident itself once it is closed."""
        with self._lock:
            if self.incidents.is_newest(incident):
                self._leave(incident, exception_ids)

    def _leave(self, incident: Incident, exception_ids: Collection[str]) -> None:
        self.incidents.leave(exception_ids)
        self._number(exception_ids, ALONE)
        if incident.closed_at_ms is None:
            self.incidents.put(incident)
        else:
            self.incidents.remove(incident.id)

    def count_members(self, incident_id: str) -> int:
        """Return how many members of an incident are open."""
        return len(self.member_teams(incident_id))

    def member_teams(self, incident_id: str) -> list[str | None]:
        """Return the team of each open member of an incident; none of one that was never open."""
        with self._lock:
            numbers = self._arrays["incidents"][: len(self._row_of)]
            members = numbers == self.incidents.number(incident_id)
            return self._arrays["teams"][: len(numbers)][members].tolist()

    def _number(self, exception_ids: Iterable[str], number: int) -> None:
        for exception_id in exception_ids:
            row = self._row_of.get(exception_id)
            if row is not None:
                self._arrays["incidents"][row] = number

    def remove(self, exception_id: str, revision: int) -> None:
        """Take out one that ended at a revision, if it is there and was not reopened since."""
        with self._lock:
            self._remember_end(exception_id, revision)
            row = self._row_of.get(exception_id)
            if row is None or self._arrays["rows"][row].revision > revision:
                return
            del self._row_of[exception_id]
            last = len(self._row_of)
            if row != last:
                for array in self._arrays.values():
                    array[row] = array[last]
                self._row_of[str(self._arrays["ids"][row])] = row
            self._arrays["rows"][last] = None

    def _remember_end(self, exception_id: str, revision: int) -> None:
        ended = max(self._ended.pop(exception_id, 0), revision)
        self._ended[exception_id] = ended
        if len(self._ended) > MAX_ENDS_REMEMBERED:
            del self._ended[next(iter(self._ended))]

    def remove_all(self, revisions: Mapping[str, int]) -> None:
        """Take out many at once, each at the revision at which it ended."""
        with self._lock:
            for exception_id, revision in revisions.items():
                self._remember_end(exception_id, revision)
            n = len(self._row_of)
            stays = np.ones(n, bool)
            stays[
                [
                    self._row_of[exception_id]
                    for exception_id in revisions
                    if exception_id in self._row_of
                ]
            ] = False
            left = int(stays.sum())
            for array in self._arrays.values():
                array[:left] = array[:n][stays]
            self._arrays["rows"][left:n] = None
            ids = self._arrays["ids"][:left].tolist()
            self._row_of = dict(zip(ids, range(left), strict=True))

    def frozen(self) -> OpenArrays:
        """Return a copy that stays as it is."""
        with self._lock:
            n = len(self._row_of)
            copies = {name: array[:n].copy() for name, array in self._arrays.items()}
            by_number = self.incidents.frozen()
        beside = {name: copies.pop(name) for name in OpenArrays._fields if name in copies}
        return OpenArrays(PricedExceptions(**copies), **beside, by_number=by_number)


def _arrays(capacity: int) -> dict[str, np.ndarray]:
    kinds: dict[str, Any] = {"ids": "U30", "detected_at": np.int64, "due_at": np.int64,
                             "lost": bool, "always_first": bool}  # fmt: skip
    shapes = {"curve": (capacity, len(CURVE_AGES_HOURS))}
    arrays: dict[str, np.ndarray] = {
        f.name: np.zeros(shapes.get(f.name, capacity), kinds.get(f.name, np.float64))
        for f in fields(PricedExceptions)
    }
    beside = {name: np.empty(capacity, object) for name in ("rows", "teams", "categories")}
    return arrays | beside | {name: np.zeros(capacity, np.int64) for name in ("keys", "incidents")}


def _age(row: OpenRow) -> tuple[int, int]:
    """Return what orders the states of one exception, the newest last."""
    return row.revision, row.scored_at_ms
