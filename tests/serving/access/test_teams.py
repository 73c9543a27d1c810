"""Who is bound to teams meets their exceptions alone, by every route."""

import pytest
from typer.testing import CliRunner

from data.ledger.access import account_of, api_keys
from data.ledger.action_log import all_actions
from data.ledger.incidents import Incident, join, save_incident
from data.ledger.ledger import Ledger
from serving.__main__ import app
from serving.access.accounts import new_account, open_session
from serving.access.credentials import REFRESH_SECONDS
from serving.access.keys import issue_key, rotate_key
from serving.access.route_scopes import ROUTE_SCOPES, TEAM_ROUTES
from serving.access.teams import bind
from serving.caller import CONSOLE, AccessScope
from serving.http.openapi import SESSION_COOKIE

OWN, FOREIGN = "PE-OWN", "PE-FOREIGN"
INCIDENTS = {"own": "0", "foreign": "1", "mixed": "2"}
ADMIN = AccessScope.ADMIN


@pytest.fixture
def everybody(new_key):
    """A key that sees all."""
    return new_key(*AccessScope, name="all")


@pytest.fixture
def bound(guarded):
    """A key of the team that has addresses, with all scopes but that of an admin."""
    service = guarded.app.state.service
    with service.ledger.writing() as connection:
        scopes = set(AccessScope) - {ADMIN}
        issued = issue_key(connection, "ours", scopes, caller=CONSOLE, now_ms=service.clock())
        bind(connection, issued.key, ["addresses"], caller=CONSOLE, now_ms=service.clock())
    return {"Authorization": f"Bearer {issued.token}"}


@pytest.fixture
def ids(guarded, everybody, an_exception):
    """Ids of two exceptions of the own team and three of another one, and of incidents of them."""
    sent = {
        name: guarded.post(
            "/v1/exceptions",
            json=an_exception(name, type=kind, message=f"About {name}"),
            headers=everybody,
        ).json()["id"]
        for name, kind in (
            (OWN, "incorrect_address"),
            ("PE-OWN-2", "incorrect_address"),
            (FOREIGN, "fraud_risk"),
            (f"{FOREIGN}-2", "fraud_risk"),
            (f"{FOREIGN}-3", "fraud_risk"),
        )
    }
    members = {"foreign": [f"{FOREIGN}-2"], "mixed": ["PE-OWN-2", f"{FOREIGN}-3"]}
    service = guarded.app.state.service
    for name, names in members.items():
        now_ms = service.clock()
        incident = Incident(
            f"inc_{INCIDENTS[name] * 26}", "carrier", name, 1, now_ms, now_ms, None, "{}"
        )
        with service.ledger.writing() as connection:
            save_incident(connection, incident, now_ms=now_ms)
            join(connection, incident, [sent[n] for n in names], now_ms=now_ms)
        service.worklist.join(incident, [sent[n] for n in names])
        sent[name] = incident.id
    return sent


def called(client, route, ids, headers):
    """Call a route about what belongs to another team."""
    method, path = route.split(" ")
    subject = ids["foreign"] if path.startswith("/incidents") else ids[FOREIGN]
    names = {"exception_id": ids[FOREIGN], "other_id": ids[OWN], "incident_id": ids["foreign"]}
    path = path.format(
        **names, subject_id=subject, name="ana", key_id="key_0", job_id="job_0", tag="0"
    )
    is_call = path.startswith("/v1/") and method == "POST"
    client.cookies.clear()
    query = {"rank": 1, "cursor": ""} if method == "GET" else {}
    return client.request(
        method,
        path,
        headers={"HX-Request": "true", **headers},
        params=query,
        **({"json": {}} if is_call else {}),
    )


def test_no_route_shows_or_changes_an_exception_of_another_team(
    guarded, bound, everybody, ids, clock
):
    answers = {route: called(guarded, route, ids, bound) for route in ROUTE_SCOPES}
    refused = {route for route, answer in answers.items() if answer.status_code == 403}
    named = {route for route in TEAM_ROUTES if "_id}" in route}

    assert set(ROUTE_SCOPES) - TEAM_ROUTES == refused
    assert {route: answers[route].status_code for route in named} == dict.fromkeys(named, 404)
    assert [
        route
        for route, answer in answers.items()
        if FOREIGN in answer.text or (ids[FOREIGN] in answer.text and route not in named)
    ] == []
    listed = guarded.get("/v1/worklist", headers=bound).json()
    assert [row["external_id"] for row in listed["rows"] if row["kind"] == "exception"] == [OWN]
    assert {row["rank"] for row in listed["rows"]} == {1, 2}
    assert guarded.get("/v1/worklist", headers=everybody).json()["total"] == 4
    assert FOREIGN not in guarded.get("/", headers=bound).text
    assert FOREIGN in guarded.get("/", headers=everybody).text
    own, foreign = (
        guarded.get(f"/v1/exceptions/{ids[name]}", headers=everybody).json()
        for name in (OWN, FOREIGN)
    )
    assert (foreign["status"], foreign["claimed_by"]) == ("open", None)
    assert own["status"] == "open"
    unknown = guarded.get(f"/v1/exceptions/exc_{'7' * 26}", headers=bound).json()["detail"]
    foreign = guarded.get(f"/v1/exceptions/{ids[FOREIGN]}", headers=bound).json()["detail"]
    assert foreign.replace(ids[FOREIGN], "") == unknown.replace(f"exc_{'7' * 26}", "")

    cursor = guarded.get("/v1/worklist?limit=1", headers=everybody).json()["next_cursor"]
    following = guarded.get(f"/v1/worklist?cursor={cursor}", headers=bound).text
    assert FOREIGN not in following
    at = listed["ranked_at"]
    clock.pass_hours(1)
    past = guarded.get("/v1/worklist", params={"at": at}, headers=bound).json()
    assert past["total"] == listed["total"] == 2


def test_an_incident_shows_own_members_and_is_acted_on_as_a_whole_by_who_sees_it(
    guarded, bound, everybody, ids
):
    url = f"/v1/incidents/{ids['mixed']}"
    seen = guarded.get(url, headers=bound).json()
    whole = guarded.get(url, headers=everybody).json()
    acts = [
        guarded.post(f"{url}/{act}", json={}, headers=bound).status_code
        for act in ("claim", "resolve", "split")
    ]

    assert [row["external_id"] for row in seen["members"]] == ["PE-OWN-2"]
    assert (seen["total"], seen["ended"], whole["total"]) == (1, 0, 2)
    assert acts == [403, 403, 403]
    assert len(guarded.get("/v1/incidents", headers=bound).json()["incidents"]) == 1
    own = f"/v1/exceptions/{ids[OWN]}"
    assert guarded.get(own, headers=bound).json()["open_total"] == 2
    resolved = guarded.post(f"{own}/resolve", json={"team": "addresses"}, headers=bound)
    assert resolved.status_code == 200, resolved.text
    assert guarded.get(own, headers=bound).json()["status"] == "resolved"
    done = guarded.post(
        f"/v1/exceptions/{ids[FOREIGN]}/resolve", json={"team": "fraud"}, headers=everybody
    )
    assert done.status_code == 200
    assert guarded.get(f"/v1/exceptions/{ids[FOREIGN]}", headers=bound).status_code == 404


def test_a_lead_sees_all_and_a_binding_is_changed_and_logged(guarded, ids, monkeypatch):
    service = guarded.app.state.service
    totals = {}
    for role in ("operator", "lead"):
        with service.ledger.writing() as connection:
            new_account(connection, role, role, caller=CONSOLE, now_ms=service.clock())
            account = account_of(connection, role)
            bind(connection, account, ["fraud"], caller=CONSOLE, now_ms=service.clock())
            token = open_session(connection, role, hours=1, caller=CONSOLE, now_ms=service.clock())
        header = {"Cookie": f"{SESSION_COOKIE}={token}"}
        totals[role] = guarded.get("/v1/worklist", headers=header).json()["total"]
        if role == "operator":
            monkeypatch.setattr("serving.access.credentials.REFRESH_SECONDS", 0)
            with service.ledger.writing() as connection:
                account = account_of(connection, role)
                bind(connection, account, [], caller=CONSOLE, now_ms=service.clock())
            totals["unbound"] = guarded.get("/v1/worklist", headers=header).json()["total"]

    assert totals == {"operator": 3, "unbound": 4, "lead": 4}
    assert REFRESH_SECONDS == 1
    with service.ledger.reading() as connection:
        bodies = [a.body for a in all_actions(connection) if a.action == "bind account"]
    assert bodies == ['{"teams":"[\\"fraud\\"]"}', '{"teams":"all"}', '{"teams":"[\\"fraud\\"]"}']


def test_accounts_and_keys_are_bound_at_the_console(settings, monkeypatch):
    monkeypatch.setenv("EXPEDITE_DATABASE_URL", settings.database_url)
    run = CliRunner()
    run.invoke(app, ["keys", "new", "oms", "--scope", "read"])
    run.invoke(app, ["accounts", "new", "ana", "--role", "operator"])
    ledger = Ledger.open(settings.database_url)
    with ledger.reading() as connection:
        (key,) = api_keys(connection)
    commands = (["keys", "bind", key.id], ["accounts", "bind", "Ana"])
    teams = ["--team", "fraud", "--team", "addresses"]
    printed = [run.invoke(app, [*command, *teams]).output for command in commands]
    with ledger.writing() as connection:
        rotated = rotate_key(connection, key.id, grace_ms=0, caller=CONSOLE, now_ms=1)
        stored = {each.id: each.teams for each in api_keys(connection)}
        account = account_of(connection, "ana")
    ledger.close()
    listed = run.invoke(app, ["accounts", "list"]).output

    assert printed == [f"{key.id}: addresses, fraud\n", "Ana: addresses, fraud\n"]
    assert stored[rotated.key.id] == account.teams == '["addresses","fraud"]'
    assert "addresses, fraud" in listed
