"""Documentation in `/openapi.json` beyond what FastAPI finds out: bodies, problems, examples."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from serving.http.problems import PROBLEM_JSON, ProblemOut

_REF = "#/components/schemas/{model}"
_MODELS: dict[type, None] = {}
"""Models that FastAPI does not find by itself, in the order in which packages register them."""

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


def install(app: FastAPI) -> None:
    """Let an application document itself."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=DESCRIPTION,
                routes=app.routes,
            )
            _add_common_problems(schema["paths"])
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


def _registered_schemas() -> dict[str, Any]:
    schemas = TypeAdapter.json_schemas(
        [(model, "validation", TypeAdapter(model)) for model in _MODELS], ref_template=_REF
    )
    return schemas[1]["$defs"]
