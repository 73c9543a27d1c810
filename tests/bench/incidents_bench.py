"""The list with an incident of 10,000 members against the list without; one action for them all."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
from timing import Ratio, in_turns

from data.domain import NoChampionError
from data.ledger.incidents import Incident, join, save_incident
from data.ledger.intake import new_id
from data.settings import Settings
from models.bursts.detector import Burst
from serving.exceptions.intake import take_in
from serving.http.requests import ActionRequest
from serving.incident_watch.evidence import IncidentFacts
from serving.incidents.resolve import resolve_incident
from serving.incidents.split import split_incident
from serving.live_list.snapshot import ListView, RankingContext, Snapshot
from serving.scoring.champion import ModelStore
from serving.service import Service
from serving.worklist.view import rows_view

MEMBERS, OTHERS, ROWS, AT_ONCE, ROUNDS = 10_000, 10_000, 50, 5_000, 9
LARGEST = 2.0
"""The same list without incidents may be so many times as fast."""


def run() -> list[Ratio]:
    """Time the list, the bulk action and the split, each on 10,000 members."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> list[Ratio]:
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    settings = Settings(database_url=url, mlruns=folder / "mlruns")
    service = Service.open(settings, _no_store)
    intake = (
        await _timed(lambda: _taken_in(service, MEMBERS + OTHERS)) * MEMBERS / (MEMBERS + OTHERS)
    )
    ids = [row.id for row in service.worklist.open.frozen().rows[:MEMBERS]]
    alone = service.worklist.open.frozen()
    incident = _made(service, ids)
    grouped = service.worklist.open.frozen()
    ours, theirs = in_turns(lambda: _page(service, grouped), lambda: _page(service, alone), ROUNDS)
    listing = Ratio(
        f"list of {OTHERS:,} and an incident of {MEMBERS:,}",
        "the same list without incidents",
        min(ours) * 1000,
        min(theirs) * 1000,
        "ms",
        LARGEST,
    )
    split = await _timed(lambda: _split(service, incident.id))
    again = _made(service, ids, "ups")
    told = orjson.dumps({"by": "ana", "category": "carrier_issue", "touch_minutes": 60})
    resolved = await _timed(lambda: _resolve(service, again.id, told))
    service.close()
    return [
        listing,
        Ratio(f"resolve {MEMBERS:,} members at once", "taking them in", resolved, intake, "s", 1.0),
        Ratio(f"split {MEMBERS:,} members off", "taking them in", split, intake, "s", 1.0),
    ]


def _no_store() -> ModelStore:
    raise NoChampionError("triage", "the bench needs none")


async def _timed(work: Callable[[], Awaitable[Any]]) -> float:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    await work()
    return loop.time() - begin


async def _taken_in(service: Service, count: int) -> None:
    for begin in range(0, count, AT_ONCE):
        told = [_exception(i) for i in range(begin, min(begin + AT_ONCE, count))]
        await take_in(
            ActionRequest("", orjson.dumps({"exceptions": told})),
            scorer=service.scorer,
            worklist=service.worklist,
            writer=service.writer,
            settings=service.settings,
            clock=service.clock,
        )


async def _split(service: Service, incident_id: str) -> None:
    await split_incident(
        ActionRequest(incident_id, b'{"by": "ana"}'),
        writer=service.writer,
        scorer=service.scorer,
        incidents=service.incidents,
        now_ms=service.clock(),
    )


async def _resolve(service: Service, incident_id: str, body: bytes) -> None:
    await resolve_incident(
        ActionRequest(incident_id, body),
        writer=service.writer,
        scorer=service.scorer,
        guarantees=service.guarantees,
        incidents=service.incidents,
        now_ms=service.clock(),
    )


def _exception(number: int) -> dict[str, Any]:
    return {
        "external_id": f"PE-{number}",
        "source": "shopify:acme",
        "type": "carrier_issue",
        "message": "The parcel was not scanned",
        "detected_at": "2026-03-01T09:13:02Z",
        "due_at": f"2030-03-0{1 + number % 9}T16:00:00Z",
        "order": {
            "order_number": f"#{number}",
            "total": {"amount": f"{20 + number % 300}.90", "currency": "EUR"},
            "line_items": [{"external_id": "li_1", "sku": f"A-{number % 500}", "quantity": 2}],
        },
        "attributes": {"carrier": "dhl"},
    }


def _made(service: Service, ids: list[str], value: str = "dhl") -> Incident:
    now_ms = service.clock()
    burst = Burst(id=value, cause=(("carrier", value),), since_ms=now_ms, opened_ms=now_ms,
                  last_ms=now_ms, members=dict.fromkeys(ids), expected=3.0)  # fmt: skip
    body = IncidentFacts.of(burst, "UTC", is_over=True).to_json()
    made = Incident(new_id(now_ms, "inc"), "carrier", value, 1, now_ms, now_ms, None, body)
    with service.ledger.writing() as connection:
        save_incident(connection, made, now_ms=now_ms)
        join(connection, made, ids, now_ms=now_ms)
    service.incidents.follow(made, [])
    service.worklist.join(made, ids)
    return made


def _page(service: Service, frozen: Any) -> None:
    now_ms = service.clock()
    snapshot = Snapshot.of(frozen, RankingContext(service.policy, "bench"), now_ms, number=1)
    rows_view(ListView(snapshot, service.claims, now_ms), snapshot.order[:ROWS].tolist())
