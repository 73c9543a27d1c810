"""From checked exceptions to opinions: what the models expect, priced by the policy. No HTTP."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
import orjson

from data.policy import Decisions, Policy
from models.scored import Predictions, Scored, scored
from models.triage import Triage
from serving.columns import columns_of
from serving.payload import ExceptionIn

LOG = logging.getLogger("expedite.scoring")
LARGEST_SET = 3


@dataclass(frozen=True)
class Category:
    """What an exception probably is, and whether that may be taken without asking."""

    label: str | None = None
    probability: float | None = None
    prediction_set: tuple[str, ...] = ()
    decision: str = "abstain"


@dataclass(frozen=True)
class Opinion:
    """What the models and the policy make of one exception, whatever the hour.

    Attributes:
        model_version: None where no model was there.
        policy_version: With its fingerprint.
        scored_at_ms: When.
        degraded: No model said anything; the numbers below are the policy's fallbacks.
        category: As predicted.
        team: Who should have it; None where no model says.
        team_probability: Of the team.
        p_breach: Chance that it ends harmed, handled as such exceptions are.
        terms: What the ranking rule reads: `Scored` of one row.
        grounds: Sentence that the terms were computed from, where no champion of triage had a say.
    """

    model_version: str | None
    policy_version: str
    scored_at_ms: int
    degraded: bool
    category: Category
    team: str | None
    team_probability: float | None
    p_breach: float | None
    terms: Mapping[str, Any]
    grounds: str = ""

    def to_json(self) -> str:
        """Return it as text for the ledger."""
        return orjson.dumps(asdict(self), option=orjson.OPT_SERIALIZE_NUMPY).decode()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` gave."""
        values = orjson.loads(text)
        category = values["category"]
        category["prediction_set"] = tuple(category["prediction_set"])
        return cls(**values | {"category": Category(**category)})


TERMS = tuple(field.name for field in fields(Scored) if field.name != "ids")


@dataclass(frozen=True)
class Judged:
    """n exceptions with what is made of them, ready to be ranked at any moment."""

    opinions: list[Opinion]
    scored: Scored


def judge(
    exceptions: Sequence[ExceptionIn], triage: Triage | None, policy: Policy, *, now_ms: int
) -> Judged:
    """Score exceptions as known when they were detected; by the fallback where no champion can.

    Args:
        exceptions: One or many.
        triage: The champion, None if there is none.
        policy: What the company prefers.
        now_ms: The present.
    """
    columns, as_of = columns_as_of(exceptions, triage, now_ms=now_ms)
    predictions = _predicted(columns, as_of, triage) if triage else None
    rows = scored(np.arange(len(exceptions)), columns, predictions, policy)
    degraded = predictions is None
    version = triage.version if triage and not degraded else None
    common = (version, policy.label, now_ms, degraded)
    return Judged(_opinions(common, predictions or Predictions(), rows, policy.decisions), rows)


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


def rescored(opinions: Sequence[Opinion]) -> Scored:
    """Return what the ranking rule reads of opinions that were formed before."""
    columns = {name: np.array([one.terms[name] for one in opinions]) for name in TERMS}
    return Scored(ids=np.arange(len(opinions)), **columns)


def _opinions(
    common: tuple[str | None, str, int, bool],
    predictions: Predictions,
    rows: Scored,
    decisions: Decisions,
) -> list[Opinion]:
    n = len(rows.ids)
    categories = _categories(predictions, n, decisions)
    teams = _teams(predictions, n)
    breach = [None] * n if predictions.p_breach is None else predictions.p_breach.tolist()
    return [
        Opinion(*common, category, *team, p, term)
        for category, team, p, term in zip(categories, teams, breach, terms_of(rows), strict=True)
    ]


def terms_of(rows: Scored) -> list[dict[str, Any]]:
    """Return the terms of each row, as opinions keep them."""
    table = [getattr(rows, name).tolist() for name in TERMS]
    return [dict(zip(TERMS, row, strict=True)) for row in zip(*table, strict=True)]


def _categories(predictions: Predictions, n: int, decisions: Decisions) -> list[Category]:
    if predictions.category is None:
        return [Category()] * n
    chances = predictions.category
    best = np.argsort(-chances, axis=1)[:, :LARGEST_SET]
    top = np.take_along_axis(chances, best, axis=1)
    return [
        _category(predictions.categories, *row, decisions)
        for row in zip(best.tolist(), top.tolist(), strict=True)
    ]


def _category(
    names: tuple[str, ...], best: list[int], chances: list[float], decisions: Decisions
) -> Category:
    taken, together = 0, 0.0
    while taken < len(best) and together < decisions.set_coverage:
        together += chances[taken]
        taken += 1
    decision = "abstain"
    if chances[0] >= decisions.automatic_probability:
        decision = "auto"
    elif chances[0] >= decisions.suggest_probability:
        decision = "suggest"
    likely = tuple(names[i] for i in best[:taken])
    return Category(names[best[0]], chances[0], likely, decision)


def _teams(predictions: Predictions, n: int) -> list[tuple[str | None, float | None]]:
    if predictions.team is None:
        return [(None, None)] * n
    best = predictions.team.argmax(axis=1)
    chances = predictions.team[np.arange(n), best].tolist()
    return [(predictions.teams[i], p) for i, p in zip(best.tolist(), chances, strict=True)]
