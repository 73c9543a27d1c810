"""Every endpoint under garbage: no crash, as many answers as items, all stored is read back."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pytest

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.sources import source_folder
from data.ledger.export import export_ledger
from data.ledger.incidents import Incident, join, save_incident
from data.ledger.intake import new_id
from data.ledger.ledger import Ledger
from models.bursts.detector import Burst
from models.forecast_book.store import write_book
from serving.app import create_app
from serving.incident_watch.evidence import IncidentFacts
from tests.soak.campaign import Campaign
from tests.soak.endpoints import Endpoints
from tests.soak.in_process import Call, InProcess
from tests.soak.mutations import Mutator
from tests.soak.replies import check_reply

CALLS_PER_ROUND = 1_500
"""Calls on one ledger; then the service is started again over it and reads all of it back."""
MAX_ROWS_READ_BACK = 200
READ_BACK = ["/v1/worklist", "/", "/v1/incidents", "/metrics", "/promises", "/readyz"]


@pytest.fixture
def app_of(settings, shelf, clock, a_triage, a_book, tmp_path) -> Callable[[Path], Any]:
    """Build an application over a ledger of its own, with a champion and a forecast book."""
    shelf.promote(a_triage())
    write_book(settings.mlruns / "forecasts", a_book())

    def build(ledger: Path) -> Any:
        changes = {"database_url": f"sqlite:///{ledger}", "poll_seconds": 0.5}
        return create_app(settings.model_copy(update=changes), lambda: shelf, clock)

    return build


async def add_incident(service: InProcess, ids: list[str]) -> str:
    """Store an incident with members, which the next start of the service finds."""
    parts = service.app.state.service
    now_ms = parts.clock()
    burst = Burst(
        id="b", cause=(("carrier", "dhl"),), since_ms=now_ms, opened_ms=now_ms, last_ms=now_ms
    )
    body = IncidentFacts.of(burst, "UTC", is_over=False).to_json()
    incident = Incident(new_id(now_ms, "inc"), "carrier", "dhl", 1, now_ms, now_ms, None, body)
    with parts.ledger.writing() as connection:
        save_incident(connection, incident, now_ms=now_ms)
        join(connection, incident, ids, now_ms=now_ms)
    return incident.id


class CallSoak:
    """Rounds of calls: garbage on one ledger, then a new start that reads what was stored."""

    def __init__(self, campaign: Campaign, app_of: Callable[[Path], Any], clock: Any) -> None:
        self.campaign, self.app_of, self.clock = campaign, app_of, clock
        self.cases = iter(campaign)

    async def round(self, ledger: Path, batch: list[dict[str, Any]]) -> None:
        """Send garbage, and read back what the ledger holds."""
        async with InProcess.started(self.app_of(ledger)) as service:
            body = json.dumps({"exceptions": batch}).encode()
            reply = await service.send(Call("POST", "/v1/exceptions", body=body))
            ids = [result["id"] for result in orjson.loads(reply.body)["results"]]
            ids.append(await add_incident(service, ids[:4]))
        async with InProcess.started(self.app_of(ledger)) as service:
            reply = await service.send(Call("GET", "/openapi.json"))
            endpoints = Endpoints(orjson.loads(reply.body), ids)
            for _, mutator in zip(range(CALLS_PER_ROUND), self.cases, strict=False):
                await self._send(service, endpoints, mutator)
        await self._read_back(ledger)
        self._carry_over(ledger)

    async def _send(self, service: InProcess, endpoints: Endpoints, mutator: Mutator) -> None:
        self.clock.ms += 200
        call, value = endpoints.call(mutator)
        try:
            reply = await service.send(call)
            if not call.hangs_up:
                check_reply(self.campaign, call, value, reply)
        except Exception as error:
            self.campaign.crash(error, call)
            return
        if reply.status == 200 and b'"next_cursor":"' in reply.body:
            endpoints.cursors.append(orjson.loads(reply.body)["next_cursor"])

    async def _read_back(self, ledger: Path) -> None:
        """Start again over what was accepted, and read all of it in every manner."""
        self.clock.ms += 60_000
        async with InProcess.started(self.app_of(ledger)) as service:
            worklist = service.app.state.service.worklist
            if worklist.unreadable:
                self.campaign.problem("stored, and not readable", worklist.unreadable)
            calls = [Call("GET", path) for path in READ_BACK]
            calls.append(Call("GET", "/v1/worklist", "at=2026-03-01T12:00:30Z"))
            for row in worklist.open.frozen().rows[:MAX_ROWS_READ_BACK]:
                calls.append(Call("GET", f"/v1/exceptions/{row.id}"))
                calls.append(Call("GET", f"/exceptions/{row.id}"))
            for call in calls:
                check_reply(self.campaign, call, None, await service.send(call))

    def _carry_over(self, ledger: Path) -> None:
        """Export the ledger, and import it as a history."""
        exported, history = ledger.with_suffix(".export"), ledger.with_suffix(".history")
        opened = Ledger.open(f"sqlite:///{ledger}")
        counts = export_ledger(opened, exported, begin=None, end=None)
        opened.close()
        terms = ImportTerms("expedite", pd.Timestamp("2027-01-01", tz="UTC"))
        imported = import_files([exported], source_folder("expedite"), history, terms)
        table = imported.counts["exceptions"]
        stored = History.open(history).rows["exceptions"]
        if (counts.exceptions, table.accepted) != (table.read, stored) or counts.unreadable:
            self.campaign.problem("an export with other counts", (counts, imported.counts))
        if table.quarantined:
            self.campaign.problem("an export that is refused", table.examples)


def test_garbage_over_http_is_answered_and_what_is_stored_is_read_back(
    app_of, an_exception, clock, tmp_path
):
    campaign = Campaign("calls", share=0.8, short=150)
    soak = CallSoak(campaign, app_of, clock)
    batch = [an_exception(f"PE-{i}") for i in range(12)]
    with campaign.watching_logs():
        for number in range(-(-campaign.cases // CALLS_PER_ROUND)):
            asyncio.run(soak.round(tmp_path / f"ledger-{number}.sqlite", batch))
    campaign.check()
