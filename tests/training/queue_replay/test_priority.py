"""The compiled scores are those of the rule that ranks the work list."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data.ticks import MS_PER_HOUR, NEVER
from models.ranking.pricing import PricedExceptions
from models.ranking.rule import rank
from models.worktime.shifts import WorkClock
from training.queue_replay.rules.inputs import RuleInputs, RuleSettings
from training.queue_replay.rules.registry import all_rules
from training.queue_replay.simulator.calendar import extend_last_week
from training.queue_replay.simulator.priority import FIRST, key_at
from training.queue_replay.workload.workload import Scenario

SETTINGS = RuleSettings(
    look_ahead_hours=4.0, atc_hours=2.0, deadline_hours=48.0, oldest_hours=336.0
)


@given(seed=st.integers(0, 10_000), hours=st.floats(0, 500))
def test_the_compiled_score_is_that_of_the_rule(a_workload, predictions_for, seed, hours):
    workload = a_workload(40, seed)
    predictions = predictions_for(workload, seed)
    now = int(workload.team_hours[0].opens_at[0] + hours * MS_PER_HOUR)
    never = np.full(len(workload.ids), NEVER)
    order = all_rules()["ours"].order(
        RuleInputs(workload, Scenario(never, predictions.loss, never), predictions, SETTINGS)
    )
    team_hours = tuple(extend_last_week(hours) for hours in workload.team_hours)
    worked = np.array([hours.open_ticks(np.array([now]))[0] for hours in team_hours])[workload.team]

    keys = [key_at(order, v, workload.visit_of[v], worked[v]) for v in range(len(workload.team))]

    items = priced(workload, predictions).at(now, WorkClock(team_hours, workload.team))
    rule = {"look_ahead_hours": 4.0, "oldest_hours": np.inf, "safe_risk": 0.1}
    compared = ~items.is_lost
    compared &= workload.detected_at[workload.visit_of] <= now
    old = worked / MS_PER_HOUR > order.old_hours
    expected = -rank(items, **rule).score - np.where(old, FIRST, 0.0)
    np.testing.assert_allclose(np.array(keys)[compared], expected[compared], rtol=1e-9, atol=1e-9)


def priced(workload, predictions):
    """The opinions as the work list holds them, one row a visit."""
    named = (
        "due_at", "loss", "curve", "curve_scale", "late_share", "late_hours",
        "touch_p50_minutes", "touch_p90_minutes",
    )  # fmt: skip
    columns = {name: getattr(predictions, name) for name in named}
    n = len(workload.ids)
    exceptions = PricedExceptions(
        ids=np.arange(n),
        detected_at=workload.detected_at,
        waiting_cost_per_hour=predictions.waiting_cost_per_hour,
        lost=np.zeros(n, bool),
        always_first=np.zeros(n, bool),
        **columns,
    )
    return exceptions.take(workload.visit_of)
