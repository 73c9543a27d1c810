"""A true lower bound of the money that any rule loses: a linear programme. For small windows.

Time is cut into slots that lie within the shifts of a team. The programme chooses how many hours of
each visit are worked in each slot, at most as many as its people have, and at most as many as one
person has between the earliest begin of the visit and the loss; it saves of each exception the
share that is worked, of its least worked visit, before the loss. Whatever heals in time it saves
for nothing.

Why nothing can do better: take what really happened under any rule and keep the hours worked on
those exceptions that were resolved before their loss. They respect all limits, since nobody worked
outside shifts, in two places at once, or before a visit could be ready, and each of these
exceptions was worked whole: the programme could have chosen them. It may also choose what nobody
can do: saving halves, and knowing the future.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import coo_array, vstack

from data.domain import Json
from data.ticks import MS_PER_HOUR, NEVER
from training.common.run import Progress
from training.queue_replay.analysis.experiment import Experiment
from training.queue_replay.analysis.what_if import repeat_exceptions
from training.queue_replay.rules.registry import RuleKind, key_rules
from training.queue_replay.simulator.calendar import extend_last_week
from training.queue_replay.workload.workload import Scenario, Workload

SLOT_MS = MS_PER_HOUR
WINDOWS, WINDOW_EXCEPTIONS = 3, 200


def bound_windows(
    experiment: Experiment, random: np.random.Generator, progress: Progress
) -> list[Json]:
    """Play exceptions that came one after the other without all others, beside a true lower bound.

    Alone they meet less of a queue than they did, so what is lost is less than in the whole.
    """
    by_time = np.argsort(experiment.workload.detected_at, kind="stable")
    size = min(WINDOW_EXCEPTIONS, len(by_time))
    first = np.linspace(0, len(by_time) - size, WINDOWS if len(by_time) > size else 1).astype(int)
    reduced, rows = experiment.reduced(1), []
    for number, begin in enumerate(first.tolist(), 1):
        progress(f"Bounding what any order loses: window {number} of {len(first)}")
        chosen = np.zeros(len(by_time), np.int64)
        chosen[by_time[begin : begin + size]] = 1
        rows.append(_window(repeat_exceptions(reduced, chosen, random)))
    return rows


def _window(experiment: Experiment) -> Json:
    scenario, detected = experiment.scenarios[0], experiment.workload.detected_at
    return {
        "from": str(pd.Timestamp(int(detected.min()), unit="ms", tz="UTC")),
        "to": str(pd.Timestamp(int(detected.max()), unit="ms", tz="UTC")),
        "exceptions": len(detected),
        "lost_whatever_the_order": min_loss(experiment.workload, scenario),
        "money_lost": {
            name: float(experiment.simulate(rule, scenario).money.sum())
            for name, rule in key_rules().items()
            if rule.kind != RuleKind.RECORDED
        },
    }


def min_loss(workload: Workload, scenario: Scenario) -> float:
    """Return the money that any rule loses at least.

    Args:
        workload: The exceptions; hundreds, since the programme grows with visits times slots.
        scenario: Times and amounts of their losses.
    """
    free = scenario.self_resolves_at <= scenario.lost_at
    at_risk = (scenario.lost_at != NEVER) & ~free & (scenario.loss > 0)
    hours = [
        _workable_hours(workload, scenario, team, at_risk)
        for team in range(len(workload.team_hours))
    ]
    visit, hour_limit, slot, slot_limit = (
        np.concatenate(each) for each in zip(*hours, strict=True)
    )
    offsets = np.repeat(
        np.cumsum([0, *(len(each[3]) for each in hours)])[:-1], [len(each[2]) for each in hours]
    )
    needed = np.flatnonzero(at_risk[workload.visit_of])
    saved = _max_saved(
        workload, scenario, (visit, hour_limit), (slot + offsets, slot_limit), needed
    )
    return max(float(scenario.loss[at_risk].sum()) - saved, 0.0)


def part_of(work: Workload, world: Scenario, chosen: np.ndarray) -> tuple[Workload, Scenario]:
    """Return some of the exceptions alone, as if there were no others; `chosen` are n bools."""
    rows, number = chosen[work.visit_of], np.cumsum(chosen) - 1
    columns = {name: getattr(work, name)[chosen] for name in _OF_EXCEPTIONS}
    visits = {name: getattr(work, name)[rows] for name in _OF_VISITS}
    visits["visit_of"] = number[visits["visit_of"]]
    those = Scenario(world.lost_at[chosen], world.loss[chosen], world.self_resolves_at[chosen])
    return replace(work, **columns | visits), those


_OF_EXCEPTIONS = ("ids", "detected_at", "resolved_at", "self_resolved")
_OF_VISITS = (
    "visit_of", "team", "ready_at", "delay_ms", "touch_ms", "may_self_resolve", "started_at",
    "ended_at",
)  # fmt: skip


def _workable_hours(
    workload: Workload, scenario: Scenario, team: int, at_risk: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what of a team's visits may be worked when: visit, limit, slot; and limits of slots.

    Limits are hours. A visit is named for each slot in which it can be worked.
    """
    visits = np.flatnonzero((workload.team == team) & at_risk[workload.visit_of])
    begin, end = earliest_begins(workload)[visits], scenario.lost_at[workload.visit_of[visits]]
    hours = extend_last_week(workload.team_hours[team])
    last = int(end.max(initial=0))
    first = np.searchsorted(hours.closes_at, begin.min(initial=last), side="right")
    shifts = range(int(first), int(np.searchsorted(hours.opens_at, last)))
    starts = [np.arange(hours.opens_at[s], hours.closes_at[s], SLOT_MS) for s in shifts]
    slot_begin = np.concatenate([np.zeros(0, np.int64), *starts])
    each = np.repeat(np.array(shifts, np.int64), [len(part) for part in starts])
    slot_end = np.minimum(slot_begin + SLOT_MS, hours.closes_at[each])
    room = np.minimum(end[:, None], slot_end) - np.maximum(begin[:, None], slot_begin)
    row, slot = np.nonzero(room > 0)
    limit = hours.people[each] * (slot_end - slot_begin) / MS_PER_HOUR
    return visits[row], room[row, slot] / MS_PER_HOUR, slot, limit


def earliest_begins(workload: Workload) -> np.ndarray:
    """Return m ticks before which no rule can begin each visit."""
    first = np.append(True, np.diff(workload.visit_of) > 0)
    steps = np.where(first, 0, np.append(0, workload.touch_ms[:-1]) + workload.delay_ms)
    since = np.cumsum(steps)
    of_first = np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))
    return workload.ready_at[of_first] + since - since[of_first]


def _max_saved(
    workload: Workload,
    scenario: Scenario,
    visits: tuple[np.ndarray, np.ndarray],
    slots: tuple[np.ndarray, np.ndarray],
    needed: np.ndarray,
) -> float:
    """Solve for the hours of each visit and slot, then the saved share of each exception."""
    (visit, hour_limit), (slot, slot_limit) = visits, slots
    hours, n = len(visit), len(workload.ids)
    touch_hours = workload.touch_ms / MS_PER_HOUR
    row = np.cumsum(np.isin(np.arange(len(workload.team)), needed)) - 1
    of_slots = coo_array((np.ones(hours), (slot, np.arange(hours))), (len(slot_limit), hours + n))
    rows = np.concatenate([row[visit], np.arange(len(needed))])
    columns = np.concatenate([np.arange(hours), hours + workload.visit_of[needed]])
    values = np.concatenate([-1 / touch_hours[visit], np.ones(len(needed))])
    of_shares = coo_array((values, (rows, columns)), (len(needed), hours + n))
    worth = np.zeros(n)
    touched = np.unique(workload.visit_of[needed])
    worth[touched] = scenario.loss[touched]
    solution = linprog(
        np.concatenate([np.zeros(hours), -worth]),
        A_ub=vstack([of_slots, of_shares], format="csr"),
        b_ub=np.concatenate([slot_limit, np.zeros(len(needed))]),
        bounds=np.stack([np.zeros(hours + n), np.concatenate([hour_limit, np.ones(n)])], axis=1),
        method="highs",
    )
    return -float(solution.fun)
