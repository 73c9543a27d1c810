"""Health of the process: alive, ready to serve, and its counts."""

import asyncio
from pathlib import Path
from shutil import disk_usage
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field
from typing_extensions import TypedDict

from data.database_address import database_url
from serving.http.openapi import answers
from serving.http.requests import json_answer
from serving.pollers import Background
from serving.service import service_of
from serving.wire.answers import StampOut, closed

router = APIRouter(tags=["health"])
READY = "ready"
MIN_FREE_BYTES = 32_000_000
"""Room for the log of SQLite before it is merged."""


@closed
class ReadyOut(TypedDict):
    """Readiness of the service: nothing that tells a stranger of its machine or its models."""

    status: str
    degraded: bool


@closed
class HealthOut(StampOut):
    """State of the service and of what it answers from."""

    status: str
    champion: str
    forecasts: str
    background: Annotated[
        dict[str, str], Field(description="each thread and task: `ok`, or why its last look failed")
    ]
    open_exceptions: int


@router.get("/livez")
async def livez() -> Response:
    """The process answers."""
    return json_answer({"status": "alive"})


@router.get("/readyz", responses=answers(ReadyOut) | {503: {"model": ReadyOut}})
async def readyz(request: Request) -> Response:
    """The ledger answers and has room, the champion was looked for, and the end is not near.

    Without a champion, or while something in the background fails, it is ready all the same, and
    says `degraded`.
    """
    status = await _status(request)
    shape: ReadyOut = {"status": status, "degraded": _is_degraded(request)}
    return json_answer(shape, 200 if status == READY else 503)


@router.get("/v1/health", responses=answers(HealthOut) | {503: {"model": HealthOut}})
async def health(request: Request) -> Response:
    """The state in detail: versions, open exceptions, and why a champion or forecasts are missing.

    The status is that of `/readyz`.
    """
    service = service_of(request)
    status = await _status(request)
    shape: HealthOut = {
        "status": status,
        "champion": service.scorer.champion.problem or "in use",
        "forecasts": service.forecast_book.problem or "in use",
        "background": {name: problem or "ok" for name, problem in _problems(request).items()},
        "open_exceptions": len(service.worklist.open),
        **service.scorer.stamp(service.clock()),
        "degraded": _is_degraded(request),
    }
    return json_answer(shape, 200 if status == READY else 503)


def _is_degraded(request: Request) -> bool:
    champion = service_of(request).scorer.champion
    return champion.version is None or any(_problems(request).values())


def _problems(request: Request) -> dict[str, str | None]:
    background: Background = request.app.state.background
    return background.problems()


async def _status(request: Request) -> str:
    if request.app.state.drain.is_draining:
        return "the process is about to end"
    service = service_of(request)
    if not await asyncio.to_thread(service.ledger.is_alive):
        return "the ledger does not answer"
    if await asyncio.to_thread(_is_disk_full, service.settings.database_url):
        return "the disk of the ledger is full"
    return READY if service.scorer.champion.was_looked_for else "the champion is looked for"


def _is_disk_full(url: str) -> bool:
    """Return whether a ledger in a file has no room left; a database server is not asked."""
    address = database_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        return False
    try:
        return disk_usage(Path(address.database).resolve().parent).free < MIN_FREE_BYTES
    except OSError:
        return True


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Counts and times, as Prometheus reads them."""
    content = await asyncio.to_thread(generate_latest, request.app.state.registry)
    return Response(content, media_type=CONTENT_TYPE_LATEST)
