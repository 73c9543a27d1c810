"""Documentation in `/openapi.json` beyond what FastAPI finds out: bodies, problems, examples."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.http import schemas
from serving.http.problems import PROBLEM_JSON

_REF = "#/components/schemas/{model}"
_MODELS: dict[type[BaseModel], None] = {}
"""Models that FastAPI does not find by itself, in the order in which packages register them."""

DESCRIPTION = (
    "Which order exceptions to work on now, what will be demanded, what to order and where to put "
    "it, and why, in money."
)


def register(*models: type[BaseModel]) -> None:
    """Let the documentation hold the schemas of models, and of all that they are made of."""
    _MODELS.update(dict.fromkeys(models))


def ref(model: type[BaseModel]) -> dict[str, str]:
    """Register a model; return the reference to its schema."""
    register(model)
    return {"$ref": _REF.format(model=model.__name__)}


def body_with(model: type[BaseModel], examples: dict[str, Any]) -> dict[str, Any]:
    """Return the documentation of a body of one model."""
    return body(ref(model), examples)


def body(schema: dict[str, Any], examples: dict[str, Any]) -> dict[str, Any]:
    """Return the documentation of a body."""
    content = {"application/json": {"schema": schema, "examples": examples}}
    return {"requestBody": {"required": True, "content": content}}


def answers(model: Any, *problems: int, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of answers: the good one, and problems by status."""
    content = {PROBLEM_JSON: {"schema": ref(schemas.Problem)}}
    documented: dict[int | str, dict[str, Any]] = {
        code: {"description": "A problem (RFC 9457)", "content": content} for code in problems
    }
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
            modes = [(model, "validation") for model in _MODELS]
            own = models_json_schema(modes, ref_template=_REF)[1]["$defs"]  # pyright: ignore[reportArgumentType] - the mode is a literal
            schema["components"]["schemas"].update(own)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi
