"""Reason of the label: the words of the message that decided the category."""

import logging

from serving.scoring.amounts import rates_for
from serving.scoring.answer import ReasonOut
from serving.scoring.assessment import Assessment
from serving.scoring.columns import columns_as_of
from serving.scoring.scorer import Scorer
from serving.wire.exception_in import OURS, ExceptionIn

LOG = logging.getLogger("expedite.explained")


def words_reasons(
    exception: ExceptionIn, assessment: Assessment, scorer: Scorer, now_ms: int
) -> list[ReasonOut]:
    """Return the words that decided the category that is shown; empty where they did not.

    Slow, about ten milliseconds: for one exception on demand.

    Args:
        exception: As posted.
        assessment: As people may see it.
        scorer: Its champion is asked.
        now_ms: Now.
    """
    triage, category = scorer.champion.current, assessment.category.label
    if triage is None or category is None or exception.source == OURS:
        return []
    columns, as_of = columns_as_of(
        [exception], triage, now_ms=now_ms, rates=rates_for(scorer.policy, triage)
    )
    try:
        words = triage.deciding_words(columns, as_of, "category", category)
    except Exception:  # whatever a model raises, the rest of the answer stands
        LOG.exception("Champion %s failed on %s", triage.version, exception.external_id)
        return []
    return [{"code": "words", "text": f'words: "{words}"'}] if words else []
