"""Every error as `application/problem+json` (RFC 9457), from one table."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, NotRequired

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from typing_extensions import TypedDict

from data import domain
from serving.http.html import html
from serving.http.paths import API_PREFIX
from serving.http.request_id import REQUEST_ID, REQUEST_ID_HEADER
from serving.wire.answers import Moment, closed
from serving.wire.errors import BadPayloadError, Flaw
from serving.wire.stored_exception import UnreadableRowError

LOG = logging.getLogger("expedite.problems")
PROBLEM_JSON = "application/problem+json"
FAULT_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""A fault is answered outside of all middleware, which sets these headers elsewhere."""
HUNG_UP = 499
"""Status of a request whose caller left before it was sent whole; it is only counted."""


@closed
class FlawOut(TypedDict):
    """One thing wrong: a JSON pointer to it, and what."""

    pointer: str
    detail: str


@closed
class ProblemOut(TypedDict):
    """Problem in the shape of RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FlawOut]
    request_id: NotRequired[Annotated[str, Field(description="its lines of the log hold it, too")]]
    claimed_by: NotRequired[
        Annotated[str | None, Field(description="who has it, where that is the problem")]
    ]
    claimed_until: NotRequired[Moment | None]


class NotJsonError(domain.ExpediteError):
    """The request is not JSON."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"The body is not JSON: {problem}. Send application/json in UTF-8.")


class TooLargeError(domain.ExpediteError):
    """The request is larger than the settings allow."""

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"There are more than {most:,} {what}. Send it in several requests.")


class KeyReusedError(domain.ExpediteError):
    """An `Idempotency-Key` came again with another request."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The Idempotency-Key '{key}' was used for another request. Take a new one."
        )


class NotSignedInError(domain.ExpediteError):
    """The call needs a key or a session, and has none that counts."""

    def __init__(self) -> None:
        super().__init__(
            "This needs a key or a session. Send a key that counts as Authorization: Bearer KEY, "
            "or sign in at /login."
        )


class NotAllowedError(domain.ExpediteError):
    """The caller may not do this."""


class TooManyAttemptsError(domain.ExpediteError):
    """Too many wrong keys or passwords came from one address or for one account."""

    def __init__(self, wait_seconds: int) -> None:
        self.wait_seconds = wait_seconds
        super().__init__(f"Too many attempts failed. Try again in {wait_seconds} seconds.")


STATUSES: Mapping[type[Exception], int] = {
    NotJsonError: 400,
    NotSignedInError: 401,
    NotAllowedError: 403,
    domain.NotFoundError: 404,
    domain.ConflictError: 409,
    UnreadableRowError: 409,
    domain.PreconditionError: 412,
    TooLargeError: 413,
    BadPayloadError: 422,
    KeyReusedError: 422,
    TooManyAttemptsError: 429,
    domain.BadInputError: 422,
    domain.UnknownChoiceError: 422,
    domain.ExpediteError: 500,
    domain.NoChampionError: 503,
    domain.NoForecastsError: 503,
    OperationalError: 503,
}
"""From errors to statuses; the nearest ancestor of an error counts."""


def status_of(error: Exception) -> int:
    """Return the status of an error."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def problem(status: int, detail: str, flaws: Sequence[Flaw] = ()) -> ProblemOut:
    """Return a problem as RFC 9457 shapes it."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": flaws_out(flaws),
    }


def flaws_out(flaws: Sequence[Flaw]) -> list[FlawOut]:
    """Return flaws as answers show them."""
    return [{"pointer": flaw.pointer, "detail": flaw.detail} for flaw in flaws]


def problem_of(error: Exception) -> ProblemOut:
    """Return the problem of an error of the table."""
    flaws = error.flaws if isinstance(error, BadPayloadError) else ()
    if isinstance(error, domain.ClaimedError):
        whole = problem(status_of(error), str(error))
        return {**whole, "claimed_by": error.by, "claimed_until": error.until}
    if isinstance(error, OperationalError):
        return problem(status_of(error), "The ledger does not answer. Send the request again.")
    return problem(status_of(error), str(error), flaws)


def problem_response(
    status: int, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a problem as an answer for programs."""
    return _json(problem(status, detail), headers)


def _json(shape: ProblemOut, headers: Mapping[str, str] | None) -> Response:
    content = orjson.dumps(_with_request_id(shape))
    return Response(content, shape["status"], headers=headers, media_type=PROBLEM_JSON)


def _with_request_id(shape: ProblemOut) -> ProblemOut:
    request_id = REQUEST_ID.get()
    return shape if request_id is None else {**shape, "request_id": request_id}


def _answer(
    request: Request, shape: ProblemOut, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a problem as JSON, or as a page where a person's browser asked for a page."""
    if _is_for_people(request):
        page = html("shared/problem.html", dict(headers or {}), problem=_with_request_id(shape))
        page.status_code = shape["status"]
        return page
    return _json(shape, headers)


def _is_for_people(request: Request) -> bool:
    asks_for_page = "text/html" in request.headers.get("accept", "")
    by_script = request.headers.get("hx-request") is not None
    return asks_for_page and not by_script and not request.url.path.startswith(API_PREFIX)


async def _on_known(request: Request, error: Exception) -> Response:
    shape = problem_of(error)
    if shape["status"] >= 500:
        LOG.error("%s", error)
    return _answer(request, shape, _headers_of(error, shape["status"]))


def _headers_of(error: Exception, status: int) -> dict[str, str]:
    if isinstance(error, TooManyAttemptsError):
        return {"Retry-After": str(error.wait_seconds)}
    return {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}.get(status, {})


async def _on_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    flaws = [Flaw("/".join(map(str, detail["loc"])), detail["msg"]) for detail in error.errors()]
    return _answer(request, problem(422, "A parameter is wrong.", flaws))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    is_bare = error.detail == HTTPStatus.NOT_FOUND.phrase
    detail = "There is nothing at this address." if is_bare else str(error.detail)
    return _answer(request, problem(error.status_code, detail), error.headers)


async def _on_hang_up(_request: Request, _error: Exception) -> Response:
    return Response(status_code=HUNG_UP)


async def _on_bug(request: Request, _error: Exception) -> Response:
    shape = problem(500, "A fault of the service; its log has the details.")
    request_id = REQUEST_ID.get()
    named = {} if request_id is None else {REQUEST_ID_HEADER: request_id}
    return _answer(request, shape, FAULT_HEADERS | named)


def install(app: FastAPI) -> None:
    """Let an application answer all errors in this shape."""
    for kind in (domain.ExpediteError, OperationalError):
        app.add_exception_handler(kind, _on_known)
    app.add_exception_handler(ClientDisconnect, _on_hang_up)
    app.add_exception_handler(RequestValidationError, _on_parameters)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)
