"""Documentation in `/openapi.json` beyond what FastAPI finds out: bodies, problems, examples."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from serving.http.problems import PROBLEM_JSON, ProblemOut

_REF = "#/components/schemas/{model}"
_MODELS: dict[type, None] = {}
"""Models that FastAPI does not find by itself, in the order in which packages register them."""

SESSION_COOKIE = "expedite_session"
DESCRIPTION = (
    "Which order exceptions to work on now, what will be demanded, what to order and where to put "
    "it, and why, in money."
)


def register(*models: type) -> None:
    """Let the documentation hold the schemas of models, and of all that they are made of."""
    _MODELS.update(dict.fromkeys(models))


def ref(model: type) -> dict[str, str]:
    """Register a model; return the reference to its schema."""
    register(model)
    return {"$ref": _REF.format(model=model.__name__)}


def body_with(model: type, examples: dict[str, Any]) -> dict[str, Any]:
    """Return the documentation of a body of one model."""
    return body(ref(model), examples)


def body(schema: dict[str, Any], examples: dict[str, Any]) -> dict[str, Any]:
    """Return the documentation of a body."""
    content = {"application/json": {"schema": schema, "examples": examples}}
    return {"requestBody": {"required": True, "content": content}}


def _problem() -> dict[str, Any]:
    content = {PROBLEM_JSON: {"schema": ref(ProblemOut)}}
    return {"description": "A problem (RFC 9457)", "content": content}


def answers(
    model: Any, problems: Sequence[int] = (), status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of answers: the good one, and problems by status."""
    documented: dict[int | str, dict[str, Any]] = {code: _problem() for code in problems}
    return documented | {status: {"model": model}}


SECURITY_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "Key of a program"},
    "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
}
ScopeOf = Callable[[str, str], str | None]


def install(app: FastAPI, scope_of: ScopeOf) -> None:
    """Let an application document itself.

    Args:
        app: The application.
        scope_of: Returns the scope that a method and a path need, None where anybody may call.
    """

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=DESCRIPTION,
                routes=app.routes,
            )
            _add_common_problems(schema["paths"])
            _add_security(schema["paths"], scope_of)
            schema["components"]["securitySchemes"] = SECURITY_SCHEMES
            schema["components"]["schemas"].update(_registered_schemas())
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi


def _add_common_problems(paths: dict[str, dict[str, Any]]) -> None:
    """Document what any call can meet: a name that is not ours, another site, no JSON."""
    for methods in paths.values():
        for operation in methods.values():
            statuses = (403, 415, 421) if "requestBody" in operation else (421,)
            for status in statuses:
                operation["responses"].setdefault(str(status), _problem())


def _add_security(paths: dict[str, dict[str, Any]], scope_of: ScopeOf) -> None:
    """Document the scope of each call (`x-scope`), and the refusals of a caller without it."""
    for path, methods in paths.items():
        for method, operation in methods.items():
            scope = scope_of(method.upper(), path)
            schemes = [] if scope is None else [{name: []} for name in SECURITY_SCHEMES]
            operation["security"] = schemes
            if scope is None:
                continue
            operation["x-scope"] = str(scope)
            for status in (401, 403, 429):
                operation["responses"].setdefault(str(status), _problem())


def _registered_schemas() -> dict[str, Any]:
    schemas = TypeAdapter.json_schemas(
        [(model, "validation", TypeAdapter(model)) for model in _MODELS], ref_template=_REF
    )
    return schemas[1]["$defs"]
