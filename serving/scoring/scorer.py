"""The scorer: what the models expect of exceptions, priced by the policy."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np

from data.policy.policy import Policy
from models.ranking.pricing import PricedExceptions, price, rank_by_policy
from models.ranking.staffing import in_wall_hours, work_clock
from models.ranking.urgency import Urgency
from models.triage.labels import CATEGORY, TEAM
from models.triage.predictions import Predictions
from models.triage.triage import Triage
from serving.scoring.amounts import rates_for
from serving.scoring.answer import RankedRow, ScoringOut, scoring_answer
from serving.scoring.assessment import Assessment
from serving.scoring.champion import Champion
from serving.scoring.columns import columns_as_of
from serving.scoring.counters import DEGRADED
from serving.scoring.decisions import NO_RULES, BlindingDraws, Rules, decisions_of
from serving.scoring.guarantees import Guarantees
from serving.scoring.order_value import OrderValue
from serving.stage_times import SCORE_SECONDS
from serving.wire.answers import StampOut
from serving.wire.exception_in import ExceptionIn
from serving.wire.formats import rfc3339

LOG = logging.getLogger("expedite.scoring")
MIN_EXCEPTIONS_FOR_A_THREAD = 32
"""So many exceptions take long enough to be scored beside the calls of others."""
TERMS = tuple(each.name for each in fields(PricedExceptions) if each.name != "ids")


@dataclass(frozen=True)
class ScoredExceptions:
    """n exceptions with what is made of them, ready to be ranked at any moment."""

    assessments: list[Assessment]
    scored: PricedExceptions


@dataclass(frozen=True)
class Scorer:
    """The champion in use with all that decides by it.

    Attributes:
        champion: The model.
        policy: Prices what it expects.
        guarantees: What it may decide without asking.
        draws: Whose decisions are blinded.
        lowest_reached: By team, the score from which on the people on shift get to a row; kept by
            the work list.
    """

    champion: Champion
    policy: Policy
    guarantees: Guarantees
    draws: BlindingDraws
    lowest_reached: dict[str, float] = field(default_factory=dict)

    async def judged(self, exceptions: Sequence[ExceptionIn], now_ms: int) -> ScoredExceptions:
        """Score exceptions by the champion; many of them in a thread."""
        triage = self.champion.current
        work = partial(judge, now_ms=now_ms, rules=self.guarantees.rules(triage))
        with SCORE_SECONDS.time():
            if len(exceptions) < MIN_EXCEPTIONS_FOR_A_THREAD:
                return work(exceptions, triage, self.policy)
            return await asyncio.to_thread(work, exceptions, triage, self.policy)

    def answers(
        self,
        assessments: Sequence[Assessment],
        now_ms: int,
        scored: PricedExceptions | None = None,
    ) -> list[ScoringOut]:
        """Return the scoring answers of n assessments as of now.

        Args:
            assessments: What was made of exceptions.
            now_ms: The present.
            scored: The same as the ranking rule reads it, where it is at hand.
        """
        if not assessments:
            return []
        degraded = all(assessment.degraded for assessment in assessments)
        teams = np.array([assessment.team for assessment in assessments], object)
        clock = work_clock(self.policy.shifts, teams, now_ms)
        alone = rank_by_policy(
            (scored or rescored(assessments)).at(now_ms, clock), self.policy, degraded=degraded
        )
        ranked = in_wall_hours(alone, clock, now_ms)
        priorities = np.full(len(teams), None, object)
        if not degraded:
            urgency = Urgency(self.policy, now_ms, self.lowest_reached)
            priorities = urgency.priorities(ranked, teams)
        return [
            scoring_answer(
                assessment, RankedRow.of(ranked, priorities, i), self.policy, now_ms=now_ms
            )
            for i, assessment in enumerate(assessments)
        ]

    def stamp(self, now_ms: int) -> StampOut:
        """Return what every answer carries: by which model and policy, when."""
        model_version = self.champion.version
        return {
            "model_version": model_version,
            "policy_version": self.policy.label,
            "scored_at": rfc3339(now_ms),
            "degraded": model_version is None,
        }


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
    rates = rates_for(policy, triage)
    columns, as_of = columns_as_of(exceptions, triage, now_ms=now_ms, rates=rates)
    predictions = _predicted(columns, as_of, triage) if triage else None
    rows = price(np.arange(len(exceptions)), columns, predictions, policy)
    degraded = predictions is None
    if degraded:
        DEGRADED.inc(len(exceptions))
    version = triage.version if triage and not degraded else None
    common = (version, policy.label, now_ms, degraded)
    learned = Learned.of(triage) if triage and not degraded else Learned(False, False)
    assessments = _assessments(common, predictions or Predictions(), rows, rules, learned)
    values = [OrderValue.of(each, rates, policy.losses.order_value) for each in exceptions]
    return ScoredExceptions(
        [
            replace(each, order_value=amount, value_basis=basis, value_note=note)
            for each, (amount, basis, note) in zip(assessments, values, strict=True)
        ],
        rows,
    )


class Learned(NamedTuple):
    """Flags of what a model tells from case to case; without them one value stands for all.

    Attributes:
        touch: Of the touch time.
        breach: Of the chance of a breach.
    """

    touch: bool
    breach: bool

    @classmethod
    def of(cls, triage: Triage) -> Self:
        """Ask the models of a champion."""
        touch, breach = triage.touch, triage.breach_risk
        return cls(touch is not None and touch.is_learned, breach is not None and breach.is_learned)


def _predicted(
    columns: Mapping[str, np.ndarray], as_of: np.ndarray, triage: Triage
) -> Predictions | None:
    try:
        return triage.predict(columns, as_of)
    except Exception:  # whatever a model raises, the caller is answered, and told so
        LOG.exception("Champion %s failed on %d exceptions", triage.version, len(as_of))
        return None


def rescored(assessments: Sequence[Assessment]) -> PricedExceptions:
    """Return what the ranking rule reads of assessments that were made before."""
    columns = {
        name: np.array([assessment.terms[name] for assessment in assessments]) for name in TERMS
    }
    return PricedExceptions(ids=np.arange(len(assessments)), **columns)


def _assessments(
    common: tuple[str | None, str, int, bool],
    predictions: Predictions,
    rows: PricedExceptions,
    rules: Rules,
    learned: Learned,
) -> list[Assessment]:
    n = len(rows.ids)
    categories = decisions_of(rules.get(CATEGORY.name), predictions.classes.get(CATEGORY.name), n)
    teams = decisions_of(rules.get(TEAM.name), predictions.classes.get(TEAM.name), n)
    breach = [None] * n if predictions.p_breach is None else predictions.p_breach.tolist()
    return [
        Assessment(
            *common,
            category,
            routing,
            p,
            term,
            touch_learned=learned.touch,
            breach_learned=learned.breach,
        )
        for category, routing, p, term in zip(
            categories, teams, breach, terms_of(rows), strict=True
        )
    ]


def terms_of(rows: PricedExceptions) -> list[dict[str, Any]]:
    """Return the terms of each row, as assessments store them."""
    table = [getattr(rows, name).tolist() for name in TERMS]
    return [dict(zip(TERMS, row, strict=True)) for row in zip(*table, strict=True)]
