"""Every route keeps what the documentation says of it."""

import re
from dataclasses import replace

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from pydantic import TypeAdapter

from data.ledger.incidents import Incident, save_incident
from data.ledger.intake import new_id
from models.bursts.detector import Burst
from serving.demand.forecast_view import ForecastQueryOut, ForecastsOut
from serving.demand.payload import QUERY_EXAMPLE
from serving.exceptions import payload as exceptions_payload
from serving.exceptions.claim import ClaimedOut
from serving.exceptions.intake import AcceptedBatchOut
from serving.exceptions.next_row import NextRowOut
from serving.exceptions.reopen import ReopenedOut
from serving.exceptions.resolve import ResolvedExceptionOut
from serving.exceptions.score_routes import ScoredBatchOut, ScoredExceptionOut
from serving.exceptions.view import ExceptionOut
from serving.health_routes import HealthOut, ReadyOut
from serving.http.problems import ProblemOut
from serving.incident_watch.evidence import IncidentFacts
from serving.incidents import payload as incidents_payload
from serving.incidents.resolve import ResolvedMembersOut
from serving.incidents.split import SplitMembersOut
from serving.incidents.view import IncidentDetailsOut, OpenIncidentsOut
from serving.inventory.allocate import AllocationOut
from serving.inventory.order_views import ReplenishmentsOut
from serving.inventory.payload import ALLOCATION_EXAMPLE, REPLENISHMENT_EXAMPLE
from serving.worklist.comparison import ComparisonOut
from serving.worklist.view import WorklistPageOut
from tests.serving.documented_answers import CHECKED

BODIES = {
    "/v1/score",
    "/v1/exceptions",
    "/v1/exceptions/{exception_id}/resolve",
    "/v1/exceptions/{exception_id}/reopen",
    "/v1/worklist/next",
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
    "/v1/jobs",
}
OPERATIONS = [
    ("/v1/score", "POST"),
    ("/v1/exceptions", "POST"),
    ("/v1/exceptions/{exception_id}", "GET"),
    ("/v1/exceptions/{exception_id}/resolve", "POST"),
    ("/v1/exceptions/{exception_id}/reopen", "POST"),
    ("/v1/worklist/next", "POST"),
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
    ("/v1/jobs", "GET"),
    ("/v1/jobs", "POST"),
    ("/v1/jobs/{job_id}", "GET"),
    ("/v1/jobs/{job_id}/cancel", "POST"),
    ("/livez", "GET"),
    ("/readyz", "GET"),
    ("/v1/health", "GET"),
]


@pytest.fixture
def client(book, shelf, a_triage, running, tmp_path):
    """A service with a champion, a forecast book, and a history for jobs."""
    shelf.promote(a_triage())
    with running(history=tmp_path / "history") as client:
        yield client


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_whatever_is_sent_is_answered_as_documented(client, path, method):
    schema = schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")

    @given(schema[path][method].as_strategy())
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    def keeps_its_word(case):
        case.call_and_validate(checks=CHECKED)

    keeps_its_word()


def test_every_operation_is_tried(client):
    paths = client.get("/openapi.json").json()["paths"]
    served = {(path, m.upper()) for path, methods in paths.items() for m in methods}

    assert {pair for pair in served if pair[0].startswith("/v1/")} <= set(OPERATIONS)


def examples(client):
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            for name, example in content.get("application/json", {}).get("examples", {}).items():
                yield path, method, name, example["value"]


def test_every_documented_example_is_accepted(client):
    created = client.post("/v1/exceptions", json=exceptions_payload.EXCEPTION_EXAMPLE).json()
    resolving_last = sorted(examples(client), key=lambda example: example[0].endswith("/resolve"))
    for path, method, name, value in resolving_last:
        url = re.sub(r"\{exception_id\}", created["id"], path)
        url = re.sub(r"\{incident_id\}", lambda _: an_incident(client), url)
        answer = client.request(method, url, json=value)
        assert answer.status_code in (200, 201, 202), (path, name, answer.text)


def an_incident(client):
    """Return the id of a new incident, without members."""
    service = client.app.state.service
    burst = Burst(id="b", cause=(("carrier", "dhl"),), since_ms=0, opened_ms=0, last_ms=0)
    evidence = IncidentFacts.of(burst, "UTC", is_over=False)
    incident_id = new_id(service.clock(), "inc")
    incident = Incident(
        incident_id,
        "carrier",
        "dhl",
        revision=1,
        began_at_ms=0,
        known_at_ms=0,
        closed_at_ms=None,
        body=evidence.to_json(),
    )
    with service.ledger.writing() as connection:
        save_incident(connection, incident, now_ms=service.clock())
    return incident_id


def test_every_body_has_an_example(client):
    shown = {path for path, *_ in examples(client)}

    assert shown == BODIES


def documented(shape, answer):
    """Hold an answer to its documented shape; return it."""
    return TypeAdapter(shape).validate_python(answer.json())


@pytest.mark.parametrize("champion", ["client", "without_champion"])
def test_answers_have_their_documented_shapes(request, champion, an_exception):
    client = request.getfixturevalue(champion)
    many = {"exceptions": [an_exception("a"), an_exception("b"), {}]}
    documented(ScoredExceptionOut, client.post("/v1/score", json=an_exception()))
    documented(ScoredBatchOut, client.post("/v1/score", json=many))
    documented(AcceptedBatchOut, client.post("/v1/exceptions", json=many))
    page = documented(WorklistPageOut, client.get("/v1/worklist"))
    first, second = (row["id"] for row in page["rows"])
    documented(ComparisonOut, client.get(f"/v1/exceptions/{first}/versus/{second}"))
    claim, outcome = exceptions_payload.CLAIM_EXAMPLE, exceptions_payload.RESOLUTION_EXAMPLE
    documented(ClaimedOut, client.post(f"/v1/exceptions/{first}/claim", json=claim))
    documented(NextRowOut, client.post("/v1/worklist/next", json=claim))
    documented(ResolvedExceptionOut, client.post(f"/v1/exceptions/{first}/resolve", json=outcome))
    documented(ReopenedOut, client.post(f"/v1/exceptions/{first}/reopen", json={"by": "ana"}))
    documented(ExceptionOut, client.get(f"/v1/exceptions/{first}"))
    documented(ReadyOut, client.get("/readyz"))
    documented(HealthOut, client.get("/v1/health"))


def test_answers_about_incidents_have_their_documented_shapes(incidents, burst):
    client = incidents.client
    incidents.post(burst(8))
    row = incidents.wait_for(members=8)
    url = f"/v1/incidents/{row['id']}"
    documented(WorklistPageOut, client.get("/v1/worklist"))
    documented(OpenIncidentsOut, client.get("/v1/incidents"))
    incident = documented(IncidentDetailsOut, client.get(url))
    member = incident["members"][0]["id"]
    split = incidents_payload.SPLIT_EXAMPLE | {"members": [member]}
    documented(SplitMembersOut, client.post(f"{url}/split", json=split))
    resolution = incidents_payload.RESOLUTION_EXAMPLE
    documented(ResolvedMembersOut, client.post(f"{url}/resolve", json=resolution))
    documented(IncidentDetailsOut, client.get(url))


def test_answers_about_demand_have_their_documented_shapes(client):
    for params in ({"sku": "A-00001"}, {"aggregate": "total"}):
        documented(ForecastsOut, client.get("/v1/forecasts", params=params))
    for path, body, shape in (
        ("forecasts/query", QUERY_EXAMPLE, ForecastQueryOut),
        ("allocations", ALLOCATION_EXAMPLE, AllocationOut),
        ("replenishments", REPLENISHMENT_EXAMPLE, ReplenishmentsOut),
    ):
        documented(shape, client.post(f"/v1/{path}", json=body))


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing"), ("DELETE", "/v1/score"), ("GET", "/v1/worklist?limit=x")],
)
def test_every_error_is_a_problem(client, method, path):
    answer = client.request(method, path)

    assert answer.headers["content-type"] == "application/problem+json"
    documented(ProblemOut, answer)


def test_a_fault_of_ours_is_a_problem_too(client, monkeypatch):
    broken = replace(client.app.state.service, worklist=None)
    monkeypatch.setattr(client.app.state, "service", broken)
    answer = client.get("/v1/worklist")

    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_calls_are_counted(client, an_exception):
    client.post("/v1/score", json=an_exception())

    assert 'expedite_calls_total{route="/v1/score",status="200"}' in client.get("/metrics").text
