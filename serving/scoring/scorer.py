"""From checked exceptions to opinions: what the models expect, priced by the policy. No HTTP."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from data.policy.policy import Policy
from models.ranking.pricing import PricedExceptions, price
from models.triage.labels import CATEGORY, TEAM
from models.triage.predictions import Predictions
from models.triage.triage import Triage
from serving.scoring.assessment import Assessment
from serving.scoring.columns import columns_of
from serving.scoring.decisions import NO_RULES, Rules, verdicts_of
from serving.wire.exception_in import ExceptionIn

LOG = logging.getLogger("expedite.scoring")
TERMS = tuple(field.name for field in fields(PricedExceptions) if field.name != "ids")


@dataclass(frozen=True)
class ScoredExceptions:
    """n exceptions with what is made of them, ready to be ranked at any moment."""

    opinions: list[Assessment]
    scored: PricedExceptions


def judge(
    exceptions: Sequence[ExceptionIn],
    triage: Triage | None,
    policy: Policy,
    *,
    now_ms: int,
    rules: Rules = NO_RULES,
) -> ScoredExceptions:
    """Score exceptions as known when they were detected; by the fallback where no champion can.

    Args:
        exceptions: One or many.
        triage: The champion, None if there is none.
        policy: What the company prefers.
        now_ms: The present.
        rules: How category and team are decided; nothing is said of them without.
    """
    columns, as_of = columns_as_of(exceptions, triage, now_ms=now_ms)
    predictions = _predicted(columns, as_of, triage) if triage else None
    rows = price(np.arange(len(exceptions)), columns, predictions, policy)
    degraded = predictions is None
    version = triage.version if triage and not degraded else None
    common = (version, policy.label, now_ms, degraded)
    return ScoredExceptions(_opinions(common, predictions or Predictions(), rows, rules), rows)


def columns_as_of(
    exceptions: Sequence[ExceptionIn], triage: Triage | None, *, now_ms: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the columns, and as of when: the moment of detection, as in training."""
    columns = columns_of(exceptions, triage.kinds if triage else {})
    return columns, np.minimum(columns["detected_at"], now_ms)


def _predicted(
    columns: Mapping[str, np.ndarray], as_of: np.ndarray, triage: Triage
) -> Predictions | None:
    try:
        return triage.predict(columns, as_of)
    except Exception:  # whatever a model raises, the caller is answered, and told so
        LOG.exception("Champion %s failed on %d exceptions", triage.version, len(as_of))
        return None


def rescored(opinions: Sequence[Assessment]) -> PricedExceptions:
    """Return what the ranking rule reads of opinions that were formed before."""
    columns = {name: np.array([one.terms[name] for one in opinions]) for name in TERMS}
    return PricedExceptions(ids=np.arange(len(opinions)), **columns)


def _opinions(
    common: tuple[str | None, str, int, bool],
    predictions: Predictions,
    rows: PricedExceptions,
    rules: Rules,
) -> list[Assessment]:
    n = len(rows.ids)
    categories = verdicts_of(rules.get(CATEGORY.name), predictions.classes.get(CATEGORY.name), n)
    teams = verdicts_of(rules.get(TEAM.name), predictions.classes.get(TEAM.name), n)
    breach = [None] * n if predictions.p_breach is None else predictions.p_breach.tolist()
    return [
        Assessment(*common, category, routing, p, term)
        for category, routing, p, term in zip(
            categories, teams, breach, terms_of(rows), strict=True
        )
    ]


def terms_of(rows: PricedExceptions) -> list[dict[str, Any]]:
    """Return the terms of each row, as opinions keep them."""
    table = [getattr(rows, name).tolist() for name in TERMS]
    return [dict(zip(TERMS, row, strict=True)) for row in zip(*table, strict=True)]
