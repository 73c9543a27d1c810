"""Keys open the routes of their scopes, are stored hashed, and are exchanged while it runs."""

import time
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from data.domain import BadInputError
from data.ledger.access import api_keys
from data.ledger.access_tables import ACTION_LOG
from data.ledger.action_log import all_actions
from data.ledger.ledger import Ledger
from data.oms_client.calls import OmsCall
from data.oms_client.send import send
from data.settings import Settings
from serving.__main__ import app
from serving.access.credentials import REFRESH_SECONDS
from serving.access.keys import revoke_key, rotate_key
from serving.access.route_scopes import PUBLIC_ROUTES, ROUTE_SCOPES
from serving.caller import CONSOLE, AccessScope

NAMES = ("ben", "eve")
PARTS = {
    "{exception_id}": f"exc_{'0' * 26}",
    "{other_id}": f"exc_{'1' * 26}",
    "{subject_id}": f"exc_{'0' * 26}",
    "{incident_id}": f"inc_{'0' * 26}",
    "{name}": "nobody",
    "{key_id}": f"key_{'0' * 26}",
    "{job_id}": f"job_{'0' * 26}",
}


def routes_of(parts):
    """Return all routes of an application, also those of its routers' routers."""
    for part in parts:
        if hasattr(part, "effective_candidates"):
            yield from routes_of(part.effective_candidates())
        else:
            yield from (f"{m} {part.path}" for m in part.methods if m != "HEAD")


def called(client, route, headers):
    method, path = route.split(" ")
    for name, value in PARTS.items():
        path = path.replace(name, value)
    if method == "POST" and path.startswith("/incidents"):
        path = path.replace("exc_", "inc_")
    body = {"json": {}} if path.startswith("/v1/") and method == "POST" else {}
    headers = {"HX-Request": "true", **headers}
    client.cookies.clear()
    return client.request(method, path, headers=headers, **body).status_code


def worklist_statuses(client, *headers):
    return [client.get("/v1/worklist", headers=each).status_code for each in headers]


def test_every_route_says_what_it_needs_and_is_closed_without_it(guarded, new_key):
    routes = set(routes_of(guarded.app.router.routes))
    assert routes == PUBLIC_ROUTES | set(ROUTE_SCOPES)
    right = {scope: new_key(scope) for scope in AccessScope}
    wrong = {scope: new_key(*(set(AccessScope) - {scope})) for scope in AccessScope}
    answers = {
        route: (
            called(guarded, route, {}),
            called(guarded, route, wrong[scope]),
            called(guarded, route, right[scope]) in (401, 403),
        )
        for route, scope in ROUTE_SCOPES.items()
    }

    assert {route: answer for route, answer in answers.items() if answer != (401, 403, False)} == {}
    assert guarded.get("/livez").status_code == guarded.get("/readyz").status_code == 200


def test_the_documentation_says_which_scope_a_call_needs(guarded, new_key):
    documented = guarded.get("/openapi.json", headers=new_key("read")).json()
    score = documented["paths"]["/v1/score"]["post"]

    assert documented["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert (score["security"], score["x-scope"]) == ([{"key": []}, {"session": []}], "score")
    assert {"401", "403", "429"} <= set(score["responses"])
    assert documented["paths"]["/livez"]["get"]["security"] == []


def test_a_key_is_stored_as_its_hash_and_never_logged(guarded, new_key, settings, caplog):
    header = new_key("read")
    token = header["Authorization"].split()[1]
    guarded.get("/v1/worklist", headers=header)
    guarded.get("/v1/worklist", headers={"Authorization": f"Bearer {token}x"})

    folder = Path(settings.database_url.removeprefix("sqlite:///")).parent
    files = [path for path in folder.glob("ledger.sqlite*") if token.encode() in path.read_bytes()]
    assert files == []
    assert token not in caplog.text
    assert guarded.get("/v1/health", headers=header).status_code == 200


def test_a_key_is_exchanged_and_revoked_while_the_service_runs(guarded, new_key, clock):
    old = new_key("read")
    ledger = guarded.app.state.service.ledger
    assert guarded.get("/v1/worklist", headers=old).status_code == 200
    with ledger.writing() as connection:
        (key,) = api_keys(connection)
        issued = rotate_key(connection, key.id, grace_ms=1_000, caller=CONSOLE, now_ms=clock())
    new = {"Authorization": f"Bearer {issued.token}"}
    assert worklist_statuses(guarded, old, new) == [200, 200]
    clock.ms += 1_000
    with ledger.writing() as connection:
        revoke_key(connection, issued.key.id, caller=CONSOLE, now_ms=clock())
    time.sleep(REFRESH_SECONDS + 0.1)

    assert worklist_statuses(guarded, old, new) == [401, 401]


def test_keys_are_not_guessed_at_the_speed_of_a_machine(guarded, new_key):
    right, wrong = new_key("read"), {"Authorization": "Bearer exp_guess"}
    answers = [guarded.get("/v1/worklist", headers=wrong) for _ in range(61)]

    assert [answer.status_code for answer in answers] == [401] * 60 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert answers[0].headers["www-authenticate"] == "Bearer"
    assert worklist_statuses(guarded, right, wrong) == [200, 429]


def test_an_action_is_by_the_caller_and_by_nobody_else(guarded, new_key, an_exception):
    oms, ben = new_key("score", "read"), new_key("operate", name="ben")
    created = guarded.post("/v1/exceptions", json=an_exception(), headers=oms).json()
    url = f"/v1/exceptions/{created['id']}"
    refused = guarded.post(f"{url}/claim", json={"by": "ana"}, headers=ben)
    once = {"Idempotency-Key": "k"}
    claimed = guarded.post(f"{url}/claim", json={}, headers=ben | once)

    assert (refused.status_code, "'ben'" in refused.json()["detail"]) == (403, True)
    assert claimed.status_code == 200, claimed.text
    assert claimed.json()["claimed_by"] == "ben"
    other = guarded.post(f"{url}/claim", json={}, headers=new_key("operate", name="eve") | once)
    assert other.status_code == 422
    assert guarded.get(url, headers=oms).json()["claimed_by"] == "ben"


def test_a_claim_stops_others_but_not_a_lead_and_the_log_says_who(guarded, new_key, an_exception):
    admin, ben, eve = (new_key(*AccessScope), *(new_key("operate", name=n) for n in NAMES))
    exception_id = guarded.post("/v1/exceptions", json=an_exception(), headers=admin).json()["id"]
    url = f"/v1/exceptions/{exception_id}"
    guarded.post(f"{url}/claim", json={}, headers=ben)
    refused = guarded.post(f"{url}/resolve", json={}, headers=eve)
    resolved = guarded.post(f"{url}/resolve", json={"team": "fraud"}, headers=admin)

    assert (refused.status_code, refused.json()["claimed_by"]) == (409, "ben")
    assert resolved.status_code == 200
    with guarded.app.state.service.ledger.reading() as connection:
        logged = [action for action in all_actions(connection) if action.credential == "key"]
    assert [(a.by, a.action, a.subject, a.body) for a in logged[1:]] == [
        ("ben", "claim", exception_id, None),
        ("oms", "overrule", exception_id, '{"claimed_by":"ben"}'),
        ("oms", "resolve", exception_id, None),
    ]
    assert (logged[0].by, logged[0].action) == ("oms", "send")
    assert {(a.model_version, a.address) for a in logged} == {("7", "127.0.0.1")}
    assert all(action.policy_version for action in logged)


def test_a_replay_comes_in_by_a_key(guarded, new_key, an_exception):
    resolution = {"resolved_at": "2026-03-01T11:00:00Z", "team": "fraud"}
    calls = [OmsCall(an_exception(), resolution)]
    key = new_key("score", "operate")["Authorization"].partition(" ")[2]
    sent = send(calls, str(guarded.base_url), lambda *_: None, key=key)

    assert (sent.accepted, sent.resolved, sent.refusals) == (1, 1, [])
    with pytest.raises(BadInputError, match="answered 401"):
        send(calls, str(guarded.base_url), lambda *_: None)
    assert key not in repr(Settings(api_key=key))


def test_the_log_of_actions_only_grows(guarded, new_key):
    new_key("read")
    ledger = guarded.app.state.service.ledger
    for change in (ACTION_LOG.update().values(by="eve"), ACTION_LOG.delete()):
        with pytest.raises(DBAPIError, match="only grows"), ledger.writing() as connection:
            connection.execute(change)


def test_keys_are_made_listed_and_revoked_at_the_console(settings, monkeypatch):
    monkeypatch.setenv("EXPEDITE_DATABASE_URL", settings.database_url)
    run = CliRunner()
    made = run.invoke(app, ["keys", "new", "oms", "--scope", "score", "--scope", "read"])
    assert made.output.startswith("exp_")
    ledger = Ledger.open(settings.database_url)
    with ledger.reading() as connection:
        (key,) = api_keys(connection)
    ledger.close()
    listed = run.invoke(app, ["keys", "list"]).output

    assert key.scopes in listed
    assert key.id in listed
    assert made.output.strip() not in listed
    assert "counts no more" in run.invoke(app, ["keys", "revoke", key.id]).output
    again = run.invoke(app, ["keys", "revoke", key.id])
    assert (again.exit_code, "does not count any more" in again.output) == (1, True)
    wrong = run.invoke(app, ["keys", "new", "oms", "--scope", "all"])
    assert "There is no scope 'all'" in wrong.output
