"""Calls that follow from the answers of others: what one returns is sent on to the next."""

from collections import Counter

import schemathesis
from hypothesis import HealthCheck, Phase, settings

from tests.serving.documented_answers import CHECKED

FOLLOWING = {
    "GET /v1/exceptions/{exception_id}",
    "POST /v1/exceptions/{exception_id}/claim",
    "POST /v1/exceptions/{exception_id}/release",
    "POST /v1/exceptions/{exception_id}/resolve",
}
TRIED = settings(
    max_examples=12,
    stateful_step_count=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def linked(document):
    """Return the calls about exceptions; the id in an answer leads to all calls about it."""
    paths = {path: each for path, each in document["paths"].items() if "/exceptions" in path}
    links = {
        operation["operationId"]: {
            "operationId": operation["operationId"],
            "parameters": {"path.exception_id": "$response.body#/id"},
        }
        for path, operation in _operations(paths)
        if "{exception_id}" in path and "{other_id}" not in path
    }
    for status in ("200", "201"):
        paths["/v1/exceptions"]["post"]["responses"][status]["links"] = links
    return document | {"paths": paths}


def _operations(paths):
    return [(path, each) for path, methods in paths.items() for each in methods.values()]


def test_sequences_of_calls_are_answered_as_documented(client, an_exception):
    client.post("/v1/exceptions", json=an_exception()).raise_for_status()
    schema = schemathesis.openapi.from_dict(linked(client.get("/openapi.json").json()))
    schema.config.update(base_url=str(client.base_url))
    answered = Counter()

    class Calls(schema.as_state_machine()):
        def validate_response(self, response, case, **_others):
            answered[case.operation.label] += 1
            case.validate_response(response, checks=CHECKED)

    Calls.run(settings=TRIED)
    assert sum(answered.values()) >= 30
    assert {path for path in answered if "{exception_id}" in path} >= FOLLOWING
