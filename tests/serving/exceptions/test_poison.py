"""What is accepted can be read back; a row that can't be read costs itself alone."""

import json
import sqlite3

import pytest

from data.ledger.export import export_ledger
from serving.scoring.recent_logs import RecentLogs


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


def test_the_page_of_an_exception_with_a_stored_blank_field_is_shown(
    poisoned, running, an_exception
):
    _, spoilt = poisoned(json.dumps(an_exception(external_id="spoilt", reason_code="")))

    with running() as client:
        assert client.get(f"/exceptions/{spoilt}").status_code == 200


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


def spoil(ledger_file, table, column, value, where="1 = 1"):
    with sqlite3.connect(ledger_file) as ledger:
        ledger.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value,))


@pytest.fixture
def two_open(running, shelf, a_triage, an_exception):
    """A ledger with a sound and a spoilt exception, before anything is spoilt; their ids."""
    shelf.promote(a_triage())
    with running() as client:
        names = ("sound", "spoilt")
        return [
            client.post("/v1/exceptions", json=an_exception(name)).json()["id"] for name in names
        ]


@pytest.mark.parametrize(
    "assessment", ["[]", "{", '{"terms": {}}', '{"terms": {"loss": "x"}}', "null"]
)
def test_an_assessment_that_cannot_be_read_costs_its_row_alone(
    two_open, assessment, ledger_file, running, an_exception
):
    sound, spoilt = two_open
    spoil(ledger_file, "exceptions", "opinion", assessment, f"id = '{spoilt}'")
    spoil(ledger_file, "events", "opinion", assessment, f"exception_id = '{spoilt}'")

    with running() as client:
        again = {"exceptions": [an_exception("sound"), an_exception("spoilt")]}
        assert ids_on_the_list(client) == {sound}
        assert client.get(f"/v1/exceptions/{spoilt}").status_code == 409
        assert client.get(f"/v1/exceptions/{sound}").status_code == 200
        assert client.post("/v1/exceptions", json=again).json()["accepted"] == 2


def test_the_view_of_a_row_that_cannot_be_read_says_what_repairs_it(poisoned, running):
    _, spoilt = poisoned("{}")

    with running() as client:
        for path in (f"/v1/exceptions/{spoilt}", f"/exceptions/{spoilt}"):
            answer = client.get(path)
            assert answer.status_code == 409
            assert "repaired by a newer version" in answer.text


def test_a_text_that_is_no_utf_8_costs_its_row_alone(two_open, ledger_file, running):
    sound, spoilt = two_open
    with sqlite3.connect(ledger_file) as ledger:
        ledger.execute(
            "UPDATE exceptions SET payload = cast(x'7bff' AS TEXT) WHERE id = ?", (spoilt,)
        )

    with running() as client:
        assert ids_on_the_list(client) == {sound}


def test_moments_beyond_the_calendar_are_shown_as_its_end(two_open, ledger_file, running):
    spoil(ledger_file, "events", "occurred_at_ms", 2**62)

    with running() as client:
        view = client.get(f"/v1/exceptions/{two_open[0]}").json()
        assert view["history"][0]["occurred_at"].startswith("9999-12-31T23:59:59")


def test_an_export_leaves_out_what_cannot_be_read_and_counts_it(poisoned, running, tmp_path):
    poisoned("not JSON")

    with running() as client:
        ledger = client.app.state.service.ledger
        counts = export_ledger(ledger, tmp_path / "files", begin=None, end=None)
        assert (counts.exceptions, counts.unreadable) == (1, 1)


@pytest.fixture
def spoilt_incident(incidents, burst, ledger_file):
    """An incident of eight members, the facts of which can't be read any more; its id."""
    incidents.post(burst(8))
    incident_id = incidents.wait_for(members=8)["id"]
    incidents.client.close()
    for table, key in (("incidents", "id"), ("incident_states", "incident_id")):
        spoil(ledger_file, table, "body", "not JSON", f"{key} = '{incident_id}'")
    return incident_id


def test_an_incident_whose_facts_cannot_be_read_stays_on_the_list_and_can_be_resolved(
    spoilt_incident, running
):
    with running() as client:
        row = next(
            r for r in client.get("/v1/worklist").json()["rows"] if r["id"] == spoilt_incident
        )
        assert row["members"] == 8
        assert "can't be read" in row["message"]
        assert client.get(f"/v1/incidents/{spoilt_incident}").status_code == 200
        assert client.get(f"/incidents/{spoilt_incident}").status_code == 200
        url = f"/v1/incidents/{spoilt_incident}/resolve"
        assert client.post(url, json={"category": "fraud_risk"}).json()["resolved"] == 8


def test_a_loss_that_is_no_number_costs_the_loss_and_not_what_the_ledger_taught(
    two_open, ledger_file, running, a_triage
):
    with running() as client:
        outcome = {"category": "fraud_risk", "loss": {"amount": "3.00", "currency": "EUR"}}
        for exception_id in two_open:
            client.post(f"/v1/exceptions/{exception_id}/resolve", json=outcome).raise_for_status()
        spoil(ledger_file, "outcomes", "loss_amount", "much", f"exception_id = '{two_open[1]}'")
        service = client.app.state.service
        recent = RecentLogs(service.ledger, service.policy)
        triage = a_triage()
        recent.read(triage)
        assert len(recent.logs(triage)["ended"].known_at) == 2
