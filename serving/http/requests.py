"""Request bodies in, answers out: JSON by orjson, within the limits of the settings."""

from typing import Any

import orjson
from fastapi import Request, Response

from data.settings import Settings
from serving.http.problems import BadPayloadError, Flaw, NotJsonError, TooLargeError, problem_of
from serving.wire.exception_in import ExceptionIn, exception

JSON = "application/json"


async def body_of(request: Request, settings: Settings) -> bytes:
    """Return the body of a request.

    Raises:
        TooLargeError: It is larger than the settings allow.
    """
    most = settings.largest_body_bytes
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) <= most:
        return await request.body()
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise TooLargeError("bytes", most)
        chunks.append(chunk)
    return b"".join(chunks)


def parsed(body: bytes) -> Any:
    """Read JSON.

    Raises:
        NotJsonError: It is none.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotJsonError(str(error)) from None


def many_of(values: list[Any], settings: Settings) -> list[ExceptionIn | dict[str, Any]]:
    """Check exceptions item by item; a wrong one becomes the answer that refuses it.

    Raises:
        TooLargeError: There are more than the settings allow.
    """
    if len(values) > settings.largest_batch:
        raise TooLargeError("exceptions", settings.largest_batch)
    return [_one_of(i, value) for i, value in enumerate(values)]


def _one_of(index: int, value: Any) -> ExceptionIn | dict[str, Any]:
    try:
        return exception(value)
    except BadPayloadError as error:
        placed = [Flaw(f"/exceptions/{index}{flaw.pointer}", flaw.detail) for flaw in error.flaws]
        told = {
            name: value.get(name) if isinstance(value, dict) else None
            for name in ("source", "external_id")
        }
        return {"result": "refused", **told} | problem_of(BadPayloadError(placed))


def canonical(value: Any) -> str:
    """Return JSON with its keys in order, so that equal exceptions are equal texts.

    Raises:
        BadPayloadError: It is nested too deeply.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:
        raise BadPayloadError([Flaw("", "is nested too deeply")]) from None


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return an answer as JSON."""
    return Response(orjson.dumps(value), status, headers=headers, media_type=JSON)
