"""A simulated queue against the sorting of the same visits: what playing costs beyond ordering."""

import statistics

import numpy as np
from timing import Ratio, in_turns

from data.ticks import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, NEVER
from models.worktime.shifts import TeamHours
from training.queue_replay.rules.inputs import PricedPredictions, RuleInputs, RuleSettings
from training.queue_replay.rules.registry import all_rules
from training.queue_replay.simulator.simulator import simulate
from training.queue_replay.workload.workload import Scenario, Workload

EXCEPTIONS = 100_000
DAYS, TEAMS, PEOPLE = 60, 7, 30
LOAD = 0.97
ALLOWED = 1_500.0


def run() -> Ratio:
    """Time our rule on a busy quarter."""
    workload, scenario = _work(np.random.default_rng(1))
    n = len(workload.ids)
    touch = workload.touch_ms / MS_PER_MINUTE
    predictions = PricedPredictions(
        due_at=scenario.lost_at,
        priority=np.zeros(n),
        p_breach=np.ones(n),
        loss=scenario.loss,
        loss_of_likeliest=scenario.loss,
        curve=np.zeros((n, 11)),
        curve_scale=np.ones(n),
        late_share=np.full(n, 0.3),
        late_hours=np.full(n, 72.0),
        touch_p50_minutes=touch,
        touch_p90_minutes=2 * touch,
        waiting_cost_per_hour=np.full(n, 0.05),
    )
    inputs = RuleInputs(workload, scenario, predictions, RuleSettings(4.0, 2.0, 48.0))
    order = all_rules()["ours"].order(inputs)
    simulate(workload, scenario, order)  # compiled before it is timed
    ours, second = in_turns(
        lambda: simulate(workload, scenario, order),
        lambda: np.lexsort((workload.visit_of, workload.ready_at, workload.team)),
        3,
    )
    seconds = statistics.median(ours), statistics.median(second)
    what = f"playing {n:,} exceptions by our rule"
    return Ratio(what, "sorting them once", *seconds, "s", ALLOWED)


def _work(random: np.random.Generator) -> tuple[Workload, Scenario]:
    n = EXCEPTIONS
    detected_at = np.sort(random.integers(0, DAYS * MS_PER_DAY, n))
    touch_ms = (random.lognormal(3, 0.8, n) * MS_PER_MINUTE).astype(np.int64) + 1
    opens = np.arange(DAYS) * MS_PER_DAY + MS_PER_DAY // 3
    length = int(touch_ms.sum() / LOAD / TEAMS / PEOPLE / DAYS)
    hours = TeamHours(opens, opens + length, np.full(DAYS, PEOPLE))
    never, nothing = np.full(n, NEVER), np.zeros(n, np.int64)
    workload = Workload(
        ids=np.arange(n),
        detected_at=detected_at,
        visit_of=np.arange(n),
        team=random.integers(0, TEAMS, n),
        ready_at=detected_at,
        delay_ms=nothing,
        touch_ms=touch_ms,
        may_self_resolve=np.ones(n, bool),
        started_at=never,
        ended_at=never,
        resolved_at=never,
        self_resolved=np.zeros(n, bool),
        teams=tuple(str(team) for team in range(TEAMS)),
        team_hours=(hours,) * TEAMS,
    )
    lost_at = detected_at + (random.lognormal(3.4, 0.6, n) * MS_PER_HOUR).astype(np.int64)
    return workload, Scenario(lost_at, random.lognormal(4, 1, n), never)
