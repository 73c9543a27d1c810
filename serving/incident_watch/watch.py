"""Incidents are found on the stream of accepted exceptions, and kept.

A task reads the ledger's events. What it finds and how far it has read are written in one
transaction, so nothing is lost and nothing is done twice, whenever the service is killed. Intake
knows nothing of it and never waits for it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

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
from data.policy.policy import Policy
from serving.incident_watch.burst_reader import AT_ONCE, TAKEN_IN, BurstReader, BurstScan
from serving.incident_watch.evidence import IncidentFacts
from serving.live_list.worklist import Worklist

LOG = logging.getLogger("expedite.incidents")
READER = "bursts"


class Office(Protocol):
    """What incidents need of the desk."""

    ledger: Ledger
    policy: Policy
    worklist: Worklist
    now_ms: Callable[[], int]

    def write(self, work: Callable[[], Any]) -> Awaitable[Any]:
        """Run one transaction after those before it."""
        ...


class IncidentWatch:
    """The watch over the stream, and what it keeps.

    Attributes:
        lock: Held by whoever changes incidents: the watch, or an action of a person.
        seq: The last event that was read, and what came of it kept.
        reader: Looks for bursts; None until it has learned, or after a failure.
    """

    def __init__(self, desk: Office) -> None:
        self.lock = asyncio.Lock()
        self.reader: BurstReader | None = None
        self._desk = desk
        self._of_burst: dict[str, Incident] = {}
        with desk.ledger.writing() as connection:
            self.seq = reader_position(connection, READER)
            incidents = incidents_of(connection, is_open=False)
            still_open = [one.id for one in incidents if one.closed_at_ms is None]
            members = members_of(connection, still_open)
        belong: dict[str, list[str]] = {}
        for m in members:
            if m.left_at_ms is None:
                belong.setdefault(m.incident_id, []).append(m.exception_id)
        for incident in incidents:
            self.take(incident)
            if incident.closed_at_ms is None:
                desk.worklist.join(incident, belong.get(incident.id, []))

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
        desk, count = self._desk, 0
        if self.reader is None:
            terms = desk.policy.incidents
            self.reader = await asyncio.to_thread(
                BurstReader, desk.ledger, terms, self.seq, desk.now_ms()
            )
        read = partial(desk.ledger.events_after, kinds=TAKEN_IN, limit=AT_ONCE)
        while events := await asyncio.to_thread(read, self.seq):
            found = await asyncio.to_thread(self.reader.observe, events)
            kept = await desk.write(partial(self._keep, found, events[-1].seq))
            self.seq = events[-1].seq
            for incident, joined in kept:
                self.take(incident)
                if incident.closed_at_ms is None:
                    desk.worklist.join(incident, joined)
            count += len(kept)
        return count

    def _keep(self, found: Sequence[BurstScan], seq: int) -> list[tuple[Incident, list[str]]]:
        now_ms, kept = self._desk.now_ms(), []
        with self._desk.ledger.writing() as connection:
            for one in found:
                incident = self._state(one, now_ms)
                save_incident(connection, incident, now_ms=now_ms)
                kept.append((incident, join(connection, incident, one.joined, now_ms=now_ms)))
            save_reader_position(connection, READER, seq)
        return kept

    def _state(self, found: BurstScan, now_ms: int) -> Incident:
        burst, timezone = found.burst, self._desk.policy.shifts.timezone
        body = IncidentFacts.of(burst, timezone, is_over=found.is_over).to_json()
        known = self._of_burst.get(burst.id)
        if known is not None:
            return replace(known, revision=known.revision + 1, body=body)
        LOG.info("Incident: %s", burst.words(timezone))
        names = (new_id(now_ms, "inc"), burst.attribute, burst.value)
        return Incident(*names, 1, burst.since_ms, now_ms, None, body)

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

    def changed_by_hand(self, incident: Incident, left: Sequence[str]) -> None:
        """Heed what a person did to an incident: some were split off it, or it was closed."""
        burst_id, is_over = self.take(incident), incident.closed_at_ms is not None
        self._desk.worklist.leave(incident, left)
        if self.reader is None:
            return
        if is_over and burst_id not in self._of_burst:
            self.reader.end(burst_id)
        elif not is_over:
            self.reader.let_go(burst_id, left)

    async def _close_finished(self) -> int:
        """Close the incidents that are over and have no open member left."""
        count_members = self._desk.worklist.open.count_members
        finished = [
            incident
            for incident in self._of_burst.values()
            if incident.closed_at_ms is None
            and not count_members(incident.id)
            and IncidentFacts.from_json(incident.body).is_over
        ]
        for incident in finished:
            closed = await self._desk.write(partial(self._close, incident))
            self.take(closed)
            self._desk.worklist.leave(closed, [])
        return len(finished)

    def _close(self, incident: Incident) -> Incident:
        with self._desk.ledger.writing() as connection:
            return record_change(connection, incident, now_ms=self._desk.now_ms(), is_closed=True)


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
