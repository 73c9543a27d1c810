"""Incidents are found on the stream of accepted exceptions, and kept.

A task reads the ledger's events. What it finds and how far it has read are written in one
transaction, so nothing is lost and nothing is done twice, whenever the service is killed. Intake
knows nothing of it and never waits for it.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from data.ledger.incidents import (
    Incident,
    incident_of,
    incidents_of,
    join,
    members_of,
    reader_position,
    record_change,
    save_incident,
    save_reader_position,
)
from data.ledger.intake import new_id
from data.ledger.ledger import Ledger
from data.ledger.tables import next_revision
from data.policy.policy import Policy
from serving.clock import Clock
from serving.incident_watch.burst_incidents import BurstIncidents
from serving.incident_watch.burst_reader import MAX_EVENTS_AT_ONCE, TAKEN_IN, BurstReader, BurstScan
from serving.incident_watch.evidence import IncidentFacts, stored_facts
from serving.live_list.worklist import Worklist
from serving.watch_lease import LeasedWriter

LOG = logging.getLogger("expedite.incidents")
READER = "bursts"


class IncidentChange(NamedTuple):
    """An incident as the ledger now holds it, and the exceptions that joined or left it."""

    incident: Incident
    exception_ids: list[str]


class IncidentWatch:
    """The watch over the stream, and what it finds.

    One process at a time reads the stream, by the lease of its writer. All of them know the
    incidents.

    Attributes:
        lock: Taken by whoever changes incidents: the watch, or an action of a person.
        seq: The last event that was read and whose findings are in the ledger.
        reader: Looks for bursts; None until it has learned, or after a failure.
    """

    def __init__(
        self,
        ledger: Ledger,
        writer: LeasedWriter,
        worklist: Worklist,
        *,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self.lock = asyncio.Lock()
        self.reader: BurstReader | None = None
        self._token: int | None = None
        self._ledger = ledger
        self._writer = writer
        self._worklist = worklist
        self._policy = policy
        self._clock = clock
        self._incidents = BurstIncidents()
        self._unheeded: list[IncidentChange] = []
        with ledger.writing() as connection:
            self.seq = reader_position(connection, READER)
            incidents = incidents_of(connection, is_open=False)
            still_open = [incident.id for incident in incidents if incident.closed_at_ms is None]
            members = members_of(connection, still_open)
        belong: dict[str, list[str]] = {}
        for member in members:
            if member.left_at_ms is None:
                belong.setdefault(member.incident_id, []).append(member.exception_id)
        for incident in incidents:
            self._incidents.take(incident)
            if incident.closed_at_ms is None:
                worklist.join(incident, belong.get(incident.id, []))

    async def look(self) -> int:
        """Read on, and keep what is found; return how many incidents changed."""
        async with self.lock:
            token = self._writer.token
            if token is None or token != self._token:
                # Another process may have read on meanwhile: what it found is learned anew.
                self.reader, self._token = None, token
            if token is None:
                return 0
            try:
                return await self._read_on() + await self._close_finished()
            except BaseException:
                # What the detector has seen and the ledger has not is learned anew.
                self.reader = None
                raise

    async def _read_on(self) -> int:
        count = 0
        if self.reader is None:
            self.reader = await asyncio.to_thread(self._learned)
        self._heed()
        read = partial(self._ledger.events_after, kinds=TAKEN_IN, limit=MAX_EVENTS_AT_ONCE)
        while events := await asyncio.to_thread(read, self.seq):
            scans = await asyncio.to_thread(self.reader.observe, events)
            changes = await self._writer.run(partial(self._store, scans, events[-1].seq))
            self.seq = events[-1].seq
            for incident, joined in changes:
                self._incidents.take(incident)
                if incident.closed_at_ms is None:
                    self._worklist.join(incident, joined)
            count += len(changes)
        return count

    def _learned(self) -> BurstReader:
        """Go on where the last reader stopped, in whichever process."""
        self._unheeded.clear()
        with self._ledger.writing() as connection:
            self.seq = reader_position(connection, READER)
            incidents = incidents_of(connection, is_open=False)
        for incident in incidents:
            self._incidents.take(incident)
        terms = self._policy.incidents
        return BurstReader(self._ledger, terms, seq=self.seq, now_ms=self._clock())

    def _store(
        self, scans: Sequence[BurstScan], seq: int, connection: Connection
    ) -> list[IncidentChange]:
        now_ms, changes = self._clock(), []
        for scan in scans:
            incident = self._state(connection, scan, now_ms)
            if incident is None:
                continue
            save_incident(connection, incident, now_ms=now_ms)
            joined = join(connection, incident, scan.joined, now_ms=now_ms)
            changes.append(IncidentChange(incident, joined))
        save_reader_position(connection, READER, seq)
        return changes

    def _state(self, connection: Connection, scan: BurstScan, now_ms: int) -> Incident | None:
        """Return the incident of a burst; None where a person ended it in another process."""
        burst, timezone = scan.burst, self._policy.shifts.timezone
        body = IncidentFacts.of(burst, timezone, is_over=scan.is_over).to_json()
        taken = self._incidents.get(burst.id)
        if taken is not None:
            stored = incident_of(connection, taken.id)
            if stored.closed_at_ms is not None and stored_facts(stored).is_over:
                return None
            return replace(stored, revision=next_revision(stored.revision), body=body)
        LOG.info("Incident: %s", burst.words(timezone))
        return Incident(
            id=new_id(now_ms, "inc"),
            attribute=burst.attribute,
            value=burst.value,
            revision=1,
            began_at_ms=burst.since_ms,
            known_at_ms=now_ms,
            closed_at_ms=None,
            body=body,
        )

    def follow(self, incident: Incident, left: Sequence[str]) -> None:
        """Heed an incident as any process changed it, at the next look at the stream.

        Args:
            incident: As the ledger holds it.
            left: All exceptions that ever left it.
        """
        self._incidents.take(incident)
        if self.reader is not None:
            self._unheeded.append(IncidentChange(incident, list(left)))

    def _heed(self) -> None:
        """Tell the reader what people did to incidents in other processes."""
        unheeded, self._unheeded = self._unheeded, []
        for incident, left in unheeded:
            self._end_or_let_go(incident, left)

    def resolved_by_hand(self, incident: Incident, revisions: Mapping[str, int]) -> None:
        """Record that a person resolved members of an incident: they leave the work list."""
        self._worklist.remove_all(revisions)
        self.changed_by_hand(incident, [])

    def changed_by_hand(self, incident: Incident, left: Sequence[str]) -> None:
        """Heed what a person did to an incident: some were split off it, or it was closed."""
        self._incidents.take(incident)
        self._worklist.leave(incident, left)
        self._end_or_let_go(incident, left)

    def _end_or_let_go(self, incident: Incident, left: Sequence[str]) -> None:
        if self.reader is None:
            return
        burst_id = stored_facts(incident).burst_id
        if incident.closed_at_ms is None:
            self.reader.let_go(burst_id, left)
        elif self._incidents.get(burst_id) is None:
            self.reader.end(burst_id)

    async def _close_finished(self) -> int:
        """Close the incidents that are over and have no open member left."""
        count_members = self._worklist.open.count_members
        finished = [each for each in self._incidents.over() if not count_members(each.id)]
        for incident in finished:
            closed = await self._writer.run(partial(self._close, incident.id))
            self._incidents.take(closed)
            self._worklist.leave(closed, [])
        return len(finished)

    def _close(self, incident_id: str, connection: Connection) -> Incident:
        incident = incident_of(connection, incident_id)
        if incident.closed_at_ms is not None:
            return incident
        return record_change(connection, incident, now_ms=self._clock(), is_closed=True)
