"""Stock exceptions of a forecast book stand on the work list for as long as they are true."""

import asyncio
import time
from contextlib import contextmanager

import orjson
import pyarrow as pa
import pytest
from sqlalchemy import event

from data.ticks import MS_PER_HOUR
from models.forecast_book.store import write_book
from models.loss_curve import CURVE_AGES_HOURS
from serving.exceptions.rescore import rescore_open
from serving.exceptions.resolve import resolve_one
from serving.forecast_book import FOLDER
from serving.http.requests import ActionRequest
from serving.inventory.stock_exceptions import raise_stock_exceptions
from serving.live_list.snapshot import RankingContext, Snapshot
from serving.scoring.recent_logs import RecentLogs
from serving.service import Service

STEADILY = (CURVE_AGES_HOURS / CURVE_AGES_HOURS[-1]).tolist()
WITHIN_A_DAY = [min(hours / 24, 1.0) for hours in CURVE_AGES_HOURS]


def a_row(sku="A-17", loss=184.0, kind="stock_out_risk", **changes):
    plain = {
        "kind": kind,
        "sku": sku,
        "site": "berlin",
        "loss": loss,
        "curve": WITHIN_A_DAY,
        "chance": 0.72,
        "due_at_ms": 1_772_499_600_000,
        "message": f"{sku} at berlin runs out on 3 March with 72 %",
        "facts": orjson.dumps({"sku": sku, "site": "berlin", "on_hand": 40.0}).decode(),
    }
    return plain | changes


@pytest.fixture
def book_of(a_book):
    """A book with these stock exceptions."""

    def build(*rows, **changes):
        table = pa.Table.from_pylist(list(rows)) if rows else pa.table({"kind": pa.array([])})
        return a_book(exceptions=table, **changes)

    return build


@pytest.fixture
def services(settings, each_ledger_url, shelf, clock):
    """Open a service's service over the same ledger; closed when the test ends."""
    opened = []

    def start():
        at_url = settings.model_copy(update={"database_url": each_ledger_url})
        service = Service.open(at_url, lambda: shelf, clock)
        service.scorer.champion.poll()
        opened.append(service)
        return service

    yield start
    for service in opened:
        service.close()


@pytest.fixture
def service(services):
    return services()


def raised(service, book):
    return asyncio.run(_raising(service, book))


def _raising(service, book):
    parts = (service.worklist, service.writer)
    return raise_stock_exceptions(book, *parts, policy=service.policy, clock=service.clock)


def open_rows(service):
    return sorted(service.worklist.open.frozen().rows.tolist(), key=lambda row: row.id)


def only(service):
    (row,) = open_rows(service)
    return row


def kinds_of_events(service, exception_id):
    return [event.kind for event in service.ledger.events(exception_id)]


def resolve_by_a_person(service, exception_id):
    body = b'{"category": "stock_out_risk", "by": "ana", "touch_minutes": 9}'
    resolving = resolve_one(
        ActionRequest(exception_id, body),
        writer=service.writer,
        scorer=service.scorer,
        worklist=service.worklist,
        guarantees=service.guarantees,
        now_ms=service.clock(),
    )
    asyncio.run(resolving)


def test_what_a_book_says_is_on_the_list(service, book_of):
    raised(service, book_of(a_row("A-17"), a_row("B-2", kind="overstock")))

    assert {row.exception.type for row in open_rows(service)} == {"stock_out_risk", "overstock"}
    assert {row.assessment.team for row in open_rows(service)} == {service.policy.stock.team}


def test_the_same_book_again_raises_nothing(service, book_of):
    book = book_of(a_row())
    raised(service, book)

    assert raised(service, book) == 0
    assert kinds_of_events(service, only(service).id) == ["created"]


def test_after_a_restart_the_same_book_raises_nothing(services, book_of):
    first = services()
    raised(first, book_of(a_row()))
    again = services()

    assert raised(again, book_of(a_row())) == 0
    assert only(again).id == only(first).id


def test_a_crash_in_the_middle_leaves_nothing_half_and_is_made_good(services, book_of):
    crashed, book = services(), book_of(a_row("A"), a_row("B"))
    with pytest.raises(ConnectionError), failing_before_the_commit(crashed):
        raised(crashed, book)
    assert open_rows(services()) == []
    after = services()

    assert raised(after, book) == 2
    assert len(open_rows(after)) == 2


@contextmanager
def failing_before_the_commit(service):
    def fail(connection):
        raise ConnectionError("the power went")

    engine = service.ledger._engine
    event.listen(engine, "commit", fail)
    try:
        yield
    finally:
        event.remove(engine, "commit", fail)


def test_a_crash_after_the_commit_loses_nothing(services, book_of, monkeypatch):
    crashed, book = services(), book_of(a_row("A"), a_row("B"))
    monkeypatch.setattr(crashed.worklist, "show", lambda record: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        raised(crashed, book)
    after = services()

    assert len(open_rows(after)) == 2
    assert raised(after, book) == 0


def test_what_got_worse_is_renewed_and_stays_one(service, book_of):
    raised(service, book_of(a_row(loss=100)))
    before = only(service)
    raised(service, book_of(a_row(loss=300)))

    assert only(service).id == before.id
    assert only(service).assessment.terms["loss"] == 300
    assert kinds_of_events(service, before.id) == ["created", "updated"]


def test_what_goes_on_stays_detected_when_it_first_was(service, book_of):
    raised(service, book_of(a_row()))
    first = only(service).exception.detected_at
    raised(service, book_of(a_row(), as_of_ms=1_772_323_200_000 + 9 * MS_PER_HOUR))

    assert only(service).exception.detected_at == first
    assert only(service).assessment.terms["detected_at"] == first + 9 * MS_PER_HOUR


def test_what_is_gone_is_closed_as_healed_and_counts_as_nobody_s_work(service, book_of):
    raised(service, book_of(a_row()))
    exception_id = only(service).id
    raised(service, book_of())
    record = service.ledger.record(exception_id)

    assert open_rows(service) == []
    assert orjson.loads(record.payload)["healed_itself"] is True
    assert service.ledger.outcome(exception_id) is None
    assert kinds_of_events(service, exception_id) == ["created", "closed"]


def test_gone_is_told_once(service, book_of):
    raised(service, book_of(a_row()))
    raised(service, book_of())

    assert raised(service, book_of()) == 0


def test_what_comes_back_after_it_was_gone_is_raised_again(service, book_of):
    raised(service, book_of(a_row()))
    exception_id = only(service).id
    raised(service, book_of())
    raised(service, book_of(a_row()))

    assert only(service).id == exception_id
    assert kinds_of_events(service, exception_id) == ["created", "closed", "reopened"]


def test_what_a_person_resolved_stays_resolved_while_the_cause_goes_on(service, book_of):
    raised(service, book_of(a_row(loss=100)))
    exception_id = only(service).id
    resolve_by_a_person(service, exception_id)
    raised(service, book_of(a_row(loss=120)))

    assert open_rows(service) == []
    assert service.ledger.outcome(exception_id).by == "ana"


def test_what_a_person_resolved_comes_back_if_it_got_much_worse(service, book_of):
    raised(service, book_of(a_row(loss=100)))
    resolve_by_a_person(service, only(service).id)
    raised(service, book_of(a_row(loss=100 * (1 + service.policy.stock.worse_share))))

    assert only(service).assessment.terms["loss"] > 100


def test_what_a_person_resolved_comes_back_as_another_episode_once_it_was_gone(service, book_of):
    raised(service, book_of(a_row(loss=100)))
    exception_id = only(service).id
    resolve_by_a_person(service, exception_id)
    raised(service, book_of())
    assert service.ledger.outcome(exception_id).by == "ana"
    raised(service, book_of(a_row(loss=50)))

    assert only(service).id == exception_id


def test_a_book_that_looked_for_no_exceptions_changes_nothing(service, book_of, a_book):
    raised(service, book_of(a_row()))
    raised(service, a_book())

    assert len(open_rows(service)) == 1


def test_a_book_whose_time_is_over_changes_nothing(service, book_of, clock):
    clock.pass_hours(24 * 7 * 5)

    assert raised(service, book_of(a_row())) == 0
    assert open_rows(service) == []


def test_a_sku_of_any_letters_can_be_raised(service, book_of):
    raised(service, book_of(a_row("x" * 400), a_row("tab\there"), a_row("漢字")))

    assert len(open_rows(service)) == 3


def test_another_champion_leaves_the_money_of_stock_alone(service, book_of, shelf, a_triage):
    raised(service, book_of(a_row()))
    before = only(service).assessment
    shelf.promote(a_triage("8"))
    service.scorer.champion.poll()

    assert (
        asyncio.run(rescore_open(service.scorer, service.worklist, service.writer, service.clock))
        == 0
    )
    assert only(service).assessment == before


def test_triage_learns_nothing_from_it(service, book_of, a_triage):
    raised(service, book_of(a_row("A"), a_row("B")))
    resolve_by_a_person(service, open_rows(service)[0].id)
    raised(service, book_of())
    recent = RecentLogs(service.ledger, service.policy)
    triage = a_triage()
    recent.read(triage)

    assert recent.logs(triage) == {}


def test_money_of_an_hour_decides_between_stock_and_orders(service, book_of):
    raised(
        service,
        book_of(
            a_row("soon", loss=100),
            a_row("dearer but slow", loss=1_000, curve=STEADILY),
            a_row("lost", loss=9_000, curve=[1.0] * len(STEADILY)),
        ),
    )
    frozen, context = service.worklist.open.frozen(), RankingContext(service.policy, "7")
    snapshot = Snapshot.of(frozen, context, service.clock(), number=1)
    names = [snapshot.open.rows[row].exception.message.split(" at ")[0] for row in snapshot.order]

    assert names == ["soon", "dearer but slow", "lost"]


# What follows is seen through a running service.


@pytest.fixture
def mlruns(tmp_path):
    return tmp_path / "mlruns"


@pytest.fixture
def stocked(running, shelf, a_triage, mlruns, book_of):
    """A service with a champion and a book that says that one SKU runs out."""
    shelf.promote(a_triage())
    write_book(mlruns / FOLDER, book_of(a_row()))
    with running(mlruns=mlruns) as client:
        wait_until(lambda: client.get("/v1/worklist").json()["total"] == 1)
        yield client


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def test_it_stands_among_other_exceptions_by_money_per_hour(stocked, an_exception):
    stocked.post("/v1/exceptions", json=an_exception(due_at="2026-03-09T12:00:00Z"))
    dear = {"total": {"amount": "900.00", "currency": "EUR"}}
    urgent = an_exception("PE-2", due_at="2026-03-01T12:20:00Z", order=dear)
    stocked.post("/v1/exceptions", json=urgent)
    rows = stocked.get("/v1/worklist").json()["rows"]

    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert [row["type"] for row in rows] == [
        "incorrect_address",
        "stock_out_risk",
        "incorrect_address",
    ]


def test_it_is_explained_in_words_and_money(stocked):
    row = stocked.get("/v1/worklist").json()["rows"][0]
    view = stocked.get(f"/v1/exceptions/{row['id']}").json()

    assert view["message"] == "A-17 at berlin runs out on 3 March with 72 %"
    assert view["money_at_stake"] == {"amount": "184.00", "currency": "EUR"}
    assert view["chance_of_breach"] == 0.72
    assert view["payload"]["stock"]["on_hand"] == 40
    assert {reason["code"] for reason in view["reasons"]} == {
        "money_at_stake",
        "cost_of_waiting",
        "chance",
        "touch_time",
        "stock",
    }


@pytest.mark.parametrize("filters", ["team=stock", "category=stock_out_risk"])
def test_it_is_found_by_team_and_kind(stocked, an_exception, filters):
    stocked.post("/v1/exceptions", json=an_exception())

    assert stocked.get(f"/v1/worklist?{filters}").json()["total"] == 1


def test_a_newer_book_takes_its_place(stocked, mlruns, book_of):
    write_book(mlruns / FOLDER, book_of(made_at_ms=1_772_340_000_000))

    wait_until(lambda: stocked.get("/v1/worklist").json()["total"] == 0)


def test_without_a_champion_it_is_on_the_list_like_the_rest(running, mlruns, book_of, an_exception):
    write_book(mlruns / FOLDER, book_of(a_row()))
    with running(mlruns=mlruns) as client:
        client.post("/v1/exceptions", json=an_exception())
        wait_until(lambda: client.get("/v1/worklist").json()["total"] == 2)

        assert {row["score"] for row in client.get("/v1/worklist").json()["rows"]} == {None}


def test_nobody_else_can_speak_in_the_service_s_name(client, an_exception):
    answer = client.post("/v1/exceptions", json=an_exception(source="expedite"))

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/source"
