"""All open exceptions in memory, as the arrays that the ranking rule reads."""

import sys
import threading
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Self

import numpy as np

from data.ledger.incidents import Incident
from models.loss_curve import CURVE_AGES_HOURS
from models.ranking.incidents import ALONE
from models.ranking.pricing import PricedExceptions
from serving.live_list.open_incidents import OpenIncidents
from serving.scoring.assessment import Assessment
from serving.wire.exception_in import ExceptionIn
from serving.wire.stored_exception import reading, stored_exception

MAX_ENDS_REMEMBERED = 20_000
"""Exceptions that ended lately: what was read of them before they ended comes too late."""
_FIRST_CAPACITY = 1_024


@dataclass(frozen=True, slots=True)
class OpenRow:
    """Row of one open exception on the list.

    Payload and assessment stay packed, as JSON: a list of 100,000 would be a gigabyte of objects,
    and people open a few of them. What filters and searches read lies beside.

    Attributes:
        id: Of the exception.
        revision: Of the exception.
        scored_at_ms: Tick at which it was assessed.
        model_version: What assessed it; None without a model.
        is_degraded: True if no model scored it.
        team: Team that should have it.
        category: Category by which the list is filtered: the predicted one, else the type as
            raised.
        words: What a search looks through, case-folded.
    """

    id: str
    revision: int
    scored_at_ms: int
    model_version: str | None
    is_degraded: bool
    team: str | None
    category: str | None
    words: str
    _payload: bytes
    _assessment: bytes

    @classmethod
    def read(cls, exception_id: str, revision: int, *, payload: str, assessment: str) -> Self:
        """Read a row as the ledger stores it.

        Raises:
            UnreadableRowError: It can't be read; that is logged and counted.
        """
        exception = stored_exception(exception_id, payload)
        with reading(exception_id):
            judged = Assessment.from_json(assessment)
            category = judged.category.label or exception.known_type
            return cls(
                exception_id,
                revision,
                scored_at_ms=judged.scored_at_ms,
                model_version=_shared(judged.model_version),
                is_degraded=judged.degraded,
                team=_shared(judged.team),
                category=_shared(category),
                words=_words(exception_id, exception, category, judged.team),
                _payload=_packed(payload),
                _assessment=_packed(assessment),
            )

    @property
    def exception(self) -> ExceptionIn:
        """The exception, unpacked anew at each call."""
        return stored_exception(self.id, _unpacked(self._payload))

    @property
    def assessment(self) -> Assessment:
        """The assessment, unpacked anew at each call."""
        return Assessment.from_json(self.assessment_text)

    @property
    def assessment_text(self) -> str:
        """The assessment as the ledger stores it."""
        return _unpacked(self._assessment)

    def assessed(self, assessment: str) -> Self:
        """Return the row with another assessment, as the ledger stores it."""
        payload = _unpacked(self._payload)
        return self.read(self.id, self.revision, payload=payload, assessment=assessment)


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode(), level=1)


def _unpacked(packed: bytes) -> str:
    return zlib.decompress(packed).decode()


def _shared(word: str | None) -> str | None:
    """Return a word of which many rows have the same."""
    return None if word is None else sys.intern(word)


def _words(
    exception_id: str, exception: ExceptionIn, category: str | None, team: str | None
) -> str:
    """Return all that a search finds an exception by."""
    words: list[str | None] = [
        exception.external_id,
        exception.message,
        exception.type,
        exception.reason_code,
        category,
        team,
        exception_id,
    ]
    if order := exception.order:
        address, customer = order.shipping_address, order.customer
        words += [order.order_number, order.external_id, order.channel]
        words += [line.sku for line in order.line_items]
        words += [address.city, address.country_code] if address else []
        words += [customer.external_id, customer.segment] if customer else []
    plain = "\n".join(word for word in words if word)
    return f"{plain}\n{plain.replace('_', ' ')}".casefold()


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

    def put(self, row: OpenRow) -> None:
        """Add or replace one; an older revision or assessment is ignored, also of what ended."""
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
            for name, value in row.assessment.terms.items():
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
        with self._lock:
            numbers = self._arrays["incidents"][: len(self._row_of)]
            return int(np.count_nonzero(numbers == self.incidents.number(incident_id)))

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
