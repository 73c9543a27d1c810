"""An admin erases a customer over HTTP and at the console; lists and pages go on without them."""

import time

import pytest

from data.settings import Settings
from data.ticks import MS_PER_DAY
from serving.access.erasure_commands import erase, retain
from serving.access.retention import apply_retention

ORDER = {"order_number": "#20077", "customer": {"external_id": "cust-4711"}}


@pytest.fixture
def exception_id(guarded, new_key, an_exception):
    body = an_exception(order=ORDER, message="Erika moved")
    answer = guarded.post("/v1/exceptions", json=body, headers=new_key("score", name="shop"))
    return answer.json()["id"]


@pytest.fixture
def shown(guarded, new_key, exception_id):
    header = new_key("read", name="reader")

    def show():
        return guarded.get(f"/v1/exceptions/{exception_id}", headers=header).json()

    return show


def test_an_erased_customer_is_on_no_list_and_in_no_answer(guarded, new_key, shown):
    assert shown()["payload"]["message"] == "Erika moved"
    body = {"customer": "cust-4711"}
    refused = guarded.post("/v1/erasures", json=body, headers=new_key("operate", "train"))
    admin = new_key("admin", "read", name="root")
    answer = guarded.post("/v1/erasures", json=body, headers=admin)

    assert (refused.status_code, answer.json()) == (403, {"exceptions": 1, "answers": 0})
    after = shown()
    assert "order" not in after["payload"]
    assert [event["event"] for event in after["history"]] == ["created", "erased"]
    end = time.monotonic() + 30
    while "#20077" in guarded.get("/v1/worklist", headers=admin).text:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert guarded.get("/v1/worklist", headers=admin).json()["rows"][0]["rank"] == 1
    actions = guarded.get("/v1/actions", headers=admin).text
    assert "erase customer" in actions
    assert "cust-4711" not in actions


def test_the_form_erases_and_leads_to_the_log(guarded, new_key, shown):
    admin = new_key("admin", name="root")
    empty = guarded.post("/access/erasures", data={"customer": " "}, headers=admin)
    answer = guarded.post("/access/erasures", data={"customer": "cust-4711"}, headers=admin)

    assert (empty.status_code, answer.headers["location"]) == (422, "/actions")
    assert "order" not in shown()["payload"]


def test_the_commands_erase_and_retain(guarded, settings, exception_id, monkeypatch, capsys):
    monkeypatch.setenv("EXPEDITE_DATABASE_URL", settings.database_url)
    erase("cust-4711", rewrite=True)
    retain(rewrite=False)

    assert capsys.readouterr().out.splitlines() == [
        "1 exceptions and 0 stored answers erased.",
        "0 payloads and 0 actions erased.",
    ]


def test_retention_follows_the_settings(guarded, new_key, exception_id, shown):
    service = guarded.app.state.service
    path = f"/v1/exceptions/{exception_id}/resolve"
    guarded.post(path, json={"team": "fraud"}, headers=new_key("operate")).raise_for_status()
    now_ms = service.clock() + 3 * MS_PER_DAY

    for days, payloads in ((0, 0), (4, 0), (2, 1)):
        settings = Settings(retention_days=days)
        assert apply_retention(service.ledger, settings, now_ms=now_ms).payloads == payloads
    assert "order" not in shown()["payload"]
    assert shown()["outcome"]["team"] == "fraud"
