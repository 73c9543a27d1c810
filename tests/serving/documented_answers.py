"""Checks that an answer is as the documentation says."""

from schemathesis.checks import CHECKS
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKED = [
    CHECKS.get_one("not_a_server_error"),
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
