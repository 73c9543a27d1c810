"""`python -m serving rescore`: all open exceptions scored again, beside the running service."""

import asyncio
import sys

import typer

from data.domain import ExpediteError, NoChampionError
from data.settings import Settings
from serving.exceptions.rescore import rescore_open
from serving.scoring.champion import ChampionWatch, open_model_store
from serving.scoring.recent_logs import RecentLogs
from serving.service import Service


def rescore() -> None:
    """Score all open exceptions again by the champion and the policy; processes show it at once."""
    settings = Settings.read()
    try:
        service = Service.open(settings, lambda: open_model_store(settings.mlruns))
        try:
            count = asyncio.run(_rescored(service))
        finally:
            service.close()
    except ExpediteError as error:
        sys.exit(str(error))
    typer.echo(f"{count:,} open exceptions are scored again.")


async def _rescored(service: Service) -> int:
    champion = service.scorer.champion
    recent = RecentLogs(service.ledger, service.policy)
    ChampionWatch(champion, recent, service.settings.recent_seconds).look()
    if champion.current is None:
        raise NoChampionError("triage", champion.problem or "none is promoted")
    return await rescore_open(
        service.scorer, service.worklist, service.writer, service.clock, everything=True
    )
