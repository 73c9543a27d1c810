"""Incidents are found on the stream of accepted exceptions, and kept.

A task reads the ledger's events. What it finds and how far it has read are written in one
transaction, so nothing is lost and nothing is done twice, whenever the service is killed. Intake
knows nothing of it and never waits for it.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from data.ledger.incidents import (
    Incident,
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
from data.ledger.writer import LedgerWriter
from data.policy.policy import Policy
from serving.clock import Clock
from serving.incident_watch.burst_reader import MAX_EVENTS_AT_ONCE, TAKEN_IN, BurstReader, BurstScan
from serving.incident_watch.evidence import IncidentFacts
from serving.live_list.worklist import Worklist

LOG = logging.getLogger("expedite.incidents")
READER = "bursts"


class IncidentChange(NamedTuple):
    """An incident as the ledger now holds it, and the exceptions that joined it."""

    incident: Incident
    joined: list[str]


class IncidentWatch:
    """The watch over the stream, and what it finds.

    Attributes:
        lock: Taken by whoever changes incidents: the watch, or an action of a person.
        seq: The last event that was read and whose findings are in the ledger.
        reader: Looks for bursts; None until it has learned, or after a failure.
    """

    def __init__(
        self,
        ledger: Ledger,
        writer: LedgerWriter,
        worklist: Worklist,
        *,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self.lock = asyncio.Lock()
        self.reader: BurstReader | None = None
        self._ledger = ledger
        self._writer = writer
        self._worklist = worklist
        self._policy = policy
        self._clock = clock
        self._of_burst: dict[str, Incident] = {}
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
            self.take(incident)
            if incident.closed_at_ms is None:
                worklist.join(incident, belong.get(incident.id, []))

    async def look(self) -> int:
        """Read on, and keep what is found; return how many incidents changed."""
        async with self.lock:
            try:
                return await self._read_on() + await self._close_finished()
            except BaseException:
                # What the detector has seen and the ledger has not is learned anew.
                self.reader = None
                raise

    async def _read_on(self) -> int:
        count = 0
        if self.reader is None:
            terms = self._policy.incidents
            learn = partial(BurstReader, self._ledger, terms, seq=self.seq, now_ms=self._clock())
            self.reader = await asyncio.to_thread(learn)
        read = partial(self._ledger.events_after, kinds=TAKEN_IN, limit=MAX_EVENTS_AT_ONCE)
        while events := await asyncio.to_thread(read, self.seq):
            scans = await asyncio.to_thread(self.reader.observe, events)
            changes = await self._writer.run(partial(self._store, scans, events[-1].seq))
            self.seq = events[-1].seq
            for incident, joined in changes:
                self.take(incident)
                if incident.closed_at_ms is None:
                    self._worklist.join(incident, joined)
            count += len(changes)
        return count

    def _store(
        self, scans: Sequence[BurstScan], seq: int, connection: Connection
    ) -> list[IncidentChange]:
        now_ms, changes = self._clock(), []
        for scan in scans:
            incident = self._state(scan, now_ms)
            save_incident(connection, incident, now_ms=now_ms)
            joined = join(connection, incident, scan.joined, now_ms=now_ms)
            changes.append(IncidentChange(incident, joined))
        save_reader_position(connection, READER, seq)
        return changes

    def _state(self, scan: BurstScan, now_ms: int) -> Incident:
        burst, timezone = scan.burst, self._policy.shifts.timezone
        body = IncidentFacts.of(burst, timezone, is_over=scan.is_over).to_json()
        stored = self._of_burst.get(burst.id)
        if stored is not None:
            return replace(stored, revision=stored.revision + 1, body=body)
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

    def take(self, incident: Incident) -> str:
        """Heed an incident as the ledger now holds it; return its burst.

        One that was split as a whole is followed until its burst is over: nobody joins it, and its
        cause makes no other.
        """
        evidence = IncidentFacts.from_json(incident.body)
        self._of_burst[evidence.burst_id] = incident
        if evidence.is_over and incident.closed_at_ms is not None:
            del self._of_burst[evidence.burst_id]
        return evidence.burst_id

    def resolved_by_hand(self, incident: Incident, exception_ids: Sequence[str]) -> None:
        """Record that a person resolved members of an incident: they leave the work list."""
        self._worklist.remove_all(exception_ids)
        self.changed_by_hand(incident, [])

    def changed_by_hand(self, incident: Incident, left: Sequence[str]) -> None:
        """Heed what a person did to an incident: some were split off it, or it was closed."""
        burst_id, is_over = self.take(incident), incident.closed_at_ms is not None
        self._worklist.leave(incident, left)
        if self.reader is None:
            return
        if is_over and burst_id not in self._of_burst:
            self.reader.end(burst_id)
        elif not is_over:
            self.reader.let_go(burst_id, left)

    async def _close_finished(self) -> int:
        """Close the incidents that are over and have no open member left."""
        count_members = self._worklist.open.count_members
        finished = [
            incident
            for incident in self._of_burst.values()
            if incident.closed_at_ms is None
            and not count_members(incident.id)
            and IncidentFacts.from_json(incident.body).is_over
        ]
        for incident in finished:
            closed = await self._writer.run(partial(self._close, incident))
            self.take(closed)
            self._worklist.leave(closed, [])
        return len(finished)

    def _close(self, incident: Incident, connection: Connection) -> Incident:
        return record_change(connection, incident, now_ms=self._clock(), is_closed=True)


async def keep_incidents(incidents: IncidentWatch, every_seconds: float) -> None:
    """Watch for bursts, for ever; whatever goes wrong, it is tried again later."""
    while True:
        try:
            await incidents.look()
        except SQLAlchemyError:
            LOG.exception("Bursts could not be kept; trying later")
        except Exception:  # the work list goes on without incidents
            LOG.exception("Bursts could not be looked for; trying later")
        await asyncio.sleep(every_seconds)
