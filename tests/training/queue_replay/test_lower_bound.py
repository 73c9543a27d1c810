"""The bound is one: no rule loses less; and it is not far below what can be reached."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.ticks import NEVER
from training.queue_replay.analysis.lower_bound import min_loss
from training.queue_replay.rules.inputs import RuleInputs, RuleSettings
from training.queue_replay.rules.registry import all_rules
from training.queue_replay.simulator.simulator import simulate

SETTINGS = RuleSettings(
    look_ahead_hours=4.0, atc_hours=2.0, deadline_hours=48.0, oldest_hours=336.0
)


@pytest.mark.long
@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 60), people=st.integers(1, 3))
def test_no_rule_loses_less_than_the_bound(
    a_workload, a_scenario, predictions_for, seed, n, people
):
    workload = a_workload(n, seed, people)
    scenario = a_scenario(workload, seed)
    inputs = RuleInputs(workload, scenario, predictions_for(workload, seed), SETTINGS)

    bound = min_loss(workload, scenario)

    for rule in ("fifo", "edd_lost_last", "value_per_hour", "ours", "oracle"):
        assert (
            bound
            <= simulate(workload, scenario, all_rules()[rule].order(inputs)).money_lost.sum() + 1e-6
        )


def test_what_nobody_has_time_for_is_lost_whatever_the_rule(a_workload, a_scenario):
    workload = a_workload(40, 3)
    scenario = a_scenario(workload, 3)
    at_once = replace(
        scenario, lost_at=workload.detected_at + 60_001, self_resolves_at=np.full(40, NEVER)
    )

    assert min_loss(workload, at_once) == pytest.approx(scenario.loss.sum(), rel=0.02)


def test_where_nothing_is_ever_lost_nothing_is(a_workload, a_scenario):
    workload = a_workload(40, 3)

    assert min_loss(workload, replace(a_scenario(workload, 3), lost_at=np.full(40, NEVER))) == 0


@pytest.mark.long
def test_the_bound_of_a_part_is_below_what_the_whole_lost_of_it(
    a_workload, a_scenario, predictions_for
):
    workload = a_workload(80, 5)
    scenario = a_scenario(workload, 5)
    inputs = RuleInputs(workload, scenario, predictions_for(workload, 5), SETTINGS)
    result = simulate(workload, scenario, all_rules()["oracle"].order(inputs))
    chosen = workload.detected_at < np.median(workload.detected_at)

    bound = min_loss(workload_of(workload, chosen), scenario_of(scenario, chosen))

    assert 0 < bound <= result.money_lost[chosen].sum()


def workload_of(workload, chosen):
    """Return some of the exceptions alone, as if there were no others."""
    rows = chosen[workload.visit_of]
    columns = {
        name: column[chosen if len(column) == len(chosen) else rows]
        for name, column in vars(workload).items()
        if isinstance(column, np.ndarray)
    }
    columns["visit_of"] = (np.cumsum(chosen) - 1)[columns["visit_of"]]
    return replace(workload, **columns)


def scenario_of(scenario, chosen):
    """Return the scenario of these exceptions."""
    return replace(scenario, **{name: column[chosen] for name, column in vars(scenario).items()})
