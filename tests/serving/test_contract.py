"""Every route keeps what the documentation says of it."""

import re
from dataclasses import replace

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from pydantic import TypeAdapter
from schemathesis.checks import CHECKS
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from data.ledger.incidents import Incident, save_incident
from data.ledger.intake import new_id
from models.bursts.detector import Burst
from serving.demand.forecast_view import ForecastQueryOut, ForecastsOut
from serving.demand.payload import QUERY_EXAMPLE
from serving.exceptions import payload as exceptions_payload
from serving.http import schemas as http_schemas
from serving.incident_watch.evidence import IncidentFacts
from serving.incidents import payload as incidents_payload
from serving.incidents import schemas as incidents_schemas
from serving.inventory.allocate import AllocationOut
from serving.inventory.payload import ALLOCATION_EXAMPLE, REPLENISHMENT_EXAMPLE
from serving.inventory.replenish import ReplenishmentsOut
from serving.worklist import schemas as worklist_schemas
from serving.worklist.comparison import ComparisonOut

KEPT = [
    CHECKS.get_one("not_a_server_error"),
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


BODIES = {
    "/v1/score",
    "/v1/exceptions",
    "/v1/exceptions/{exception_id}/resolve",
    "/v1/exceptions/{exception_id}/claim",
    "/v1/exceptions/{exception_id}/release",
    "/v1/incidents/{incident_id}/claim",
    "/v1/incidents/{incident_id}/release",
    "/v1/incidents/{incident_id}/resolve",
    "/v1/incidents/{incident_id}/split",
    "/v1/promises/suspend",
    "/v1/promises/lift",
    "/v1/forecasts/query",
    "/v1/allocations",
    "/v1/replenishments",
}
OPERATIONS = [
    ("/v1/score", "POST"),
    ("/v1/exceptions", "POST"),
    ("/v1/exceptions/{exception_id}", "GET"),
    ("/v1/exceptions/{exception_id}/resolve", "POST"),
    ("/v1/exceptions/{exception_id}/claim", "POST"),
    ("/v1/exceptions/{exception_id}/release", "POST"),
    ("/v1/incidents", "GET"),
    ("/v1/incidents/{incident_id}", "GET"),
    ("/v1/incidents/{incident_id}/claim", "POST"),
    ("/v1/incidents/{incident_id}/release", "POST"),
    ("/v1/incidents/{incident_id}/resolve", "POST"),
    ("/v1/incidents/{incident_id}/split", "POST"),
    ("/v1/exceptions/{exception_id}/versus/{other_id}", "GET"),
    ("/v1/worklist", "GET"),
    ("/v1/promises", "GET"),
    ("/v1/promises/suspend", "POST"),
    ("/v1/promises/lift", "POST"),
    ("/v1/forecasts", "GET"),
    ("/v1/forecasts/query", "POST"),
    ("/v1/allocations", "POST"),
    ("/v1/replenishments", "POST"),
    ("/livez", "GET"),
    ("/readyz", "GET"),
]


@pytest.fixture
def client(book, client):
    """A service with a champion and a forecast book."""
    return client


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_whatever_is_sent_is_answered_as_documented(client, path, method):
    schema = schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")

    @given(schema[path][method].as_strategy())
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    def keeps_its_word(case):
        case.call_and_validate(checks=KEPT)

    keeps_its_word()


def test_every_operation_is_tried(client):
    paths = client.get("/openapi.json").json()["paths"]
    found = {(path, m.upper()) for path, methods in paths.items() for m in methods}

    assert {pair for pair in found if pair[0].startswith("/v1/")} <= set(OPERATIONS)


def examples(client):
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            for name, one in content.get("application/json", {}).get("examples", {}).items():
                yield path, method, name, one["value"]


def test_every_documented_example_is_accepted(client):
    created = client.post("/v1/exceptions", json=exceptions_payload.EXCEPTION_EXAMPLE).json()
    resolving_last = sorted(examples(client), key=lambda one: one[0].endswith("/resolve"))
    for path, method, name, value in resolving_last:
        url = re.sub(r"\{exception_id\}", created["id"], path)
        url = re.sub(r"\{incident_id\}", lambda _: an_incident(client), url)
        answer = client.request(method, url, json=value)
        assert answer.status_code in (200, 201), (path, name, answer.text)


def an_incident(client):
    """Return the id of a new incident, without members."""
    service = client.app.state.service
    burst = Burst(id="b", cause=(("carrier", "dhl"),), since_ms=0, opened_ms=0, last_ms=0)
    evidence = IncidentFacts.of(burst, "UTC", is_over=False)
    incident_id = new_id(service.clock(), "inc")
    one = Incident(incident_id, "carrier", "dhl", 1, 0, 0, None, evidence.to_json())
    with service.ledger.writing() as connection:
        save_incident(connection, one, now_ms=service.clock())
    return incident_id


def test_every_body_has_an_example(client):
    shown = {path for path, *_ in examples(client)}

    assert shown == BODIES


@pytest.mark.parametrize("champion", ["client", "without_champion"])
def test_answers_have_their_documented_shapes(request, champion, an_exception):
    client = request.getfixturevalue(champion)
    many = {"exceptions": [an_exception("a"), an_exception("b"), {}]}
    http_schemas.ScoreAnswer.model_validate(client.post("/v1/score", json=an_exception()).json())
    http_schemas.ScoreBatch.model_validate(client.post("/v1/score", json=many).json())
    http_schemas.AcceptedBatch.model_validate(client.post("/v1/exceptions", json=many).json())
    page = worklist_schemas.WorklistPage.model_validate(client.get("/v1/worklist").json())
    one, other = (row.id for row in page.rows)
    why = client.get(f"/v1/exceptions/{one}/versus/{other}").json()
    TypeAdapter(ComparisonOut).validate_python(why)
    claim, outcome = exceptions_payload.CLAIM_EXAMPLE, exceptions_payload.RESOLUTION_EXAMPLE
    claimed = client.post(f"/v1/exceptions/{one}/claim", json=claim).json()
    http_schemas.Claimed.model_validate(claimed)
    ended = client.post(f"/v1/exceptions/{one}/resolve", json=outcome).json()
    http_schemas.Resolved.model_validate(ended)
    http_schemas.ExceptionView.model_validate(client.get(f"/v1/exceptions/{one}").json())
    http_schemas.Ready.model_validate(client.get("/readyz").json())


def test_answers_about_incidents_have_their_documented_shapes(incidents, burst):
    client = incidents.client
    incidents.post(burst(8))
    row = incidents.wait_for(members=8)
    url, told = f"/v1/incidents/{row['id']}", incidents_payload
    worklist_schemas.WorklistPage.model_validate(client.get("/v1/worklist").json())
    incidents_schemas.IncidentPage.model_validate(client.get("/v1/incidents").json())
    incidents_schemas.IncidentView.model_validate(client.get(url).json())
    one = client.get(url).json()["members"][0]["id"]
    some = told.SPLIT_EXAMPLE | {"members": [one]}
    incidents_schemas.SplitOff.model_validate(client.post(f"{url}/split", json=some).json())
    ended = client.post(f"{url}/resolve", json=told.RESOLUTION_EXAMPLE).json()
    incidents_schemas.BulkResolved.model_validate(ended)
    incidents_schemas.IncidentView.model_validate(client.get(url).json())


def test_answers_about_demand_have_their_documented_shapes(client):
    for params in ({"sku": "A-00001"}, {"aggregate": "total"}):
        forecasts = client.get("/v1/forecasts", params=params).json()
        TypeAdapter(ForecastsOut).validate_python(forecasts)
    for path, body, shape in (
        ("forecasts/query", QUERY_EXAMPLE, ForecastQueryOut),
        ("allocations", ALLOCATION_EXAMPLE, AllocationOut),
        ("replenishments", REPLENISHMENT_EXAMPLE, ReplenishmentsOut),
    ):
        TypeAdapter(shape).validate_python(client.post(f"/v1/{path}", json=body).json())


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing"), ("DELETE", "/v1/score"), ("GET", "/v1/worklist?limit=x")],
)
def test_every_error_is_a_problem(client, method, path):
    answer = client.request(method, path)

    assert answer.headers["content-type"] == "application/problem+json"
    http_schemas.Problem.model_validate(answer.json())


def test_a_fault_of_ours_is_a_problem_too(client, monkeypatch):
    broken = replace(client.app.state.service, worklist=None)
    monkeypatch.setattr(client.app.state, "service", broken)
    answer = client.get("/v1/worklist")

    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")


def test_calls_are_counted(client, an_exception):
    client.post("/v1/score", json=an_exception())

    assert 'expedite_calls_total{route="/v1/score",status="200"}' in client.get("/metrics").text
