"""What is accepted can be read back; a row that can't be read costs itself alone."""

import json
import sqlite3

import pytest


def nested(levels):
    value = {}
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.fixture
def ledger_file(settings):
    return settings.database_url.removeprefix("sqlite:///")


@pytest.fixture
def poisoned(running, shelf, a_triage, an_exception, ledger_file):
    """A ledger with one sound and one spoilt exception; `payload` is what the second one holds."""

    def spoil(payload):
        shelf.promote(a_triage())
        with running() as client:
            ids = [
                client.post("/v1/exceptions", json=an_exception(external_id=name)).json()["id"]
                for name in ("sound", "spoilt")
            ]
        with sqlite3.connect(ledger_file) as ledger:
            for table, key, column in (
                ("exceptions", "id", "payload"),
                ("events", "exception_id", "body"),
            ):
                ledger.execute(
                    f"UPDATE {table} SET {column} = ? WHERE {key} = ?",
                    (payload, ids[1]),
                )
        return ids

    return spoil


@pytest.fixture(params=["deep", "not JSON", "no field", "wrong type"])
def payload(request, an_exception):
    return {
        "deep": json.dumps(an_exception(external_id="spoilt", note=nested(230))),
        "not JSON": '{"external_id": ',
        "no field": "{}",
        "wrong type": json.dumps(an_exception(external_id="spoilt", due_at=7)),
    }[request.param]


def ids_on_the_list(client):
    return {row["id"] for row in client.get("/v1/worklist").json()["rows"]}


def test_the_service_starts_over_a_poisoned_ledger_and_shows_what_it_can_read(
    poisoned, payload, running
):
    sound, _ = poisoned(payload)

    with running() as client:
        assert sound in ids_on_the_list(client)
        assert client.get("/readyz").status_code == 200


def test_what_an_older_version_stored_too_deeply_nested_is_read(poisoned, running, an_exception):
    ids = poisoned(json.dumps(an_exception(external_id="spoilt", note=nested(230))))

    with running() as client:
        assert ids_on_the_list(client) == set(ids)


def test_an_exception_that_cannot_be_read_is_counted_and_shown(poisoned, running):
    poisoned("{}")

    with running() as client:
        assert "expedite_unreadable_exceptions 1.0" in client.get("/metrics").text
        assert "1 open exception can't be read" in " ".join(
            client.get("/").text.replace("</strong>", "").split()
        )


def test_a_newer_version_repairs_what_could_not_be_read(poisoned, running, an_exception):
    _, spoilt = poisoned("{}")

    with running() as client:
        newer = an_exception(external_id="spoilt", updated_at="2026-03-01T11:59:00Z")
        client.post("/v1/exceptions", json=newer)
        assert spoilt in ids_on_the_list(client)
        assert "expedite_unreadable_exceptions 0.0" in client.get("/metrics").text


def test_a_past_list_leaves_out_what_cannot_be_read(poisoned, running, clock):
    sound, _ = poisoned("{}")
    clock.pass_hours(2)

    with running() as client:
        rows = client.get("/v1/worklist", params={"at": "2026-03-01T13:00:00Z"}).json()["rows"]
        assert [row["id"] for row in rows] == [sound]


@pytest.mark.parametrize("path", ["/v1/exceptions", "/v1/score"])
def test_what_is_nested_too_deeply_is_refused_with_a_pointer(client, an_exception, path):
    answer = client.post(path, json=an_exception(note=nested(32)))

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/note" + "/in" * 31


def test_in_a_batch_one_that_is_nested_too_deeply_costs_itself_alone(client, an_exception):
    batch = [an_exception(external_id="a"), an_exception(external_id="b", note=nested(200))]

    answer = client.post("/v1/exceptions", json={"exceptions": batch}).json()

    assert (answer["accepted"], answer["refused"]) == (1, 1)


def test_what_is_as_deep_as_allowed_is_taken_and_read_after_a_restart(
    running, shelf, a_triage, an_exception
):
    shelf.promote(a_triage())
    with running() as client:
        posted = client.post("/v1/exceptions", json=an_exception(note=nested(30))).json()

    with running() as client:
        assert ids_on_the_list(client) == {posted["id"]}


def test_a_huge_attribute_is_refused_with_a_pointer_to_it(client, an_exception):
    answer = client.post("/v1/exceptions", json=an_exception(attributes={"photo": "x" * 1_500_000}))

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/attributes/photo"
