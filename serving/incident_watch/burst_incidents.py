"""Incidents by the bursts that they were made of, in every process."""

from data.ledger.incidents import Incident
from serving.incident_watch.evidence import stored_facts


class BurstIncidents:
    """The incidents whose bursts go on, or that still have members."""

    def __init__(self) -> None:
        self._of_burst: dict[str, Incident] = {}

    def take(self, incident: Incident) -> None:
        """Take over an incident as the ledger holds it; an older revision is ignored.

        One that was split as a whole is followed until its burst is over: nobody joins it, and its
        cause makes no other.
        """
        facts = stored_facts(incident)
        taken = self._of_burst.get(facts.burst_id)
        if taken is not None and taken.id == incident.id and taken.revision > incident.revision:
            return
        if facts.is_over and incident.closed_at_ms is not None:
            self._of_burst.pop(facts.burst_id, None)
        else:
            self._of_burst[facts.burst_id] = incident

    def get(self, burst_id: str) -> Incident | None:
        """Return the incident of a burst; None where it has none, or both are over."""
        return self._of_burst.get(burst_id)

    def over(self) -> list[Incident]:
        """Return those that are not closed although their burst is over."""
        return [
            incident
            for incident in self._of_burst.values()
            if incident.closed_at_ms is None and stored_facts(incident).is_over
        ]
