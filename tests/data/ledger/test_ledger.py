"""The ledger, on SQLite and on PostgreSQL alike."""

import itertools
import threading
from dataclasses import replace

import orjson
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update as update_rows

from data.domain import BadInputError, ConflictError, NotFoundError, PreconditionError
from data.ledger.idempotency import StoredAnswer, store_answer, stored_answer
from data.ledger.intake import IntakeEvent, accept, new_id, rescore
from data.ledger.ledger import Ledger, OutcomeRecord
from data.ledger.message_order import Incoming
from data.ledger.outcomes import resolve
from data.ledger.tables import EXCEPTIONS, METADATA
from data.ticks import MS_PER_HOUR

NOON_MS = 1_772_366_400_000
COUNT = itertools.count()


def incoming(external_id="PE-1", **changes):
    plain = {
        "source": "shopify:acme",
        "external_id": external_id,
        "is_open": True,
        "version": None,
        "updated_at_ms": NOON_MS,
        "detected_at_ms": NOON_MS,
        "payload": '{"n": 1}',
        "opinion": "{}",
    }
    return Incoming(**plain | changes)


CLOSED = {"is_open": False, "payload": '{"status": "closed"}'}


def taken(ledger, *arriving, now_ms=NOON_MS + MS_PER_HOUR):
    with ledger.writing() as connection:
        return accept(connection, arriving, now_ms=now_ms)


def ended(exception_id, **changes):
    plain = {"known_at_ms": NOON_MS + MS_PER_HOUR, "resolved_at_ms": NOON_MS + MS_PER_HOUR}
    return OutcomeRecord(exception_id, **plain | changes)


def closed(ledger, outcome, if_revision=None):
    with ledger.writing() as connection:
        return resolve(connection, outcome, body="{}", expected_revision=if_revision)


def test_the_migrations_make_the_tables_that_the_code_knows(ledger):
    with ledger.writing() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, METADATA) == []


def test_opening_again_keeps_what_is_there(ledger, each_ledger_url):
    record = taken(ledger, incoming())[0].record

    again = Ledger.open(each_ledger_url)

    assert again.record(record.id) == record
    again.close()


def test_what_is_taken_in_is_open(ledger):
    record = taken(ledger, incoming())[0].record

    assert list(ledger.open_records()) == [record]


def test_ids_sort_by_time():
    ids = [new_id(NOON_MS + i) for i in range(50)]

    assert ids == sorted(ids)


def test_the_same_again_writes_nothing(ledger):
    first = taken(ledger, incoming())[0].record
    again = taken(ledger, incoming(opinion='{"other": 1}'), now_ms=NOON_MS + 1)[0]

    assert (again.arrival, again.record) == (IntakeEvent.UNCHANGED, first)
    assert len(ledger.events(first.id)) == 1


@pytest.mark.parametrize(
    ("stored", "update", "arrival"),
    [
        ({}, {"updated_at_ms": NOON_MS + 1}, IntakeEvent.UPDATED),
        ({}, {"updated_at_ms": NOON_MS - 1}, IntakeEvent.LATE),
        ({}, {}, IntakeEvent.UPDATED),
        ({"version": 2}, {"version": 1, "updated_at_ms": NOON_MS + 1}, IntakeEvent.LATE),
        ({"version": 2}, {"version": 3, "updated_at_ms": NOON_MS - 1}, IntakeEvent.UPDATED),
        ({"version": 2}, {"version": 2, "updated_at_ms": NOON_MS - 1}, IntakeEvent.LATE),
        ({"version": 2}, {"version": 2, "updated_at_ms": NOON_MS + 1}, IntakeEvent.UPDATED),
        ({"version": 2}, {"version": 2, "updated_at_ms": None}, IntakeEvent.UPDATED),
        ({"version": 2}, {"updated_at_ms": NOON_MS + 1}, IntakeEvent.UPDATED),
        ({}, {"is_open": False, "updated_at_ms": NOON_MS + 1}, IntakeEvent.CLOSED),
        ({"updated_at_ms": NOON_MS + 2}, {"updated_at_ms": None}, IntakeEvent.UPDATED),
        ({"version": 2, **CLOSED}, {"version": 3}, IntakeEvent.REOPENED),
        ({"version": 2, **CLOSED}, {"version": 1}, IntakeEvent.LATE),
        (CLOSED, {"updated_at_ms": NOON_MS + 1}, IntakeEvent.REOPENED),
        (CLOSED, {}, IntakeEvent.REOPENED),
        (CLOSED, {"updated_at_ms": None}, IntakeEvent.REOPENED),
        (CLOSED, {"updated_at_ms": NOON_MS - 1}, IntakeEvent.LATE),
    ],
)
def test_messages_are_ordered_by_version_then_clock_then_arrival(ledger, stored, update, arrival):
    taken(ledger, incoming(**stored))

    assert taken(ledger, incoming(payload='{"n": 2}', **update))[0].arrival is arrival


@pytest.mark.parametrize("each_ledger_url", ["sqlite"], indirect=True)
@given(
    messages=st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=6),
    split=st.integers(0, 6),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_order_of_arrival_ends_in_the_highest_version(ledger, messages, split):
    source = f"s-{next(COUNT)}"
    arriving = [
        incoming(source=source, version=version, is_open=is_open, updated_at_ms=None,
                 payload=orjson.dumps({"status": "open" if is_open else "closed", "n": i}).decode())
        for i, (version, is_open) in enumerate(messages)
    ]  # fmt: skip
    taken(ledger, *arriving[:split])
    accepted = taken(ledger, *arriving[split:], now_ms=NOON_MS + 2 * MS_PER_HOUR)
    accepted = accepted or taken(ledger, arriving[-1])

    last = max(range(len(messages)), key=lambda i: (messages[i][0], i))
    record = accepted[-1].record
    assert (record.version, record.is_open, record.payload) == (
        arriving[last].version, arriving[last].is_open, arriving[last].payload
    )  # fmt: skip


@pytest.mark.parametrize("each_ledger_url", ["sqlite"], indirect=True)
@given(
    clocks=st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 3)), min_size=2, max_size=6, unique=True
    ),
    is_open=st.lists(st.booleans(), min_size=6, max_size=6),
    has_version=st.booleans(),
    data=st.data(),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_order_of_arrival_ends_in_the_last_by_version_and_clock(
    ledger, clocks, is_open, has_version, data
):
    clocks = clocks if has_version else list({clock: None for _, clock in clocks})
    clocks = [clock if has_version else (None, clock) for clock in clocks]
    source = f"s-{next(COUNT)}"
    messages = {
        clock: incoming(
            source=source, version=clock[0], updated_at_ms=NOON_MS + clock[1], is_open=state,
            payload=orjson.dumps({"status": "open" if state else "closed", "n": i}).decode(),
        )
        for i, (clock, state) in enumerate(zip(clocks, is_open, strict=False))
    }  # fmt: skip
    for n, clock in enumerate(data.draw(st.permutations(clocks))):
        record = taken(ledger, messages[clock], now_ms=NOON_MS + MS_PER_HOUR + n)[0].record

    last = messages[max(clocks)]
    assert (record.version, record.updated_at_ms, record.is_open, record.payload) == (
        last.version, last.updated_at_ms, last.is_open, last.payload
    )  # fmt: skip


def test_a_time_from_the_future_shuts_nothing_out(ledger):
    year_2099 = incoming(updated_at_ms=NOON_MS * 3, detected_at_ms=NOON_MS * 3)
    first = taken(ledger, year_2099, now_ms=NOON_MS)[0].record
    update = incoming(payload='{"n": 2}', updated_at_ms=NOON_MS + 1)

    assert (first.updated_at_ms, first.detected_at_ms) == (NOON_MS, NOON_MS)
    assert taken(ledger, update, now_ms=NOON_MS + 2)[0].arrival is IntakeEvent.UPDATED


@pytest.mark.parametrize("each_ledger_url", ["sqlite"], indirect=True)
@given(
    clocks=st.permutations([1, 2, 3, MS_PER_HOUR * 1_000]),
    is_open=st.lists(st.booleans(), min_size=4, max_size=4),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_after_any_order_of_arrival_with_a_time_from_the_future_a_later_message_counts(
    ledger, clocks, is_open
):
    now_ms, source = NOON_MS + MS_PER_HOUR, f"s-{next(COUNT)}"
    for n, clock in enumerate(clocks):
        message = incoming(
            source=source, updated_at_ms=NOON_MS + clock, is_open=is_open[n],
            payload=orjson.dumps({"status": "open" if is_open[n] else "closed", "n": n}).decode(),
        )  # fmt: skip
        record = taken(ledger, message, now_ms=now_ms + n)[0].record
        assert record.updated_at_ms <= now_ms + n
    last = incoming(source=source, updated_at_ms=now_ms + 10, payload='{"status": "open"}')

    after = taken(ledger, last, now_ms=now_ms + 11)[0].record

    assert (after.is_open, after.payload) == (True, '{"status": "open"}')


def test_a_time_from_the_future_in_an_older_ledger_shuts_nothing_out(ledger):
    record = taken(ledger, incoming(), now_ms=NOON_MS)[0].record
    with ledger.writing() as connection:
        connection.execute(update_rows(EXCEPTIONS).values(updated_at_ms=NOON_MS * 3))
    update = incoming(payload='{"n": 2}', updated_at_ms=NOON_MS + 1)

    assert taken(ledger, update, now_ms=NOON_MS + 2)[0].arrival is IntakeEvent.UPDATED
    assert ledger.record(record.id).updated_at_ms == NOON_MS + 1


def test_a_message_written_before_a_resolution_does_not_reopen(ledger):
    record = taken(ledger, incoming())[0].record
    closed(ledger, ended(record.id))
    before = incoming(payload='{"n": 2}', updated_at_ms=NOON_MS + 1)
    after = incoming(payload='{"n": 3}', updated_at_ms=None)

    arrivals = [taken(ledger, message)[0].arrival for message in (before, after)]

    assert arrivals == [IntakeEvent.UPDATED, IntakeEvent.REOPENED]


def test_a_resolution_from_before_a_reopening_is_refused(ledger):
    record = taken(ledger, incoming(**CLOSED))[0].record
    opened = incoming(payload='{"n": 2}', updated_at_ms=NOON_MS + MS_PER_HOUR)
    again = taken(ledger, opened, now_ms=NOON_MS + 2 * MS_PER_HOUR)[0].record
    outcome = ended(record.id, resolved_at_ms=NOON_MS + 1)

    with pytest.raises(ConflictError):
        closed(ledger, outcome)
    assert not closed(ledger, outcome, if_revision=again.revision).is_open


def test_a_late_one_is_noted_once_however_often_it_comes(ledger):
    record = taken(ledger, incoming())[0].record
    late = incoming(payload='{"n": 0}', updated_at_ms=NOON_MS - 1)
    for _ in range(3):
        taken(ledger, late)

    assert [event.kind for event in ledger.events(record.id)] == ["created", "late"]


def test_a_thousand_are_taken_in_at_once(ledger):
    accepted = taken(ledger, *[incoming(str(i)) for i in range(1_000)])

    assert len({acceptance.record.id for acceptance in accepted}) == 1_000
    assert sum(1 for _ in ledger.open_records()) == 1_000


def test_a_failure_in_a_transaction_undoes_all_of_it(ledger):
    def fail_half_way():
        with ledger.writing() as connection:
            accept(connection, [incoming()], now_ms=NOON_MS)
            raise TimeoutError

    with pytest.raises(TimeoutError):
        fail_half_way()

    assert list(ledger.open_records()) == []


def test_writers_at_the_same_time_lose_nothing(ledger):
    def write(part):
        for i in range(10):
            taken(ledger, incoming(f"{part}-{i}"))

    writers = [threading.Thread(target=write, args=(part,)) for part in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert sum(1 for _ in ledger.open_records()) == 40


def test_a_resolved_one_is_not_open_and_its_outcome_is_kept(ledger):
    record = taken(ledger, incoming())[0].record
    outcome = ended(record.id, team="fraud", touch_minutes=3.5, breached=True, loss_amount="1.20",
                    loss_currency="EUR", label_origin="typed", category="c", by="ana")  # fmt: skip
    closed(ledger, outcome)

    assert list(ledger.open_records()) == []
    assert ledger.outcome(record.id) == outcome


def test_resolving_again_alike_writes_nothing(ledger):
    record = taken(ledger, incoming())[0].record
    first = closed(ledger, ended(record.id, team="fraud"))
    again = closed(ledger, ended(record.id, team="fraud", known_at_ms=NOON_MS + 2 * MS_PER_HOUR))

    assert again == first
    assert len(ledger.events(record.id)) == 2


def test_resolving_otherwise_is_a_conflict(ledger):
    record = taken(ledger, incoming())[0].record
    closed(ledger, ended(record.id, team="fraud"))

    with pytest.raises(ConflictError, match="If-Match"):
        closed(ledger, ended(record.id, team="addresses"))


def test_a_correction_keeps_both_in_the_history(ledger):
    record = taken(ledger, incoming())[0].record
    first = closed(ledger, ended(record.id, team="fraud"))
    closed(ledger, ended(record.id, team="addresses"), if_revision=first.revision)

    assert ledger.outcome(record.id).team == "addresses"
    kinds = [event.kind for event in ledger.events(record.id)]
    assert kinds == ["created", "resolved", "resolved"]


def test_a_revision_of_the_past_is_refused(ledger):
    record = taken(ledger, incoming())[0].record
    taken(ledger, incoming(payload='{"n": 2}'))

    with pytest.raises(PreconditionError):
        closed(ledger, ended(record.id), if_revision=record.revision)


def test_resolving_what_is_not_there_says_so(ledger):
    with pytest.raises(NotFoundError):
        closed(ledger, ended("exc_none"))


def test_reopening_takes_the_outcome_back(ledger):
    record = taken(ledger, incoming())[0].record
    closed(ledger, ended(record.id))
    taken(ledger, incoming(payload='{"n": 2}', updated_at_ms=NOON_MS + 2 * MS_PER_HOUR))

    assert ledger.outcome(record.id) is None
    assert ledger.record(record.id).is_open


def test_a_second_opinion_replaces_the_first(ledger):
    record = taken(ledger, incoming())[0].record
    with ledger.writing() as connection:
        rescore(connection, [(record.id, record.revision, '{"new": 1}')], now_ms=NOON_MS)

    assert ledger.record(record.id) == replace(record, opinion='{"new": 1}')


def test_a_second_opinion_on_what_changed_meanwhile_is_dropped(ledger):
    record = taken(ledger, incoming())[0].record
    taken(ledger, incoming(payload='{"n": 2}'))
    with ledger.writing() as connection:
        rescore(connection, [(record.id, record.revision, '{"new": 1}')], now_ms=NOON_MS)

    assert ledger.record(record.id).opinion == "{}"


def test_an_answer_is_remembered_for_a_day(ledger):
    answer = StoredAnswer("key", "sha", 201, "{}")
    with ledger.writing() as connection:
        store_answer(connection, answer, now_ms=NOON_MS)
        soon = stored_answer(connection, "key")
        store_answer(connection, replace(answer, key="next"), now_ms=NOON_MS + 25 * MS_PER_HOUR)
        later = stored_answer(connection, "key")

    assert (soon, later) == (answer, None)


def test_events_are_read_on_from_where_a_reader_stopped(ledger):
    taken(ledger, incoming("a"), incoming("b"))
    first = ledger.events_after(0, ["created"], 1)
    rest = ledger.events_after(first[-1].seq, ["created"], 10)

    assert len(first) == len(rest) == 1
    assert first[0].exception_id != rest[0].exception_id


@pytest.mark.parametrize(
    "wrong", ["", "nonsense", "oracle://x", "postgresql+psycopg://127.0.0.1:1/none"]
)
def test_an_address_that_can_not_be_opened_is_named_with_the_cure(wrong):
    with pytest.raises(BadInputError, match="EXPEDITE_DATABASE_URL"):
        Ledger.open(wrong)


def test_an_error_never_shows_the_password():
    with pytest.raises(BadInputError) as caught:
        Ledger.open("postgresql+psycopg://ana:secret@127.0.0.1:1/none")

    assert "secret" not in str(caught.value)
