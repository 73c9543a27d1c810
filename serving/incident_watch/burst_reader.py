"""Bursts are looked for in the ledger's events, each of which is read once. No asyncio in it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from data.ledger.incidents import Incident, Member, first_event_since, incidents_of, members_of
from data.ledger.ledger import Ledger, LedgerEvent
from data.policy.incidents import IncidentTerms
from data.ticks import MS_PER_HOUR
from features.exceptions.columns import TEXTS
from models.bursts.attributes import burst_values
from models.bursts.detector import Arrival, Burst, Detector
from serving.incident_watch.evidence import stored_facts
from serving.scoring.columns import columns_of
from serving.wire.exception_in import OURS
from serving.wire.stored_exception import UnreadableRowError, stored_exception

MAX_EVENTS_AT_ONCE = 500
LEARNED_MS = 8 * 7 * 24 * MS_PER_HOUR
TAKEN_IN = ("created",)


@dataclass
class BurstScan:
    """Changes of one burst while some events were read.

    Attributes:
        burst: As it is now.
        joined: Who joined it.
        is_over: It ended.
    """

    burst: Burst
    joined: list[str] = field(default_factory=list)
    is_over: bool = False


class BurstReader:
    """A detector that has learned the last weeks, and goes on where the last one stopped."""

    def __init__(self, ledger: Ledger, terms: IncidentTerms, seq: int, now_ms: int) -> None:
        """Learn from the events up to `seq`; it takes a while."""
        self._ledger = ledger
        self._late_ms = int(terms.longest_hours * MS_PER_HOUR)
        self._newest_ms = 0
        self._detector = Detector(terms)
        with ledger.reading() as connection:
            incidents = [
                incident
                for incident in incidents_of(connection, is_open=False)
                if incident.closed_at_ms is None or incident.known_at_ms >= now_ms - LEARNED_MS
            ]
            members = members_of(connection, [incident.id for incident in incidents])
            first = first_event_since(connection, now_ms - LEARNED_MS)
        evidence = {incident.id: stored_facts(incident) for incident in incidents}
        muted = {incident.id for incident in incidents if incident.closed_at_ms is not None}
        self._learn(first - 1, seq, {
            m.exception_id: evidence[m.incident_id].burst_id
            for m in members
            if m.left_at_ms is None or m.incident_id in muted
        })  # fmt: skip
        for incident in incidents:
            if not evidence[incident.id].is_over:
                left = () if incident.id in muted else _left(incident, members)
                stored = evidence[incident.id].stored_burst(incident.began_at_ms, left)
                self._detector.adopt(stored)

    def _learn(self, after: int, until: int, burst_of: dict[str, str]) -> None:
        while events := self._ledger.events_after(after, TAKEN_IN, MAX_EVENTS_AT_ONCE):
            after = events[-1].seq
            for arrival in self._in_time([event for event in events if event.seq <= until]):
                self._detector.learn(arrival, burst_of.get(arrival.id))
            if after >= until:
                return

    def _in_time(self, events: Sequence[LedgerEvent]) -> list[Arrival]:
        """Leave out what comes so late that no window holds it: it is nothing of the present."""
        arrivals = []
        for arrival in arrivals_of(events):
            if arrival.tick >= self._newest_ms - self._late_ms:
                self._newest_ms = max(self._newest_ms, arrival.tick)
                arrivals.append(arrival)
        return arrivals

    def observe(self, events: Sequence[LedgerEvent]) -> list[BurstScan]:
        """Take in what came in; return the bursts that this changes."""
        scans: dict[str, BurstScan] = {}
        for arrival in self._in_time(events):
            for change in self._detector.observe(arrival):
                scan = scans.setdefault(change.burst.id, BurstScan(change.burst))
                scan.joined += change.members
                scan.is_over |= change.kind == "closed"
        return list(scans.values())

    def end(self, burst_id: str) -> None:
        """Heed that a person ended a burst; its value may burst again, as another one."""
        if burst_id in self._detector.bursts:
            self._detector.close(burst_id)

    def let_go(self, burst_id: str, exception_ids: Sequence[str]) -> None:
        """Heed that members were split off a burst: they never come back to it."""
        if burst_id in self._detector.bursts:
            self._detector.exclude(burst_id, exception_ids)


def _left(incident: Incident, members: Sequence[Member]) -> tuple[str, ...]:
    return tuple(
        m.exception_id for m in members if m.incident_id == incident.id and m.left_at_ms is not None
    )


def arrivals_of(events: Sequence[LedgerEvent]) -> list[Arrival]:
    """Return what came in and can be read, in the order of the events.

    An exception counts as of its detection, but never as of later than it came in: no source may
    push the detector's clock into the future. What the service raised itself is no arrival. What
    a model predicts is not read: it would depend on the champion, and give away what is hidden
    from the people who judge.
    """
    readable = []
    for event in events:
        if event.by != OURS:
            with suppress(UnreadableRowError):
                readable.append((event, stored_exception(event.exception_id, event.body or "{}")))
    columns = columns_of([exception for _, exception in readable], {})
    arrivals = []
    for i, (event, exception) in enumerate(readable):
        texts = {name: columns[name][i] for name in TEXTS}
        tick = min(event.occurred_at_ms, event.known_at_ms)
        arrivals.append(
            Arrival(event.exception_id, tick, burst_values(texts, exception.attributes))
        )
    return arrivals
