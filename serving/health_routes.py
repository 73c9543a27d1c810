"""Health of the process: alive, ready to serve, and its counts."""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from serving.http.openapi import answers
from serving.http.requests import json_answer
from serving.service import service_of
from serving.wire.answers import StampOut, closed

router = APIRouter(tags=["health"])


@closed
class ReadyOut(StampOut):
    """Readiness of the service."""

    status: str
    champion: str
    forecasts: str
    open_exceptions: int


@router.get("/livez")
async def livez() -> Response:
    """The process answers."""
    return json_answer({"status": "alive"})


@router.get("/readyz", responses=answers(ReadyOut) | {503: {"model": ReadyOut}})
async def readyz(request: Request) -> Response:
    """The ledger answers. Without a champion it is ready all the same, and says `degraded`."""
    service = service_of(request)
    ready = await asyncio.to_thread(service.ledger.is_alive)
    shape: ReadyOut = {
        "status": "ready" if ready else "the ledger does not answer",
        "champion": service.scorer.champion.problem or "in use",
        "forecasts": service.forecast_book.problem or "in use",
        "open_exceptions": len(service.worklist.open),
        **service.scorer.stamp(service.clock()),
    }
    return json_answer(shape, 200 if ready else 503)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Counts and times, as Prometheus reads them."""
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)
