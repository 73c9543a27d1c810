"""A ledger poisoned by hand: the service starts over it, skips what it can't read, and says so."""

import asyncio
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pandas as pd
import pyarrow as pa
import pytest

from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.sources import source_folder
from data.ledger.export import export_ledger
from data.ledger.ledger import Ledger
from models.forecast_book.store import write_book
from models.loss_curve import CURVE_AGES_HOURS
from serving.app import create_app
from serving.inventory.stock_exceptions import raise_stock_exceptions
from tests.soak.campaign import Campaign
from tests.soak.in_process import Call, InProcess
from tests.soak.mutations import Mutator
from tests.soak.replies import check_reply
from tests.soak.test_calls import add_incident

VALUES_PER_START = 8
"""Values that are poisoned before one start of the service."""
TEXTS = [
    ("exceptions", "payload"),
    ("exceptions", "payload"),
    ("exceptions", "opinion"),
    ("exceptions", "opinion"),
    ("events", "body"),
    ("events", "body"),
    ("events", "opinion"),
    ("incidents", "body"),
    ("incident_states", "body"),
    ("versions", "body"),
    ("outcomes", "category"),
    ("outcomes", "loss_amount"),
    ("outcomes", "loss_currency"),
    ("outcomes", "label_origin"),
    ("incidents", "attribute"),
    ("incidents", "value"),
    ("claims", "by"),
    ("suspensions", "name"),
    ("suspensions", "label"),
    ("versions", "label"),
    ("audits", "actual"),
    ("events", "kind"),
    ("events", "by"),
    ("outcomes", "team"),
]
NUMBERS = [
    ("exceptions", "version"),
    ("exceptions", "updated_at_ms"),
    ("exceptions", "detected_at_ms"),
    ("exceptions", "closed_at_ms"),
    ("events", "occurred_at_ms"),
    ("events", "known_at_ms"),
    ("claims", "until_ms"),
    ("incidents", "began_at_ms"),
    ("outcomes", "resolved_at_ms"),
    ("outcomes", "known_at_ms"),
    ("outcomes", "touch_minutes"),
    ("incident_members", "joined_at_ms"),
    ("readers", "seq"),
    ("incidents", "revision"),
]
NULLABLE = {
    ("events", "body"),
    ("events", "opinion"),
    ("versions", "body"),
    ("exceptions", "version"),
    ("exceptions", "closed_at_ms"),
    ("outcomes", "category"),
    ("versions", "label"),
}
ODD_TICKS = [0, -1, 2**62, -(2**62), 2**63 - 1, -(2**63), 253_402_300_800_000, 1]


class Poison(NamedTuple):
    """One value of the ledger that was replaced."""

    table: str
    column: str
    value: Any


def poison(mutator: Mutator, ledger: Path) -> list[Poison]:
    """Replace some values of a ledger."""
    poisons = []
    with sqlite3.connect(ledger) as connection:
        connection.execute("pragma synchronous=off")
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        for _ in range(VALUES_PER_START):
            is_text = mutator.chance(0.8)
            table, column = mutator.random.choice(TEXTS if is_text else NUMBERS)
            rows = connection.execute(f"select rowid, {column} from {table}").fetchall()
            if not rows:
                continue
            row, before = mutator.random.choice(rows)
            value = _text(mutator, before) if is_text else mutator.random.choice(ODD_TICKS)
            if (table, column) in NULLABLE and mutator.chance(0.3):
                value = None
            connection.execute(f"update {table} set {column} = ? where rowid = ?", (value, row))
            if isinstance(value, str) and mutator.chance(0.03):
                cast = f"update {table} set {column} = cast(x'7bff' as text) where rowid = ?"
                connection.execute(cast, (row,))
            poisons.append(Poison(table, column, value))
    return poisons


def _text(mutator: Mutator, before: str | None) -> str:
    """Return a broken text, or the same JSON with other values in it."""
    if before and before.startswith("{") and before.endswith("}") and mutator.chance(0.7):
        text = json.dumps(mutator.json(_loaded(before)))
    elif before and mutator.chance(0.4):
        text = mutator.bytes(before.encode()).decode("utf-8", "replace")
    else:
        text = mutator.text()
    return text.encode("utf-8", "replace").decode()


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


@pytest.fixture
def stock_book(a_book):
    """A forecast book that raises a stock exception."""
    curve = [min(hours / 24, 1.0) for hours in CURVE_AGES_HOURS]
    row = {
        "kind": "stock_out_risk",
        "sku": "A-17",
        "site": "berlin",
        "loss": 184.0,
        "curve": curve,
        "chance": 0.72,
        "due_at_ms": 1_772_499_600_000,
        "message": "A-17 at berlin runs out",
        "facts": '{"sku": "A-17"}',
    }
    return a_book(exceptions=pa.Table.from_pylist([row, row | {"sku": "B-2"}]))


@pytest.fixture
def app_of(settings, shelf, clock, a_triage, policy_with, stock_book):
    """Build an application over a ledger; promises are audited, suggestions hidden."""
    shelf.promote(a_triage())
    write_book(settings.mlruns / "forecasts", stock_book)
    policy = policy_with(audit_share=0.5, hidden_share=0.2)

    def build(ledger: Path) -> Any:
        url = f"sqlite:///{ledger}"
        changes = {"database_url": url, "policy": policy, "poll_seconds": 600}
        return create_app(settings.model_copy(update=changes), lambda: shelf, clock)

    return build


async def post(service: InProcess, path: str, value: Any) -> Any:
    reply = await service.send(Call("POST", path, body=json.dumps(value).encode()))
    assert reply.status < 300, reply
    return orjson.loads(reply.body)


async def look(service: InProcess, book: Any) -> None:
    """Let the tasks of the background run once: stock exceptions and incidents."""
    parts = service.app.state.service
    await raise_stock_exceptions(
        book, parts.worklist, parts.writer, policy=parts.policy, clock=parts.clock
    )
    await parts.incidents.look()


async def build_ledger(app: Any, an_exception: Any, book: Any) -> list[str]:
    """Fill a ledger with a row of every kind."""
    async with InProcess.started(app) as service:
        batch = [
            an_exception(f"PE-{i}", type=("incorrect_address", "fraud_risk")[i % 2])
            for i in range(16)
        ]
        answer = await post(service, "/v1/exceptions", {"exceptions": batch})
        ids = [result["id"] for result in answer["results"]]
        closed = [an_exception(f"PE-{i}", status="closed") for i in range(8, 11)]
        await post(service, "/v1/exceptions", {"exceptions": closed})
        await post(service, "/v1/exceptions", an_exception("PE-8", status="open"))
        outcome = {
            "category": "fraud_risk",
            "team": "fraud",
            "loss": {"amount": "3.10", "currency": "USD"},
        }
        for exception_id in ids[11:14]:
            await post(service, f"/v1/exceptions/{exception_id}/resolve", outcome)
        await post(service, f"/v1/exceptions/{ids[0]}/claim", {"by": "ana"})
        ids.append(await add_incident(service, ids[:3]))
        promise = {
            "label": "category",
            "name": "incorrect_address",
            "by": "ana",
            "reason": "checked",
        }
        await post(service, "/v1/promises/suspend", promise)
        await look(service, book)
    return ids


def test_a_poisoned_ledger_is_served_exported_and_imported_without_what_cannot_be_read(
    app_of, an_exception, clock, stock_book, tmp_path
):
    campaign = Campaign("ledger", share=0.035 / VALUES_PER_START, short=2)
    base, ledger = tmp_path / "base.sqlite", tmp_path / "ledger.sqlite"
    with campaign.watching_logs():
        ids = asyncio.run(build_ledger(app_of(base), an_exception, stock_book))
        clock.pass_hours(1)
        assert not campaign.problems
        for mutator in campaign:
            for suffix in ("", "-wal", "-shm"):
                ledger.with_name(ledger.name + suffix).unlink(missing_ok=True)
            shutil.copy(base, ledger)
            poisons = poison(mutator, ledger)
            campaign.endings["values poisoned"] += len(poisons)
            try:
                asyncio.run(serve(campaign, app_of(ledger), ids, an_exception, stock_book, poisons))
                carry_over(ledger, tmp_path)
            except Exception as error:
                campaign.crash(error, poisons)
    campaign.check()


async def serve(
    campaign: Campaign,
    app: Any,
    ids: list[str],
    an_exception: Any,
    book: Any,
    poisons: list[Poison],
) -> None:
    """Start over a poisoned ledger, read all of it and act on it."""
    async with InProcess.started(app) as service:
        parts = service.app.state.service
        listed = {row.id for row in parts.worklist.open.frozen().rows}
        with parts.ledger.reading() as connection:
            is_open = set(
                connection.exec_driver_sql("select id from exceptions where is_open").scalars()
            )
        if listed | parts.worklist.unreadable != is_open or listed & parts.worklist.unreadable:
            campaign.problem("open exceptions that are neither listed nor counted", poisons)
        bad = {(p.table, p.column) for p in poisons} & {
            ("exceptions", "payload"),
            ("exceptions", "opinion"),
        }
        if not bad and parts.worklist.unreadable:
            campaign.problem("sound exceptions that are left out", poisons)
        calls = [
            Call("GET", path)
            for path in ("/v1/worklist", "/", "/v1/incidents", "/promises", "/v1/promises")
        ]
        calls += [
            Call("GET", "/v1/worklist", f"at=2026-03-01T12:0{minute}:00Z") for minute in (0, 5)
        ]
        for row_id in ids:
            kind = "exceptions" if row_id.startswith("exc") else "incidents"
            calls += [Call("GET", f"/v1/{kind}/{row_id}"), Call("GET", f"/{kind}/{row_id}")]
        calls += [
            Call("GET", f"/v1/exceptions/{ids[0]}/versus/{ids[1]}"),
            Call("GET", "/readyz"),
            Call("GET", "/metrics"),
        ]
        again = {
            "exceptions": [
                an_exception("PE-1"),
                an_exception("PE-9"),
                an_exception("PE-3", status="closed"),
            ]
        }
        calls.append(Call("POST", "/v1/exceptions", body=json.dumps(again).encode()))
        for path, body in (
            (f"/v1/exceptions/{ids[4]}/claim", {"by": "ben"}),
            (f"/v1/exceptions/{ids[4]}/resolve", {"category": "fraud_risk", "by": "ben"}),
            (f"/v1/exceptions/{ids[12]}/resolve", {"category": "incorrect_address"}),
            (f"/v1/incidents/{ids[-1]}/split", {"by": "ana", "members": [ids[1]]}),
            (f"/v1/incidents/{ids[-1]}/resolve", {"category": "fraud_risk", "touch_minutes": 9}),
        ):
            calls.append(Call("POST", path, body=json.dumps(body).encode()))
        for call in calls:
            try:
                check_reply(campaign, call, None, await service.send(call))
            except Exception as error:
                campaign.crash(error, (call, poisons))
        try:
            await look(service, book)
        except Exception as error:
            campaign.crash(error, ("looking in the background", poisons))
        newer = an_exception("PE-5", updated_at="2026-03-01T12:59:00Z", version=2**62)
        await service.send(Call("POST", "/v1/exceptions", body=json.dumps(newer).encode()))


def carry_over(ledger: Path, folder: Path) -> None:
    """Export a ledger and import it as a history."""
    opened = Ledger.open(f"sqlite:///{ledger}")
    exported, history = folder / "export", folder / "history"
    shutil.rmtree(exported, ignore_errors=True)
    shutil.rmtree(history, ignore_errors=True)
    try:
        counts = export_ledger(opened, exported, begin=None, end=None)
    finally:
        opened.close()
    terms = ImportTerms("expedite", pd.Timestamp("2027-01-01", tz="UTC"))
    report = import_files([exported], source_folder("expedite"), history, terms)
    assert report.counts["exceptions"].read == counts.exceptions, counts
