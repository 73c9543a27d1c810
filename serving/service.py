"""What the routes work with: ledger, champion, forecasts, work list, policy and clock."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import numpy as np
from fastapi import Request

from data.ledger.audits import salt_of, suspensions_of
from data.ledger.claims import active_claims
from data.ledger.ledger import ExceptionRecord, Ledger
from data.ledger.versions import CHAMPION, POLICY, VersionInUse, record_version
from data.policy.policy import Policy
from data.settings import Settings
from models.ranking.pricing import rank_by_policy
from models.ranking.staffing import in_wall_hours, work_clock
from serving.forecast_book import ForecastBookInUse
from serving.incident_watch.watch import IncidentWatch
from serving.live_list.as_of import PastLists
from serving.live_list.claim_board import ClaimBoard
from serving.live_list.open_exceptions import OpenRow
from serving.live_list.snapshot import ListView, Snapshot
from serving.live_list.worklist import Worklist
from serving.scoring.answer import RankedRow, rfc3339, scoring_answer
from serving.scoring.assessment import Assessment
from serving.scoring.audits import Resolution
from serving.scoring.blinding import BlindingDraws
from serving.scoring.champion import Champion
from serving.scoring.counters import AUDITED, SUSPENDED
from serving.scoring.guarantees import Guarantees
from serving.scoring.scorer import ScoredExceptions, judge, rescored
from serving.wire.answers import StampOut
from serving.wire.exception_in import EXCEPTION, ExceptionIn

IN_A_THREAD = 32
"""So many exceptions take long enough to be scored beside the calls of others."""

LOG = logging.getLogger("expedite.desk")
Result = TypeVar("Result")


def wall_clock_ms() -> int:
    """Return the present in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def clock_from(start: datetime | None) -> Callable[[], int]:
    """Return a clock that runs from a moment on, or the wall clock."""
    if start is None:
        return wall_clock_ms
    ahead = int(start.timestamp() * 1000) - wall_clock_ms()
    return lambda: wall_clock_ms() + ahead


class Service:
    """One service process."""

    def __init__(
        self, settings: Settings, champion: Champion, clock: Callable[[], int] | None = None
    ) -> None:
        self.settings = settings
        self.policy = Policy.read(settings.policy)
        self.champion = champion
        self.forecasts = ForecastBookInUse(settings.mlruns)
        self.now_ms = clock or clock_from(settings.clock)
        self.ledger = Ledger.open(settings.database_url)
        self.worklist = Worklist(self.policy)
        self.past_lists = PastLists(self.ledger)
        terms = self.policy.promises
        with self.ledger.reading() as connection:
            self.promises = Guarantees(terms, suspensions_of(connection))
            self.draws = BlindingDraws(salt_of(connection), terms.audit_share, terms.hidden_share)
            self.claims = ClaimBoard(active_claims(connection, now_ms=self.now_ms()))
        self._note(VersionInUse(POLICY, self.policy.label, self.now_ms(), self.policy.text))
        self._note(VersionInUse(CHAMPION, self.model_version, self.now_ms()))
        champion.note_use = lambda version: self._note(
            VersionInUse(CHAMPION, version, self.now_ms())
        )
        # One writer: what is accepted together with others waits its turn instead of failing.
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        for record in self.ledger.open_records():
            self.show(record)
        self.incidents = IncidentWatch(self)

    def close(self) -> None:
        """Finish what is being written and let go of the ledger."""
        self._writer.shutdown(wait=True)
        self.ledger.close()

    @property
    def model_version(self) -> str | None:
        """The champion in use, None if there is none."""
        triage = self.champion.current
        return triage.version if triage else None

    async def ranked(self) -> Snapshot:
        """Return the work list as it stands."""
        return await self.worklist.ranked(self.now_ms(), self.model_version)

    async def sight(self, at_ms: int | None = None) -> ListView:
        """Return the list of now, or of a moment that is over.

        Raises:
            BadPayloadError: There is no list as of that moment.
        """
        now_ms = self.now_ms()
        if at_ms is None:
            return ListView(await self.ranked(), self.claims, now_ms)
        return await self.past_lists.at(at_ms, now_ms=now_ms)

    def _note(self, version: VersionInUse) -> None:
        with self.ledger.writing() as connection:
            record_version(connection, version)

    async def write(self, work: Callable[[], Result]) -> Result:
        """Run one transaction after those before it."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    async def judged(self, exceptions: Sequence[ExceptionIn], now_ms: int) -> ScoredExceptions:
        """Score exceptions by the champion."""
        triage = self.champion.current
        work = partial(judge, now_ms=now_ms, rules=self.promises.rules(triage))
        if len(exceptions) < IN_A_THREAD:
            return work(exceptions, triage, self.policy)
        return await asyncio.to_thread(work, exceptions, triage, self.policy)

    def show(self, record: ExceptionRecord) -> None:
        """Put an exception on the work list, or take it off, as the ledger holds it."""
        if not record.is_open:
            self.take_off(record.id)
            return
        told = EXCEPTION.validate_json(record.payload)
        opinion = Assessment.from_json(record.opinion)
        self.worklist.put(OpenRow(record.id, record.revision, told, opinion))

    def take_off(self, exception_id: str) -> None:
        """Take an exception off the work list; whoever claimed it has it no more."""
        self.worklist.remove(exception_id)
        self.claims.end(exception_id)

    def take_off_all(self, exception_ids: Collection[str]) -> None:
        """Take many off at once."""
        self.worklist.remove_all(exception_ids)
        for exception_id in exception_ids:
            self.claims.end(exception_id)

    def heed(self, ended: Resolution) -> None:
        """Count what people found of decisions that were withheld; heed what that withdraws."""
        for one in ended.audits:
            AUDITED.labels(one.label, "wrong" if one.is_wrong else "right").inc()
        for one in ended.suspensions:
            LOG.warning("The promise of %s '%s' is suspended: %s", *one.key[:2], one.reason)
            SUSPENDED.labels(one.label).inc()
        self.promises.take(ended.suspensions)

    def answers(self, opinions: Sequence[Assessment], now_ms: int) -> list[dict[str, Any]]:
        """Return the scoring answers of opinions as of now."""
        if not opinions:
            return []
        degraded = all(opinion.degraded for opinion in opinions)
        teams = np.array([opinion.team for opinion in opinions], object)
        clock = work_clock(self.policy.shifts, teams, now_ms)
        alone = rank_by_policy(rescored(opinions).at(now_ms, clock), self.policy, degraded=degraded)
        ranked = in_wall_hours(alone, clock, now_ms)
        return [
            scoring_answer(opinion, RankedRow.of(ranked, i), self.policy, now_ms=now_ms)
            for i, opinion in enumerate(opinions)
        ]

    def stamp(self, now_ms: int) -> StampOut:
        """Return what every answer carries: by which model and policy, when."""
        return {
            "model_version": self.model_version,
            "policy_version": self.policy.label,
            "scored_at": rfc3339(now_ms),
            "degraded": self.model_version is None,
        }


def desk_of(request: Request) -> Service:
    """Return the desk of the application that a request came to."""
    return request.app.state.desk
