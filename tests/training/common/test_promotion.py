"""The gate says in a sentence why it opens or stays shut."""

import numpy as np
import pytest

from data.ticks import MS_PER_DAY
from training.common.measures import day_blocks
from training.common.promotion import MAX_CALL_MS, GateLosses, decide, decide_first

ROWS = 400
BLOCKS = day_blocks(np.arange(ROWS) * MS_PER_DAY // 20)
QUICK = MAX_CALL_MS / 2


@pytest.fixture
def losses():
    """Losses around a mean."""
    return lambda mean: mean + 0.3 * np.random.default_rng(1).normal(size=ROWS)


def test_a_clear_gain_is_promoted(losses):
    decision = decide(GateLosses(losses(0.5), 0.02), GateLosses(losses(0.6), 0.02), BLOCKS, QUICK)

    assert decision.promoted
    assert "mean log loss" in decision.reason
    assert "better beyond the noise" in decision.reason


def test_no_gain_at_all_is_no_better(losses):
    decision = decide(GateLosses(losses(0.5), 0.02), GateLosses(losses(0.5), 0.02), BLOCKS, QUICK)

    assert not decision.promoted
    assert "no better than the champion" in decision.reason


def test_a_gain_of_one_lucky_day_is_within_the_noise(losses):
    better = losses(0.5)
    better[:20] -= 0.4

    decision = decide(GateLosses(better, 0.0), GateLosses(losses(0.5), 0.0), BLOCKS, QUICK)

    assert not decision.promoted
    assert "within the noise" in decision.reason


def test_a_worse_challenger_is_not_promoted(losses):
    decision = decide(GateLosses(losses(0.7), 0.0), GateLosses(losses(0.5), 0.0), BLOCKS, QUICK)

    assert not decision.promoted
    assert "no better than the champion" in decision.reason


def test_a_gain_that_costs_calibration_is_refused(losses):
    decision = decide(GateLosses(losses(0.5), 0.09), GateLosses(losses(0.6), 0.02), BLOCKS, QUICK)

    assert not decision.promoted
    assert "calibration error rises by 0.070" in decision.reason


def test_a_gain_that_is_too_slow_is_refused(losses):
    slow = MAX_CALL_MS + 1
    decision = decide(GateLosses(losses(0.5), 0.0), GateLosses(losses(0.6), 0.0), BLOCKS, slow)

    assert not decision.promoted
    assert f"a call takes {slow:.1f} ms of {MAX_CALL_MS:g} allowed" in decision.reason


def test_the_first_champion_is_told_with_what_it_beat():
    decision = decide_first({"team": "trees (loss 0.5) over majority (0.9)"}, ["team"])

    assert decision.promoted
    assert "team: trees (loss 0.5) over majority (0.9)" in decision.reason


def test_nothing_trained_is_nothing_to_promote():
    assert not decide_first({}, []).promoted


def test_a_first_challenger_that_learned_nothing_is_refused_and_says_what_serves():
    decision = decide_first({"harm": "not learned, one rate for all"}, [])

    assert not decision.promoted
    assert "no model is better than a constant" in decision.reason
    assert "harm: not learned" in decision.reason
