"""A new champion looks again at what is open, so that one list is not scored by two models."""

import asyncio
import logging
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from data.ledger.intake import rescore
from serving.live_list.open_exceptions import OpenRow
from serving.scoring.assessment import Assessment
from serving.service import Service

LOG = logging.getLogger("expedite.rescoring")
AT_ONCE = 500


async def keep_scored(desk: Service) -> None:
    """Watch for another champion, for ever."""
    seen, passes = None, 0
    while True:
        triage = desk.champion.current
        if triage is not None and triage.version != seen:
            # Two passes: a call under way during the first may still bring the former model's word.
            seen, passes = triage.version, 2
        if passes:
            passes -= 1
            try:
                await rescore_open(desk)
            except SQLAlchemyError:
                LOG.exception("What is open could not be scored again; trying later")
                passes = 2
        await asyncio.sleep(desk.settings.poll_seconds)


async def rescore_open(desk: Service) -> int:
    """Score what another model, or none, had scored; return how many there were.

    What was computed from forecasts and stock is left as it is: triage never saw its like.
    """
    triage = desk.champion.current
    if triage is None:
        return 0
    rows: list[OpenRow] = desk.worklist.open.frozen().rows.tolist()
    judged = [row for row in rows if not row.opinion.grounds]
    old = [row for row in judged if row.opinion.model_version != triage.version]
    for begin in range(0, len(old), AT_ONCE):
        await _rescore(desk, old[begin : begin + AT_ONCE])
    if old:
        LOG.info("Champion %s scored %d open exceptions again", triage.version, len(old))
    return len(old)


async def _rescore(desk: Service, rows: list[OpenRow]) -> None:
    now_ms = desk.now_ms()
    judged = await desk.judged([row.exception for row in rows], now_ms)
    if judged.opinions[0].degraded:
        return
    pairs = zip(rows, judged.opinions, strict=True)
    looked = [(row, _settled(desk, row, opinion)) for row, opinion in pairs]
    kept = [(row.id, row.revision, opinion.to_json()) for row, opinion in looked]
    await desk.write(partial(_write, desk, kept, now_ms))
    for row, opinion in looked:
        if desk.worklist.open.get(row.id) is row:
            desk.worklist.put(OpenRow(row.id, row.revision, row.exception, opinion))


def _settled(desk: Service, row: OpenRow, opinion: Assessment) -> Assessment:
    """By what was decided before; where nothing was said yet, as if it came in now."""
    if row.opinion.degraded:
        return desk.draws.applied(opinion, row.exception.source, row.exception.external_id)
    return opinion.after(row.opinion)


def _write(desk: Service, kept: list[tuple[str, int, str]], now_ms: int) -> None:
    with desk.ledger.writing() as connection:
        rescore(connection, kept, now_ms=now_ms)
