"""Scenes in which one thing is otherwise: more or less work, bursts, fewer or more people."""

from dataclasses import replace

import numpy as np

from data.ticks import MISSING_TICK, MS_PER_HOUR, NEVER
from models.worktime.shifts import TeamHours
from training.queue_replay.analysis.experiment import Experiment
from training.queue_replay.rules.inputs import PricedPredictions
from training.queue_replay.workload.workload import Scenario, Workload

COPY_WITHIN_MS = MS_PER_HOUR // 2
"""A copy of an exception comes at most so much later than it: it stays on its day."""
BURST_SIZE, BURST_TIMES_USUAL = 5, 4
"""So many of one type in an hour, and so many times its usual rate, are a burst."""


def with_load(scene: Experiment, load: float, random: np.random.Generator) -> Experiment:
    """Return the scene with a share of its exceptions, or with copies of some of them."""
    n = len(scene.work.ids)
    times = int(load) + (random.random(n) < load - int(load))
    return repeated(scene, times, random)


def with_bursts(scene: Experiment, times: int, random: np.random.Generator) -> Experiment:
    """Return the scene with each exception of a burst so many times."""
    kind, work = scene.ledger.groups["type"].code, scene.work
    hour = (work.detected_at - work.detected_at.min()) // MS_PER_HOUR
    cell = kind * (int(hour.max()) + 1) + hour
    _, place, size = np.unique(cell, return_inverse=True, return_counts=True)
    usual = np.bincount(kind) / (hour.max() + 1)
    in_burst = (size[place] >= BURST_SIZE) & (size[place] > BURST_TIMES_USUAL * usual[kind])
    return repeated(scene, np.where(in_burst, times, 1), random)


def repeated(scene: Experiment, times: np.ndarray, random: np.random.Generator) -> Experiment:
    """Return the scene with each of n exceptions so many times, copies some minutes later."""
    rows = np.repeat(np.arange(len(times)), times)
    copy = np.append(False, rows[1:] == rows[:-1])
    later = np.where(copy, random.integers(1, COPY_WITHIN_MS, len(rows)), 0)
    seen, ledger = scene.opinions, scene.ledger
    columns = {name: column[rows] for name, column in vars(seen).items()}
    columns["due_at"] = _moved(columns["due_at"], later)
    groups = {name: group.take(rows) for name, group in ledger.groups.items()}
    return replace(
        scene,
        work=_work(scene.work, rows, later),
        worlds=[_world(world, rows, later) for world in scene.worlds],
        opinions=PricedPredictions(**columns),
        ledger=replace(ledger, day=ledger.day[rows], groups=groups),
    )


def with_people(scene: Experiment, team: int, change: int) -> Experiment:
    """Return the scene with one person more (1) or fewer (-1) in a team, at all its hours."""
    crews = list(scene.work.crews)
    crews[team] = _more(crews[team]) if change > 0 else _fewer(crews[team])
    return replace(scene, work=replace(scene.work, crews=tuple(crews)))


def with_deadlines(scene: Experiment, share: float) -> Experiment:
    """Return the scene with deadlines told too late by a share of the time until them."""
    seen, detected = scene.opinions, scene.work.detected_at
    known = seen.due_at != MISSING_TICK
    left = np.where(known, seen.due_at - detected, 0)
    told = np.where(known, seen.due_at + (share * left).astype(np.int64), MISSING_TICK)
    return replace(scene, opinions=replace(seen, due_at=told))


def with_losses(scene: Experiment, factor: float | np.ndarray) -> Experiment:
    """Return the scene with the losses that the rules go by stated wrongly."""
    seen = scene.opinions
    wrong = replace(
        seen, loss=seen.loss * factor, loss_of_likeliest=seen.loss_of_likeliest * factor
    )
    return replace(scene, opinions=wrong)


def _work(work: Workload, rows: np.ndarray, later: np.ndarray) -> Workload:
    first, end = (np.searchsorted(work.visit_of, rows, side) for side in ("left", "right"))
    count = end - first
    visit_of = np.repeat(np.arange(len(rows)), count)
    step = np.arange(len(visit_of)) - np.repeat(np.cumsum(count) - count, count)
    visits = first[visit_of] + step
    by_exception = ("ids", "detected_at", "resolved_at", "healed")
    by_visit = ("team", "ready_at", "delay_ms", "touch_ms", "may_heal", "started_at", "ended_at")
    columns = {name: getattr(work, name)[rows] for name in by_exception}
    columns |= {name: getattr(work, name)[visits] for name in by_visit}
    columns["detected_at"] = columns["detected_at"] + later
    columns["ready_at"] = columns["ready_at"] + np.where(step == 0, later[visit_of], 0)
    return replace(work, visit_of=visit_of, **columns)


def _world(world: Scenario, rows: np.ndarray, later: np.ndarray) -> Scenario:
    return Scenario(
        lost_at=_moved(world.lost_at[rows], later),
        loss=world.loss[rows],
        heals_at=_moved(world.heals_at[rows], later),
    )


def _moved(ticks: np.ndarray, later: np.ndarray) -> np.ndarray:
    never = (ticks == NEVER) | (ticks == MISSING_TICK)
    return np.where(never, ticks, np.where(never, 0, ticks) + later)


def _more(crew: TeamHours) -> TeamHours:
    return replace(crew, people=crew.people + 1)


def _fewer(crew: TeamHours) -> TeamHours:
    """Take one person away; one who is alone stays every other shift."""
    alone = crew.people == 1
    every_other = np.cumsum(alone) % 2 == 1
    kept = ~alone | every_other
    return TeamHours(
        crew.opens_at[kept], crew.closes_at[kept], np.maximum(crew.people[kept] - 1, 1)
    )
