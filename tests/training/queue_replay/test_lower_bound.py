"""The bound is one: no rule loses less; and it is not far below what can be reached."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.ticks import NEVER
from training.queue_replay.analysis.lower_bound import min_loss, part_of
from training.queue_replay.rules.inputs import RuleInputs, RuleSettings
from training.queue_replay.rules.registry import all_rules
from training.queue_replay.simulator.simulator import simulate

TERMS = RuleSettings(look_ahead_hours=4.0, atc_hours=2.0, deadline_hours=48.0, oldest_hours=336.0)


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 60), people=st.integers(1, 3))
def test_no_rule_loses_less_than_the_bound(a_work, a_world, opinions_on, seed, n, people):
    work = a_work(n, seed, people)
    world = a_world(work, seed)
    known = RuleInputs(work, world, opinions_on(work, seed), TERMS)

    bound = min_loss(work, world)

    for rule in ("fifo", "edd_lost_last", "value_per_hour", "ours", "oracle"):
        assert (
            bound <= simulate(work, world, all_rules()[rule].order(known)).money_lost.sum() + 1e-6
        )


def test_what_nobody_has_time_for_is_lost_whatever_the_rule(a_work, a_world):
    work = a_work(40, 3)
    world = a_world(work, 3)
    at_once = replace(world, lost_at=work.detected_at + 60_001, self_resolves_at=np.full(40, NEVER))

    assert min_loss(work, at_once) == pytest.approx(world.loss.sum(), rel=0.02)


def test_where_nothing_is_ever_lost_nothing_is(a_work, a_world):
    work = a_work(40, 3)

    assert min_loss(work, replace(a_world(work, 3), lost_at=np.full(40, NEVER))) == 0


def test_the_bound_of_a_part_is_below_what_the_whole_lost_of_it(a_work, a_world, opinions_on):
    work = a_work(80, 5)
    world = a_world(work, 5)
    played = simulate(
        work,
        world,
        all_rules()["oracle"].order(RuleInputs(work, world, opinions_on(work, 5), TERMS)),
    )
    chosen = work.detected_at < np.median(work.detected_at)

    assert 0 < min_loss(*part_of(work, world, chosen)) <= played.money_lost[chosen].sum()
