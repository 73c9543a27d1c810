"""Sensitivity of the rule to load, people, bursts, prices and models."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from data.domain import Json
from data.policy.policy import Policy
from training.common.run import Progress
from training.queue_replay.analysis.comparison import RuleComparison
from training.queue_replay.analysis.experiment import Experiment, simulate_all
from training.queue_replay.analysis.what_if import (
    with_bursts,
    with_deadlines,
    with_load,
    with_losses,
    with_people,
)
from training.queue_replay.rules.inputs import price_predictions
from training.queue_replay.rules.registry import all_rules, key_rules
from training.triage.rolling.predictions import WindowPredictions

LOADS = (0.7, 0.85, 1.15, 1.3, 1.5)
BURST_TIMES = 3
HALF, DOUBLE = 0.5, 2.0
MAX_TEAMS = 12
QUARTER = 0.25


@dataclass(frozen=True)
class Stress:
    """One change of the experiment: its name for programs and for people, and its result."""

    name: str
    words: str
    experiment: Experiment


def stresses(
    experiment: Experiment,
    predictions: Sequence[WindowPredictions],
    policy: Policy,
    random: np.random.Generator,
) -> Iterator[Stress]:
    """Yield the changed experiments one by one: only one is in memory at a time."""
    for load in LOADS:
        yield Stress(
            f"load_x{load:g}", f"{load:.0%} of the work", with_load(experiment, load, random)
        )
    busiest = int(np.bincount(experiment.workload.team, experiment.workload.touch_ms).argmax())
    team = experiment.workload.teams[busiest]
    fewer, more = (with_people(experiment, busiest, change) for change in (-1, 1))
    yield Stress("one_person_fewer", f"One person fewer in {team}", fewer)
    yield Stress("one_person_more", f"One person more in {team}", more)
    larger = with_bursts(experiment, BURST_TIMES, random)
    yield Stress("bursts_x3", "Bursts three times as large", larger)
    yield from _misstated(experiment, random)
    if any(window.evidence for window in predictions):
        mixed = price_predictions(
            experiment.workload.ids, [window.shuffled(random) for window in predictions], policy
        )
        words = "Worthless models: what they say belongs to other exceptions"
        yield Stress("models_shuffled", words, replace(experiment, predictions=mixed))


def _misstated(experiment: Experiment, random: np.random.Generator) -> Iterator[Stress]:
    """Yield the experiments in which losses and deadlines are misstated."""
    types = experiment.cost_model.groups["type"]
    by_type = np.where(random.random(len(types.names)) < HALF, HALF, DOUBLE)[types.code]
    for name, words, factor in (
        ("losses_halved", "All losses stated at half", HALF),
        ("losses_doubled", "All losses stated at double", DOUBLE),
        ("losses_mixed", "Losses of some types stated at half, of others at double", by_type),
    ):
        yield Stress(name, words, with_losses(experiment, factor))
    for name, words, share in (
        ("deadlines_early", "Deadlines a quarter too early", -QUARTER),
        ("deadlines_late", "Deadlines a quarter too late", QUARTER),
    ):
        yield Stress(name, words, with_deadlines(experiment, share))


def compare_under_stress(stress: Stress, seed: int, progress: Progress) -> Json:
    """Simulate the key rules under a stress, and compare Expedite's rule with the others."""
    rules = key_rules()
    summaries = simulate_all(
        stress.experiment, rules, lambda text: progress(f"{stress.words}: {text}")
    )
    comparison = RuleComparison.of(stress.experiment, summaries, seed)
    saved, closed = comparison.saved("ours", "fifo"), comparison.gap_closed("ours")
    return {
        "name": stress.name,
        "words": stress.words,
        "exceptions": len(stress.experiment.workload.ids),
        "money_lost": {name: float(comparison.money(name).sum(axis=1).mean()) for name in rules},
        "saved_against": {
            name: asdict(comparison.saved("ours", name)) for name in rules if name != "ours"
        },
        "gap_closed": asdict(closed) if closed else None,
        "worse_than_fifo": saved.high < 0,
    }


def vary_people(usual: RuleComparison, seed: int, progress: Progress) -> list[Json]:
    """Return the savings of one person fewer and one more, for the teams with the most work.

    Args:
        usual: Comparison with the people as they are.
        seed: Of the bootstrap of days.
        progress: Receives a line at each step.
    """
    experiment, rules = usual.experiment, {"ours": all_rules()["ours"]}
    workload, money, rows = experiment.workload, usual.money("ours"), []
    load = np.bincount(workload.team, workload.touch_ms, len(workload.teams))
    for team in np.argsort(-load, kind="stable")[:MAX_TEAMS].tolist():
        name = workload.teams[team]
        row: Json = {"team": name, "people": int(workload.team_hours[team].people.max(initial=0))}
        for change, column in ((-1, "saved_by_one_fewer"), (1, "saved_by_one_more")):
            other = with_people(experiment, team, change)
            summaries = simulate_all(
                other, rules, lambda text, n=name: progress(f"People of {n}: {text}")
            )
            changed = RuleComparison.of(other, summaries, seed)
            row[column] = asdict(usual.bootstrap.total(money - changed.money("ours")))
        rows.append(row)
    return rows
