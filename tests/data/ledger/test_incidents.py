"""Incidents and members in the ledger, on SQLite and on PostgreSQL alike."""

from dataclasses import replace

import pytest

from data.ledger.claims import Claim, active_claims, claim
from data.ledger.incidents import (
    Incident,
    incidents_at,
    incidents_of,
    join,
    members_of,
    reader_position,
    record_change,
    save_incident,
    save_reader_position,
    split_off,
)
from data.ledger.intake import accept
from data.ledger.message_order import Incoming
from data.ledger.tables import MAX_REVISION

NOON_MS = 1_772_366_400_000
DHL = Incident("inc_1", "carrier", "dhl", 1, NOON_MS, NOON_MS, None, "{}")
UPS = replace(DHL, id="inc_2", value="ups")


def test_the_largest_revision_of_an_incident_stays_and_its_end_is_stored(ledger):
    with ledger.writing() as connection:
        save_incident(connection, replace(DHL, revision=MAX_REVISION), now_ms=NOON_MS)
        stored = replace(DHL, revision=MAX_REVISION)
        closed = record_change(connection, stored, now_ms=NOON_MS + 1, is_closed=True)

    assert (closed.revision, closed.closed_at_ms) == (MAX_REVISION, NOON_MS + 1)


@pytest.fixture
def ids(ledger):
    incoming = [
        Incoming("s", f"PE-{i}", is_open=True, version=None, updated_at_ms=NOON_MS,
                 detected_at_ms=NOON_MS, payload="{}", opinion="{}")
        for i in range(3)
    ]  # fmt: skip
    with ledger.writing() as connection:
        save_incident(connection, DHL, now_ms=NOON_MS)
        save_incident(connection, UPS, now_ms=NOON_MS)
        return [accepted.record.id for accepted in accept(connection, incoming, now_ms=NOON_MS)]


def joined(ledger, incident, ids, after_ms=0):
    with ledger.writing() as connection:
        return join(connection, incident, ids, now_ms=NOON_MS + after_ms)


def members(ledger, incident_id="inc_1"):
    with ledger.reading() as connection:
        memberships = members_of(connection, [incident_id])
        return [m.exception_id for m in memberships if m.left_at_ms is None]


def test_members_are_kept_in_the_order_of_joining(ledger, ids):
    joined(ledger, DHL, ids[1:])
    joined(ledger, DHL, ids[:1])

    assert members(ledger) == [ids[1], ids[2], ids[0]]


def test_joining_again_changes_nothing(ledger, ids):
    joined(ledger, DHL, ids)

    assert joined(ledger, DHL, ids) == []
    assert members(ledger) == ids


def test_an_exception_belongs_to_one_incident(ledger, ids):
    joined(ledger, DHL, ids[:1])

    assert joined(ledger, UPS, ids) == ids[1:]


def test_who_was_split_off_does_not_come_back(ledger, ids):
    joined(ledger, DHL, ids)
    with ledger.writing() as connection:
        left = split_off(connection, "inc_1", {ids[0]}, now_ms=NOON_MS)

    assert left == ids[:1]
    assert joined(ledger, DHL, ids) == []
    assert members(ledger) == ids[1:]


def test_who_was_split_off_joins_no_other_of_that_cause(ledger, ids):
    again = replace(DHL, id="inc_3")
    joined(ledger, DHL, ids[:1])
    with ledger.writing() as connection:
        split_off(connection, "inc_1", None, now_ms=NOON_MS)
        save_incident(connection, again, now_ms=NOON_MS)

    assert joined(ledger, again, ids) == ids[1:]


def test_an_incident_is_known_later_as_it_was_told_then(ledger, ids):
    with ledger.writing() as connection:
        later = replace(DHL, revision=2, body='{"n": 2}')
        save_incident(connection, later, now_ms=NOON_MS + 1_000)
        then, now = (incidents_at(connection, NOON_MS + ms)[0][0] for ms in (999, 1_000))

    assert (then, now) == (DHL, later)


def test_who_was_split_off_may_join_another(ledger, ids):
    joined(ledger, DHL, ids)
    with ledger.writing() as connection:
        split_off(connection, "inc_1", None, now_ms=NOON_MS)

    assert joined(ledger, UPS, ids) == ids


def test_nobody_joins_what_is_closed(ledger, ids):
    assert joined(ledger, replace(DHL, closed_at_ms=NOON_MS), ids) == []
    assert members(ledger) == []


def test_a_change_counts_and_an_end_ends_the_claim(ledger, ids):
    with ledger.writing() as connection:
        claim(connection, Claim("inc_1", "ana", NOON_MS, NOON_MS + 1_000))
        after = record_change(connection, DHL, now_ms=NOON_MS + 1, is_closed=True)

        assert (after.revision, after.closed_at_ms) == (2, NOON_MS + 1)
        assert incidents_of(connection) == [UPS]
        assert active_claims(connection, now_ms=NOON_MS) == []


def test_what_belonged_together_at_a_moment_is_known_later(ledger, ids):
    joined(ledger, DHL, ids[:2])
    joined(ledger, DHL, ids[2:], after_ms=1_000)
    with ledger.writing() as connection:
        split_off(connection, "inc_1", {ids[0]}, now_ms=NOON_MS + 2_000)
        record_change(connection, DHL, now_ms=NOON_MS + 3_000, is_closed=True)
    with ledger.reading() as connection:
        then = [incidents_at(connection, NOON_MS + s * 1_000) for s in (-1, 0, 1, 2, 3)]

    assert [[incident.id for incident, _ in open_then] for open_then in then] == [
        [], ["inc_1", "inc_2"], ["inc_1", "inc_2"], ["inc_1", "inc_2"], ["inc_2"],
    ]  # fmt: skip
    members_then = [
        {*state.members}
        for open_then in then
        for state in open_then
        if state.incident.id == "inc_1"
    ]
    assert members_then == [{*ids[:2]}, {*ids}, {*ids[1:]}]


def test_a_reader_begins_after_what_is_there_and_goes_on_where_it_stopped(ledger, ids):
    with ledger.writing() as connection:
        begin = reader_position(connection, "bursts")
        save_reader_position(connection, "bursts", begin + 2)

        assert begin == 3
        assert reader_position(connection, "bursts") == 5
