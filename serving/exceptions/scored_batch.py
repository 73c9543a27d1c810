"""Scoring of the exceptions of one request, before the ledger takes them in."""

from collections.abc import Sequence
from typing import NamedTuple

from data.ledger.message_order import Incoming
from serving.background import run_sized
from serving.clock import Clock
from serving.exceptions.sent_exceptions import CheckedException
from serving.http.requests import RefusedExceptionOut
from serving.scoring.assessment import Assessment
from serving.scoring.scorer import Scorer
from serving.wire.exception_in import ExceptionIn


class ScoredItem(NamedTuple):
    """A right exception with its assessment, and the same as texts for the ledger."""

    exception: ExceptionIn
    assessment: Assessment
    incoming: Incoming


class CheckedBatch(NamedTuple):
    """Values of a request: what can be accepted, and what is refused.

    Attributes:
        items: The right ones, scored.
        refusals: For each value the answer that refuses it, or None.
    """

    items: list[ScoredItem]
    refusals: list[RefusedExceptionOut | None]


async def scored_batch(
    items: Sequence[CheckedException | RefusedExceptionOut], size: int, scorer: Scorer, clock: Clock
) -> CheckedBatch:
    """Score what is right among checked items; `size` is that of the request in bytes."""
    right = [item for item in items if isinstance(item, CheckedException)]
    refusals = [None if isinstance(item, CheckedException) else item for item in items]
    if not right:
        return CheckedBatch([], refusals)
    exceptions = [item.exception for item in right]
    judged = await scorer.judged(exceptions, clock())

    def drawn() -> list[ScoredItem]:
        return [
            _scored_item(
                item,
                scorer.draws.applied(assessment, item.exception.source, item.exception.external_id),
            )
            for item, assessment in zip(right, judged.assessments, strict=True)
        ]

    return CheckedBatch(await run_sized(size, drawn), refusals)


def _scored_item(item: CheckedException, assessment: Assessment) -> ScoredItem:
    """Write the assessment as the ledger stores it, and read it back, as it will be shown."""
    facts, text = item.exception, assessment.to_json()
    incoming = Incoming(
        source=facts.source,
        external_id=facts.external_id,
        is_open=facts.is_open,
        version=facts.version,
        updated_at_ms=facts.updated_at,
        detected_at_ms=facts.detected_at,
        payload=item.payload,
        opinion=text,
    )
    return ScoredItem(facts, Assessment.from_json(text), incoming)
