"""Rescoring of what is open by a new champion, so that one list is not scored by two models."""

import asyncio
import logging

from sqlalchemy import Connection

from data.ledger.intake import rescore
from data.ledger.writer import LedgerWriter
from serving.clock import Clock
from serving.live_list.open_row import OpenRow
from serving.live_list.worklist import Worklist
from serving.scoring.assessment import Assessment
from serving.scoring.scorer import Scorer
from serving.watch_lease import LeasedWriter

LOG = logging.getLogger("expedite.rescoring")
MAX_ROWS_AT_ONCE = 500
PASSES = 2
"""A call under way during the first pass may still bring the assessment of the former model."""
POLLS_BETWEEN_SWEEPS = 15
"""Polls after which it is looked again for assessments of another model."""


class RescoringWatch:
    """Watch for another champion, by which all that is open is scored again.

    The process that holds the lease does it. From time to time it looks without another champion
    too: another process may have used the former one for longer.
    """

    def __init__(
        self, scorer: Scorer, worklist: Worklist, writer: LeasedWriter, clock: Clock
    ) -> None:
        self._scorer = scorer
        self._worklist = worklist
        self._writer = writer
        self._clock = clock
        self._version: str | None = None
        self._passes = 0
        self._polls = 0

    async def look(self) -> None:
        """Look once; a pass that fails is made again."""
        triage, self._polls = self._scorer.champion.current, self._polls + 1
        is_other = triage is not None and triage.version != self._version
        if triage is not None and (is_other or self._polls >= POLLS_BETWEEN_SWEEPS):
            self._passes = PASSES if is_other else 1
            self._version, self._polls = triage.version, 0
        if self._passes and self._writer.token is not None:
            await rescore_open(self._scorer, self._worklist, self._writer, self._clock)
            self._passes -= 1


async def rescore_open(
    scorer: Scorer,
    worklist: Worklist,
    writer: LedgerWriter | LeasedWriter,
    clock: Clock,
    *,
    everything: bool = False,
) -> int:
    """Score what another model, or none, had scored; return how many there were.

    What was computed from forecasts and stock is left as it is: triage is not trained on it.

    Args:
        scorer: Scores by the champion in use.
        worklist: What is open.
        writer: Writes the new assessments.
        clock: Tells the present.
        everything: Whether what this champion scored is scored again too.
    """
    triage = scorer.champion.current
    if triage is None:
        return 0
    version = None if everything else triage.version
    old = await asyncio.to_thread(_scored_otherwise, worklist, version)
    for begin in range(0, len(old), MAX_ROWS_AT_ONCE):
        part = old[begin : begin + MAX_ROWS_AT_ONCE]
        await _rescore(part, scorer, worklist, writer, now_ms=clock())
    if old:
        LOG.info("Champion %s scored %d open exceptions again", triage.version, len(old))
    return len(old)


def _scored_otherwise(worklist: Worklist, version: str | None) -> list[OpenRow]:
    rows: list[OpenRow] = worklist.open.frozen().rows.tolist()
    otherwise = [row for row in rows if version is None or row.model_version != version]
    return [row for row in otherwise if not row.assessment.grounds]


async def _rescore(
    rows: list[OpenRow],
    scorer: Scorer,
    worklist: Worklist,
    writer: LedgerWriter | LeasedWriter,
    *,
    now_ms: int,
) -> None:
    judged = await scorer.judged([row.exception for row in rows], now_ms)
    if judged.assessments[0].degraded:
        return
    rescored = [
        row.assessed(_decided(scorer, row, assessment).to_json())
        for row, assessment in zip(rows, judged.assessments, strict=True)
    ]
    stored = [(new.row.id, new.row.revision, new.row.assessment_text) for new in rescored]

    def transaction(connection: Connection) -> None:
        rescore(connection, stored, now_ms=now_ms)

    await writer.run(transaction)
    for before, new in zip(rows, rescored, strict=True):
        if worklist.open.get(before.id) is before:
            worklist.put(new)


def _decided(scorer: Scorer, row: OpenRow, assessment: Assessment) -> Assessment:
    """Keep what was decided before; decide anew where no model had a say."""
    if row.is_degraded:
        exception = row.exception
        return scorer.draws.applied(assessment, exception.source, exception.external_id)
    return assessment.after(row.assessment)
