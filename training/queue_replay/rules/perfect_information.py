"""The price of misprediction: our rule with one thing at a time as it truly was."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from data.ticks import MISSING_TICK, MS_PER_MINUTE, NEVER
from training.queue_replay.rules.rules import RULES, PricedPredictions, Rule, RuleInputs

LEAST_MINUTES = 1e-6


def _loss(known: RuleInputs) -> PricedPredictions:
    return replace(known.opinions, loss=known.world.loss)


def _moment(known: RuleInputs) -> PricedPredictions:
    lost_at = known.world.lost_at
    due_at = np.where(lost_at == NEVER, MISSING_TICK, lost_at)
    return replace(known.opinions, due_at=due_at, curve=np.zeros_like(known.opinions.curve))


def _work(known: RuleInputs) -> PricedPredictions:
    work = known.work
    minutes = np.bincount(work.visit_of, work.touch_ms, len(work.ids)) / MS_PER_MINUTE
    minutes, seen = np.maximum(minutes, LEAST_MINUTES), known.opinions
    # The spread stays as predicted: with none, a score moves only in a deadline's last minutes.
    spread = seen.touch_p90_minutes / seen.touch_p50_minutes
    return replace(seen, touch_p50_minutes=minutes, touch_p90_minutes=minutes * spread)


def _ours(opinions: Callable[[RuleInputs], PricedPredictions]) -> Rule:
    return lambda known: RULES["ours"](replace(known, opinions=opinions(known)))


TRUE_LOSS, TRUE_MOMENT, TRUE_WORK = "ours_true_loss", "ours_true_moment", "ours_true_work"
TERMS: Mapping[str, str] = {
    TRUE_LOSS: "how much each loss would cost",
    TRUE_MOMENT: "when each loss would come",
    TRUE_WORK: "how much work each takes",
    "oracle": "all of these",
}
"""What each of these rules knows that ours has to guess."""
TRUTHS: Mapping[str, Rule] = {
    TRUE_LOSS: _ours(_loss),
    TRUE_MOMENT: _ours(_moment),
    TRUE_WORK: _ours(_work),
}
