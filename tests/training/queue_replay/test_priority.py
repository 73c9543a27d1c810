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

TERMS = RuleSettings(look_ahead_hours=4.0, atc_hours=2.0, deadline_hours=48.0, oldest_hours=336.0)


@given(seed=st.integers(0, 10_000), hours=st.floats(0, 500))
def test_the_compiled_score_is_that_of_the_rule(a_work, opinions_on, seed, hours):
    work = a_work(40, seed)
    opinions = opinions_on(work, seed)
    now = int(work.team_hours[0].opens_at[0] + hours * MS_PER_HOUR)
    never = np.full(len(work.ids), NEVER)
    order = all_rules()["ours"].order(
        RuleInputs(work, Scenario(never, opinions.loss, never), opinions, TERMS)
    )
    crews = tuple(extend_last_week(crew) for crew in work.team_hours)
    worked = np.array([crew.open_ticks(np.array([now]))[0] for crew in crews])[work.team]

    keys = [key_at(order, v, work.visit_of[v], worked[v]) for v in range(len(work.team))]

    items = scored_of(work, opinions).at(now, WorkClock(crews, work.team))
    rule = {"look_ahead_hours": 4.0, "oldest_hours": np.inf, "safe_risk": 0.1}
    seen = (items.hours_to_due > 0) | np.isnan(items.hours_to_due)
    seen &= work.detected_at[work.visit_of] <= now
    old = worked / MS_PER_HOUR > order.old_hours
    expected = -rank(items, **rule).score - np.where(old, FIRST, 0.0)
    np.testing.assert_allclose(np.array(keys)[seen], expected[seen], rtol=1e-9, atol=1e-9)


def scored_of(work, opinions):
    """The opinions as the work list holds them, one row a visit."""
    named = ("due_at", "loss", "curve", "touch_p50_minutes", "touch_p90_minutes")
    columns = {name: getattr(opinions, name) for name in named}
    n = len(work.ids)
    found = PricedExceptions(
        ids=np.arange(n),
        detected_at=work.detected_at,
        waiting_cost_per_hour=opinions.waiting_cost_per_hour,
        lost=np.zeros(n, bool),
        always_first=np.zeros(n, bool),
        **columns,
    )
    return found.take(work.visit_of)
