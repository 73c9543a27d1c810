"""`POST /v1/score`: exceptions scored without being stored."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from serving.background import run_sized
from serving.exceptions.payload import exceptions_body
from serving.http.openapi import answers
from serving.http.problems import FlawOut, flaws_out
from serving.http.requests import RefusedExceptionOut, body_of, json_answer, many_of, parsed
from serving.scoring.answer import ScoringOut
from serving.scoring.scorer import ScoredExceptions, Scorer
from serving.service import Service, service_of
from serving.wire.answers import StampOut, closed
from serving.wire.exception_in import ExceptionIn, exception, parts

router = APIRouter(prefix="/v1", tags=["exceptions"])


@closed
class ScoredExceptionOut(ScoringOut):
    """One exception scored; nothing is stored."""

    result: Literal["scored"]
    source: str
    external_id: str
    warnings: Annotated[
        list[FlawOut], Field(description="optional values that can't be read: they count as empty")
    ]


@closed
class ScoredBatchOut(StampOut):
    """Item by item, in the order sent."""

    scored: int
    refused: int
    results: list[ScoredExceptionOut | RefusedExceptionOut]


@router.post(
    "/score",
    openapi_extra=exceptions_body(),
    responses=answers(ScoredExceptionOut | ScoredBatchOut, (400, 413, 422)),
)
async def score(request: Request) -> Response:
    """Score one exception, or {"exceptions": [...]} item by item. Nothing is stored."""
    service = service_of(request)
    body = await body_of(request, service.settings)
    kind, values = await run_sized(len(body), lambda: parts(parsed(body)))
    if kind == "one":
        scorings = await _scored(service.scorer, [exception(values[0])], service.clock(), len(body))
        return json_answer(scorings[0])
    many = await _many(service, values, len(body))
    return await run_sized(len(body), lambda: json_answer(many))


async def _many(service: Service, values: list[Any], size: int) -> ScoredBatchOut:
    checked = await run_sized(size, lambda: many_of(values, service.settings))
    exceptions = [item for item in checked if isinstance(item, ExceptionIn)]
    scorings = iter(
        await _scored(service.scorer, exceptions, service.clock(), size) if exceptions else []
    )
    return {
        "scored": len(exceptions),
        "refused": len(values) - len(exceptions),
        "results": [next(scorings) if isinstance(item, ExceptionIn) else item for item in checked],
        **service.scorer.stamp(service.clock()),
    }


async def _scored(
    scorer: Scorer, exceptions: list[ExceptionIn], now_ms: int, size: int
) -> list[ScoredExceptionOut]:
    judged = await scorer.judged(exceptions, now_ms)
    return await run_sized(size, lambda: _answers(scorer, exceptions, judged, now_ms))


def _answers(
    scorer: Scorer, exceptions: list[ExceptionIn], judged: ScoredExceptions, now_ms: int
) -> list[ScoredExceptionOut]:
    scorings = scorer.answers(judged.assessments, now_ms, judged.scored)
    return [
        {
            "result": "scored",
            "source": item.source,
            "external_id": item.external_id,
            "warnings": flaws_out(item.unread),
            **scoring,
        }
        for item, scoring in zip(exceptions, scorings, strict=True)
    ]
