"""Changed experiments: more or less work, bursts, fewer or more people, misstated inputs."""

from dataclasses import replace

import numpy as np

from data.ticks import MISSING_TICK, MS_PER_HOUR, NEVER
from models.worktime.shifts import TeamHours
from training.queue_replay.analysis.experiment import Experiment
from training.queue_replay.rules.inputs import PricedPredictions
from training.queue_replay.workload.workload import Scenario, Workload

COPY_WITHIN_MS = MS_PER_HOUR // 2
"""Largest delay of a copy after its exception: so it mostly stays on its day."""
BURST_SIZE, BURST_TIMES_USUAL = 5, 4
"""A burst has at least so many of one type in an hour, and more than so many times its rate."""


def with_load(experiment: Experiment, load: float, random: np.random.Generator) -> Experiment:
    """Return the experiment with a share of its exceptions, or with copies of some of them."""
    n = len(experiment.workload.ids)
    times = int(load) + (random.random(n) < load - int(load))
    return repeat_exceptions(experiment, times, random)


def with_bursts(experiment: Experiment, times: int, random: np.random.Generator) -> Experiment:
    """Return the experiment with each exception of a burst so many times."""
    kind, workload = experiment.cost_model.groups["type"].code, experiment.workload
    hour = (workload.detected_at - workload.detected_at.min()) // MS_PER_HOUR
    cell = kind * (int(hour.max()) + 1) + hour
    _, row, size = np.unique(cell, return_inverse=True, return_counts=True)
    usual = np.bincount(kind) / (hour.max() + 1)
    in_burst = (size[row] >= BURST_SIZE) & (size[row] > BURST_TIMES_USUAL * usual[kind])
    return repeat_exceptions(experiment, np.where(in_burst, times, 1), random)


def repeat_exceptions(
    experiment: Experiment, times: np.ndarray, random: np.random.Generator
) -> Experiment:
    """Return the experiment with each of n exceptions so many times, copies some minutes later."""
    rows = np.repeat(np.arange(len(times)), times)
    copy = np.append(False, rows[1:] == rows[:-1])
    later = np.where(copy, random.integers(1, COPY_WITHIN_MS, len(rows)), 0)
    predictions, cost_model = experiment.predictions, experiment.cost_model
    columns = {name: column[rows] for name, column in vars(predictions).items()}
    columns["due_at"] = _shifted(columns["due_at"], later)
    groups = {name: group.take(rows) for name, group in cost_model.groups.items()}
    return replace(
        experiment,
        workload=_repeat_workload(experiment.workload, rows, later),
        scenarios=[_repeat_scenario(scenario, rows, later) for scenario in experiment.scenarios],
        predictions=PricedPredictions(**columns),
        cost_model=replace(cost_model, day=cost_model.day[rows], groups=groups),
    )


def with_people(experiment: Experiment, team: int, change: int) -> Experiment:
    """Return the experiment with one person more (1) or fewer (-1) in a team, at all its hours."""
    team_hours = list(experiment.workload.team_hours)
    team_hours[team] = _one_more(team_hours[team]) if change > 0 else _one_fewer(team_hours[team])
    return replace(experiment, workload=replace(experiment.workload, team_hours=tuple(team_hours)))


def with_deadlines(experiment: Experiment, share: float) -> Experiment:
    """Return the experiment with deadlines stated too late by a share of the time until them."""
    predictions, detected = experiment.predictions, experiment.workload.detected_at
    has_due = predictions.due_at != MISSING_TICK
    ahead = np.where(has_due, predictions.due_at - detected, 0)
    stated = np.where(has_due, predictions.due_at + (share * ahead).astype(np.int64), MISSING_TICK)
    return replace(experiment, predictions=replace(predictions, due_at=stated))


def with_losses(experiment: Experiment, factor: float | np.ndarray) -> Experiment:
    """Return the experiment with the losses that the rules read multiplied by a factor."""
    predictions = experiment.predictions
    misstated = replace(
        predictions,
        loss=predictions.loss * factor,
        loss_of_likeliest=predictions.loss_of_likeliest * factor,
    )
    return replace(experiment, predictions=misstated)


def _repeat_workload(workload: Workload, rows: np.ndarray, later: np.ndarray) -> Workload:
    first, end = (np.searchsorted(workload.visit_of, rows, side) for side in ("left", "right"))
    count = end - first
    visit_of = np.repeat(np.arange(len(rows)), count)
    step = np.arange(len(visit_of)) - np.repeat(np.cumsum(count) - count, count)
    visits = first[visit_of] + step
    by_exception = ("ids", "detected_at", "resolved_at", "self_resolved")
    by_visit = (
        "team", "ready_at", "delay_ms", "touch_ms", "may_self_resolve", "started_at", "ended_at",
    )  # fmt: skip
    columns = {name: getattr(workload, name)[rows] for name in by_exception}
    columns |= {name: getattr(workload, name)[visits] for name in by_visit}
    columns["detected_at"] = columns["detected_at"] + later
    columns["ready_at"] = columns["ready_at"] + np.where(step == 0, later[visit_of], 0)
    return replace(workload, visit_of=visit_of, **columns)


def _repeat_scenario(scenario: Scenario, rows: np.ndarray, later: np.ndarray) -> Scenario:
    return Scenario(
        lost_at=_shifted(scenario.lost_at[rows], later),
        loss=scenario.loss[rows],
        self_resolves_at=_shifted(scenario.self_resolves_at[rows], later),
    )


def _shifted(ticks: np.ndarray, later: np.ndarray) -> np.ndarray:
    never = (ticks == NEVER) | (ticks == MISSING_TICK)
    return np.where(never, ticks, np.where(never, 0, ticks) + later)


def _one_more(hours: TeamHours) -> TeamHours:
    return replace(hours, people=hours.people + 1)


def _one_fewer(hours: TeamHours) -> TeamHours:
    """Remove one person; a person alone works every other shift."""
    alone = hours.people == 1
    every_other = np.cumsum(alone) % 2 == 1
    staffed = ~alone | every_other
    return TeamHours(
        hours.opens_at[staffed], hours.closes_at[staffed], np.maximum(hours.people[staffed] - 1, 1)
    )
