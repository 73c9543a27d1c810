"""`POST /v1/score`: what would be made of exceptions, without keeping them."""

from typing import Any

from fastapi import APIRouter, Request, Response

from models.ranking.pricing import rank_by_policy
from serving.http.openapi import answers, exceptions_body
from serving.http.requests import body_of, json_answer, many_of, parsed
from serving.http.schemas import ScoreAnswer, ScoreBatch
from serving.scoring.answer import RankedRow, scoring_answer
from serving.service import Service, desk_of
from serving.wire.exception_in import ExceptionIn, exception, parts

router = APIRouter(prefix="/v1", tags=["exceptions"])


@router.post(
    "/score",
    openapi_extra=exceptions_body(),
    responses=answers(ScoreAnswer | ScoreBatch, 400, 413, 422),
)
async def score(request: Request) -> Response:
    """Score one exception, or {"exceptions": [...]} item by item. Nothing is stored."""
    desk = desk_of(request)
    kind, values = parts(parsed(await body_of(request, desk.settings)))
    if kind == "one":
        told = exception(values[0])
        return json_answer((await _scored(desk, [told]))[0])
    return json_answer(await _many(desk, values))


async def _many(desk: Service, values: list[Any]) -> dict[str, Any]:
    checked = many_of(values, desk.settings)
    told = [one for one in checked if isinstance(one, ExceptionIn)]
    scorings = iter(await _scored(desk, told) if told else [])
    results = [one if isinstance(one, dict) else next(scorings) for one in checked]
    counts = {"scored": len(told), "refused": len(values) - len(told)}
    return counts | {"results": results} | desk.stamp(desk.now_ms())


async def _scored(desk: Service, told: list[ExceptionIn]) -> list[dict[str, Any]]:
    now_ms = desk.now_ms()
    judged = await desk.judged(told, now_ms)
    degraded = judged.opinions[0].degraded
    ranked = rank_by_policy(judged.scored.at(now_ms), desk.policy, degraded=degraded)
    return [
        {"result": "scored", "source": one.source, "external_id": one.external_id}
        | scoring_answer(opinion, RankedRow.of(ranked, i), desk.policy, now_ms=now_ms)
        for i, (one, opinion) in enumerate(zip(told, judged.opinions, strict=True))
    ]
