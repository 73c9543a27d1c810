"""The committed `docs/openapi.json` is a promise to callers: no change of the service breaks it."""

from copy import deepcopy
from importlib import util
from pathlib import Path

import orjson
import pytest

_SPEC = util.spec_from_file_location(
    "openapi_changes", Path(__file__).with_name("openapi_changes.py")
)
changes = util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(changes)


@pytest.fixture(scope="module")
def committed():
    return orjson.loads(changes.COMMITTED.read_bytes())


def test_the_service_breaks_nothing_that_was_promised(committed):
    broken = changes.breaking_changes(committed, changes.current_document())

    assert broken == [], "if it is meant: make openapi, with --breaking"


CLAIM = "/v1/exceptions/{exception_id}/claim"


def without_path(document):
    del document["paths"][CLAIM]


def with_another_scope(document):
    document["paths"][CLAIM]["post"]["x-scope"] = "admin"


def with_a_needed_field(document):
    document["components"]["schemas"]["ClaimIn"]["required"].append("reason")


def without_a_field_of_an_answer(document):
    schema = document["components"]["schemas"]["ClaimedOut"]
    del schema["properties"]["claimed_by"]
    schema["required"].remove("claimed_by")


def with_another_type(document):
    document["components"]["schemas"]["ClaimIn"]["properties"]["by"] = {"type": "integer"}


def with_a_needed_parameter(document):
    parameter = {"name": "team", "in": "query", "required": True, "schema": {"type": "string"}}
    document["paths"]["/v1/worklist"]["get"]["parameters"].append(parameter)


@pytest.mark.parametrize(
    ("change", "said_of"),
    [
        (without_path, f"POST {CLAIM}: is gone"),
        (with_another_scope, "needs the scope admin, before operate"),
        (with_a_needed_field, "the request needs reason"),
        (without_a_field_of_an_answer, "has no claimed_by"),
        (with_another_type, "the request.by is of type integer, before None"),
        (with_a_needed_parameter, "GET /v1/worklist: needs the parameter team"),
    ],
)
def test_a_change_that_breaks_callers_is_named(committed, change, said_of):
    after = deepcopy(committed)
    change(after)

    assert any(said_of in line for line in changes.breaking_changes(committed, after))


def test_additions_break_nobody(committed):
    after = deepcopy(committed)
    after["paths"]["/v1/new"] = deepcopy(after["paths"]["/v1/worklist"])
    after["components"]["schemas"]["ClaimIn"]["properties"]["note"] = {"type": "string"}
    after["components"]["schemas"]["ClaimedOut"]["properties"]["note"] = {"type": "string"}

    assert changes.breaking_changes(committed, after) == []
