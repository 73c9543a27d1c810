"""The open incidents in memory, each by a number that its members carry in arrays."""

from collections.abc import Iterable, Mapping

from data.ledger.incidents import Incident
from models.ranking.incidents import ALONE

NO_INCIDENT = -2
"""Number that no exception carries."""


class OpenIncidents:
    """Open incidents, and the exceptions, open or not, that belong to them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._open: dict[int, Incident] = {}
        self._number_of: dict[str, int] = {}
        self._revisions: dict[str, int] = {}

    def is_newest(self, incident: Incident) -> bool:
        """Return whether no newer revision was taken over, and note this one."""
        newest = max(self._revisions.get(incident.id, 0), incident.revision)
        self._revisions[incident.id] = newest
        return newest == incident.revision

    def put(self, incident: Incident) -> int:
        """Add or replace one; return its number."""
        number = self._numbers.setdefault(incident.id, len(self._numbers))
        self._open[number] = incident
        return number

    def remove(self, incident_id: str) -> None:
        """Forget one that was closed, and who belonged to it."""
        number = self._numbers.get(incident_id, ALONE)
        if self._open.pop(number, None) is not None:
            self._number_of = {
                exception_id: of for exception_id, of in self._number_of.items() if of != number
            }

    def number(self, incident_id: str) -> int:
        """Return the number of an incident that is or was open; `NO_INCIDENT` for any other."""
        return self._numbers.get(incident_id, NO_INCIDENT)

    def get(self, incident_id: str) -> Incident | None:
        """Return an incident, None if it is not open."""
        return self._open.get(self._numbers.get(incident_id, ALONE))

    def join(self, exception_ids: Iterable[str], number: int) -> None:
        """Let exceptions belong to the incident of a number."""
        self._number_of.update(dict.fromkeys(exception_ids, number))

    def leave(self, exception_ids: Iterable[str]) -> None:
        """Let exceptions belong to none."""
        for exception_id in exception_ids:
            self._number_of.pop(exception_id, None)

    def members(self, number: int) -> set[str]:
        """Return the exceptions, open or not, that belong to the incident of a number."""
        return {exception_id for exception_id, of in self._number_of.items() if of == number}

    def number_of(self, exception_id: str) -> int:
        """Return the number of the incident that an exception belongs to, `ALONE` if to none."""
        return self._number_of.get(exception_id, ALONE)

    def of_exception(self, exception_id: str) -> Incident | None:
        """Return the open incident that an exception belongs to."""
        return self._open.get(self.number_of(exception_id))

    def frozen(self) -> Mapping[int, Incident]:
        """Return the open incidents by their numbers, as they are now."""
        return dict(self._open)
