"""Lower bound of the money that any rule loses: a linear programme. For small windows.

Time is cut into slots that lie within the shifts of a team. The variables are the hours of each
visit that are worked in each slot: at most as many as its people have, and at most as many as one
person has between the earliest begin of the visit and the loss. Of each exception the programme
saves the share that is worked before the loss, by its least worked visit. Exceptions that resolve
themselves in time are saved at no cost.

Proof of the bound: take the schedule of any rule, and keep the hours worked on exceptions that were
resolved before their loss. They respect all limits, since nobody works outside shifts, on two
visits at once, or before a visit is ready. Each of these exceptions was worked whole. So the
schedule is feasible for the programme. The programme may also do what no person can: save shares of
an exception, and know the future.
"""

from collections.abc import Sequence
from typing import NamedTuple

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
    """Simulate windows of consecutive exceptions alone, beside a lower bound of the money lost.

    Alone they meet a shorter queue, so they lose less than among all exceptions.
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
    teams = range(len(workload.team_hours))
    hours = WorkableHours.join(
        [_workable_hours(workload, scenario, team, at_risk) for team in teams]
    )
    needed = np.flatnonzero(at_risk[workload.visit_of])
    saved = _max_saved(workload, scenario, hours, needed)
    return max(float(scenario.loss[at_risk].sum()) - saved, 0.0)


class WorkableHours(NamedTuple):
    """Pairs of a visit and a slot in which it can be worked, and the slots. Limits are hours.

    Attributes:
        visit: Position of the visit of each pair.
        hour_limit: Hours of the visit that fit into the slot, by one person.
        slot: Position of the slot of each pair.
        slot_limit: For each slot, the hours of all people of its team.
    """

    visit: np.ndarray
    hour_limit: np.ndarray
    slot: np.ndarray
    slot_limit: np.ndarray

    @classmethod
    def join(cls, parts: "Sequence[WorkableHours]") -> "WorkableHours":
        """Join the pairs of all teams; the slots are numbered through."""
        offsets = np.cumsum([0, *(len(part.slot_limit) for part in parts)])[:-1]
        shifted = [part.slot + offset for part, offset in zip(parts, offsets, strict=True)]
        return cls(
            visit=np.concatenate([part.visit for part in parts]),
            hour_limit=np.concatenate([part.hour_limit for part in parts]),
            slot=np.concatenate(shifted),
            slot_limit=np.concatenate([part.slot_limit for part in parts]),
        )


def _workable_hours(
    workload: Workload, scenario: Scenario, team: int, at_risk: np.ndarray
) -> WorkableHours:
    """Return the slots in which the visits of a team can be worked before the loss."""
    visits = np.flatnonzero((workload.team == team) & at_risk[workload.visit_of])
    begin, end = earliest_begins(workload)[visits], scenario.lost_at[workload.visit_of[visits]]
    hours = extend_last_week(workload.team_hours[team])
    last = int(end.max(initial=0))
    first = np.searchsorted(hours.closes_at, begin.min(initial=last), side="right")
    shifts = range(int(first), int(np.searchsorted(hours.opens_at, last)))
    starts = [np.arange(hours.opens_at[s], hours.closes_at[s], SLOT_MS) for s in shifts]
    slot_begin = np.concatenate([np.zeros(0, np.int64), *starts])
    shift = np.repeat(np.array(shifts, np.int64), [len(part) for part in starts])
    slot_end = np.minimum(slot_begin + SLOT_MS, hours.closes_at[shift])
    room = np.minimum(end[:, None], slot_end) - np.maximum(begin[:, None], slot_begin)
    row, slot = np.nonzero(room > 0)
    limit = hours.people[shift] * (slot_end - slot_begin) / MS_PER_HOUR
    return WorkableHours(visits[row], room[row, slot] / MS_PER_HOUR, slot, limit)


def earliest_begins(workload: Workload) -> np.ndarray:
    """Return m ticks before which no rule can begin each visit."""
    first = np.append(True, np.diff(workload.visit_of) > 0)
    steps = np.where(first, 0, np.append(0, workload.touch_ms[:-1]) + workload.delay_ms)
    since = np.cumsum(steps)
    of_first = np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))
    return workload.ready_at[of_first] + since - since[of_first]


def _max_saved(
    workload: Workload, scenario: Scenario, workable: WorkableHours, needed: np.ndarray
) -> float:
    """Solve for the hours of each visit and slot, then the saved share of each exception."""
    visit, hour_limit, slot, slot_limit = workable
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
