"""A customer is erased from the ledger: nothing of them is left in its file, and counts stay."""

import orjson
import pytest
from sqlalchemy import func, select

from data.ledger.access_tables import ACTION_LOG
from data.ledger.action_log import Action, all_actions, delete_old_actions, record_action
from data.ledger.erasure.compaction import compact
from data.ledger.erasure.payloads import erase_customer, erase_old
from data.ledger.export import export_ledger
from data.ledger.idempotency import StoredAnswer, store_answer, stored_answer
from data.ledger.incidents import Incident, incident_of, save_incident
from data.ledger.intake import accept
from data.ledger.ledger import Ledger, OutcomeRecord
from data.ledger.message_order import Incoming
from data.ledger.outcomes import resolve
from data.ledger.tables import EVENTS, METADATA, OUTCOMES
from data.ticks import MS_PER_DAY, MS_PER_HOUR

NOON_MS = 1_772_366_400_000
CUSTOMER = "cust-4711"
SECRETS = (CUSTOMER, "Erika Musterfrau", "Heidestrasse", "#20077", "erika@example.org")


def payload(external_id, **changes):
    plain = {
        "source": "shopify:acme",
        "external_id": external_id,
        "type": "incorrect_address",
        "status": "open",
        "detected_at": "2026-03-01T09:13:02Z",
        "message": "Erika Musterfrau moved to Heidestrasse",
        "order": {"order_number": "#20077", "customer": {"external_id": CUSTOMER}},
        "attributes": {"mail": "erika@example.org", "filler": "x" * 6_000},
    }
    return orjson.dumps(plain | changes, option=orjson.OPT_SORT_KEYS).decode()


def other(external_id):
    """Another customer, whose id begins with the same letters."""
    order = {"order_number": "#1", "customer": {"external_id": f"{CUSTOMER}0"}}
    return payload(external_id, message="late", order=order, attributes={"carrier": "dhl"})


def incoming(text):
    value = orjson.loads(text)
    return Incoming(
        source=value["source"],
        external_id=value["external_id"],
        is_open=value["status"] == "open",
        version=None,
        updated_at_ms=None,
        detected_at_ms=NOON_MS,
        payload=text,
        opinion="{}",
    )


def take(ledger, *texts, now_ms=NOON_MS):
    with ledger.writing() as connection:
        accepted = accept(connection, [incoming(text) for text in texts], now_ms=now_ms)
    return [each.record.id for each in accepted]


def end(ledger, exception_id, now_ms):
    outcome = OutcomeRecord(exception_id, now_ms, now_ms, category="incorrect_address", by="ana")
    body = orjson.dumps({"category": "incorrect_address", "by": "ana", "note": SECRETS[1]})
    with ledger.writing() as connection:
        resolve(connection, outcome, body=body.decode(), expected_revision=None)


def action(name="erase customer", now_ms=NOON_MS):
    return Action(now_ms, "ana", "session", "10.0.0.1", name)


def whole_text(ledger):
    """Return all texts of all tables."""
    with ledger.reading() as connection:
        tables = [connection.execute(select(table)).all() for table in METADATA.sorted_tables]
    return repr(tables)


def counts(ledger):
    query = select(EVENTS.c.kind, func.count()).where(EVENTS.c.kind != "erased")
    with ledger.reading() as connection:
        kinds = connection.execute(query.group_by(EVENTS.c.kind)).all()
        outcomes = connection.execute(
            select(OUTCOMES.c.category, func.count()).group_by("category")
        )
        return sorted(map(tuple, kinds)), sorted(map(tuple, outcomes))


@pytest.fixture
def filled(ledger):
    """A ledger in which a customer left traces in every table that can hold them."""
    first, _, third = take(ledger, payload("PE-1"), payload(f"{CUSTOMER}/2"), other("PE-3"))
    take(ledger, payload("PE-1", message="Heidestrasse 8, not 7"))
    end(ledger, first, NOON_MS + MS_PER_HOUR)
    end(ledger, third, NOON_MS + MS_PER_HOUR)  # its note names somebody, and stays
    cause = [["customer", CUSTOMER], ["carrier", "dhl"]]
    body = orjson.dumps({"cause": cause, "words": f"customer {CUSTOMER}: 9 orders"}).decode()
    incident = Incident("inc_1", "customer", CUSTOMER, 1, NOON_MS, NOON_MS, None, body)
    answers = {"a": f'{{"id":"{first}"}}', "b": f'{{"detail":"of {CUSTOMER}"}}',
               "c": f'{{"id":"{third}"}}'}  # fmt: skip
    with ledger.writing() as connection:
        save_incident(connection, incident, now_ms=NOON_MS)
        for key, answer in answers.items():
            store_answer(connection, StoredAnswer(key, "0" * 64, 200, answer), now_ms=NOON_MS)
    return ledger


def test_nothing_of_a_customer_is_left_and_all_counts_stay(filled, tmp_path):
    before = counts(filled)
    result = erase_customer(filled, CUSTOMER, action=action(), now_ms=NOON_MS + 2 * MS_PER_HOUR)

    assert (result.exceptions, result.answers) == (2, 2)
    assert counts(filled) == before
    text = whole_text(filled)
    assert f"{CUSTOMER}0" in text
    assert [each for each in SECRETS if each in text.replace(f"{CUSTOMER}0", "")] == [SECRETS[1]]
    with filled.reading() as connection:
        assert [stored_answer(connection, key).status for key in "abc"] == [410, 410, 200]
        assert "dhl" in incident_of(connection, "inc_1").body
        tombstone = list(all_actions(connection))[-1]
    assert (tombstone.by, tombstone.action) == ("ana", "erase customer")
    assert orjson.loads(tombstone.body) == {"exceptions": 2, "answers": 2}
    exported = export_ledger(filled, tmp_path, begin=None, end=None)
    assert (exported.exceptions, exported.unreadable) == (3, 0)


def test_the_file_of_the_database_holds_no_trace_once_it_is_compacted(tmp_path):
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger.open(f"sqlite:///{path}")
    first, _ = take(ledger, payload("PE-1"), payload(f"{CUSTOMER}/2"))
    take(ledger, payload("PE-1", message="Heidestrasse 8, not 7"))
    end(ledger, first, NOON_MS + MS_PER_HOUR)
    files = [path, path.with_name(path.name + "-wal")]

    def traces():
        content = b"".join(file.read_bytes() for file in files if file.exists())
        return [secret for secret in SECRETS if secret.encode() in content]

    assert traces() == list(SECRETS)
    erase_customer(ledger, CUSTOMER, action=action(), now_ms=NOON_MS)
    compact(ledger)
    assert traces() == []
    assert export_ledger(ledger, tmp_path / "out", begin=None, end=None).exceptions == 2
    ledger.close()


def test_a_compacted_postgresql_serves_on(postgres_url):
    ledger = Ledger.open(postgres_url)
    take(ledger, payload("PE-1"))
    erase_customer(ledger, CUSTOMER, action=action(), now_ms=NOON_MS)
    compact(ledger)
    take(ledger, other("PE-2"))
    assert not any(secret in whole_text(ledger).replace(f"{CUSTOMER}0", "") for secret in SECRETS)
    ledger.close()


def test_payloads_are_erased_some_days_after_the_end_and_again_if_they_came_again(ledger):
    old, young, is_open = take(ledger, payload("PE-1"), payload("PE-2"), payload("PE-3"))
    end(ledger, old, NOON_MS)
    end(ledger, young, NOON_MS + 9 * MS_PER_DAY)
    limit_ms, now_ms = NOON_MS + 5 * MS_PER_DAY, NOON_MS + 10 * MS_PER_DAY

    def erased():
        result = erase_old(ledger, ended_before_ms=limit_ms, now_ms=now_ms)
        return result.exceptions

    assert (erased(), erased()) == (1, 0)
    assert [CUSTOMER in ledger.record(each).payload for each in (old, young, is_open)] == [
        False,
        True,
        True,
    ]
    late = orjson.dumps(orjson.loads(payload("PE-1")) | {"status": "closed"}).decode()
    take(ledger, late, now_ms=NOON_MS + 9 * MS_PER_DAY)
    assert (erased(), erased()) == (1, 0)
    assert CUSTOMER not in ledger.record(old).payload


def test_old_actions_are_deleted_all_together_and_never_one_by_one(ledger):
    with ledger.writing() as connection:
        for days in (0, 1, 9):
            record_action(connection, action("resolve", NOON_MS + days * MS_PER_DAY))
    with ledger.writing() as connection:
        count = delete_old_actions(
            connection,
            before_ms=NOON_MS + 5 * MS_PER_DAY,
            action=action("delete old actions", NOON_MS + 10 * MS_PER_DAY),
        )
    assert count == 2
    with ledger.reading() as connection:
        assert [each.action for each in all_actions(connection)] == [
            "resolve",
            "delete old actions",
        ]
    with pytest.raises(Exception, match="only grows"), ledger.writing() as connection:
        connection.execute(ACTION_LOG.delete())
