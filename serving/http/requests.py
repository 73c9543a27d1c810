"""Requests in, JSON out: bodies within the limits of the settings, headers, ids and moments."""

from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import parse_qsl

import orjson
from fastapi import Header, Query, Request, Response
from pydantic import AwareDatetime, BeforeValidator

from data.contract.reading import is_blank
from data.settings import Settings
from data.ticks import tick_of
from serving.caller import OPEN, Caller
from serving.http.problems import (
    NotAllowedError,
    NotJsonError,
    ProblemOut,
    TooLargeError,
    problem_of,
)
from serving.wire.answers import closed
from serving.wire.errors import BadPayloadError, Flaw, echoed
from serving.wire.exception_in import ExceptionIn, exception
from serving.wire.spelling import utc_text

JSON = "application/json"
EXCEPTION_ID = "^exc_[0-9a-z]{26}$"
INCIDENT_ID = "^inc_[0-9a-z]{26}$"
ROW_ID = "^(exc|inc)_[0-9a-z]{26}$"
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)]
IfMatch = Annotated[str | None, Header(alias="If-Match")]


def _in_rfc3339(value: object) -> object:
    """Spell a moment of a query as RFC 3339; what is none stays for the check to refuse."""
    return (utc_text(value) or value) if isinstance(value, str) else value


At = Annotated[
    AwareDatetime | None,
    BeforeValidator(_in_rfc3339),
    Query(
        description="a past moment: the answer as of then, with the models, policy and data "
        "of that time",
        examples=["2026-03-01T10:00Z"],
    ),
]


@closed
class RefusedExceptionOut(ProblemOut):
    """An item of a batch that was not taken."""

    result: Literal["refused"]
    source: Any
    external_id: Any


class ActionRequest(NamedTuple):
    """A request about one exception or incident, with what its headers say."""

    subject_id: str
    body: bytes
    key: str | None = None
    if_match: str | None = None
    caller: Caller = OPEN

    @property
    def expected_revision(self) -> int | None:
        """The revision that the caller expects; None where they named none."""
        return None if self.if_match is None else revision_of(self.if_match)


def caller_of(request: Request) -> Caller:
    """Return who calls, as the guard of the route found out."""
    return request.scope.get("caller", OPEN)


def signed(value: Any, caller: Caller) -> Any:
    """Return a payload whose `by` is the caller, where that is proven.

    Raises:
        NotAllowedError: It names somebody else.
    """
    if caller.name is None or not isinstance(value, dict):
        return value
    stated = value.get("by")
    if stated not in (None, caller.name) and not (isinstance(stated, str) and is_blank(stated)):
        raise NotAllowedError(f"`by` is who signed in, '{caller.name}'. Leave it out.")
    return {**value, "by": caller.name}


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


async def form_fields(request: Request, settings: Settings) -> dict[str, str]:
    """Return the fields of a form as they were typed; errors as of `body_of`."""
    body = await body_of(request, settings)
    return dict(parse_qsl(body.decode(errors="replace")))


def parsed(body: bytes) -> Any:
    """Read JSON.

    Raises:
        NotJsonError: It is none.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotJsonError(str(error)) from None


def many_of(values: list[Any], settings: Settings) -> list[ExceptionIn | RefusedExceptionOut]:
    """Check exceptions item by item; a wrong one becomes the answer that refuses it.

    Raises:
        TooLargeError: There are more than the settings allow.
    """
    if len(values) > settings.largest_batch:
        raise TooLargeError("exceptions", settings.largest_batch)
    return [_one_of(i, value) for i, value in enumerate(values)]


def _one_of(index: int, value: Any) -> ExceptionIn | RefusedExceptionOut:
    try:
        return exception(value)
    except BadPayloadError as error:
        placed = [Flaw(f"/exceptions/{index}{flaw.pointer}", flaw.detail) for flaw in error.flaws]
        names = value if isinstance(value, dict) else {}
        return refused_exception(
            names.get("source"), names.get("external_id"), BadPayloadError(placed)
        )


def refused_exception(source: Any, external_id: Any, error: BadPayloadError) -> RefusedExceptionOut:
    """Return the answer to an item of a batch that is not taken."""
    return {
        "result": "refused",
        "source": echoed(source),
        "external_id": echoed(external_id),
        **problem_of(error),
    }


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


def dumped(value: Any) -> bytes:
    """Return JSON; arrays are lists."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def past_tick(at: datetime | None) -> int | None:
    """Return a moment as a tick; None for now."""
    return None if at is None else tick_of(at)


def revision_of(if_match: str) -> int | None:
    """Return the revision that an ETag names; None for `*`.

    Raises:
        BadPayloadError: It is none of ours.
    """
    tag = if_match.strip().removeprefix("W/").strip('"')
    if tag == "*":
        return None
    if tag.isascii() and tag.isdigit() and len(tag) < 10:
        return int(tag)
    raise BadPayloadError([Flaw("header/If-Match", "is no ETag of ours: send the one you got")])


def etag(revision: int) -> str:
    """Return the ETag of a revision."""
    return f'"{revision}"'
