"""Plan of a replay: its specification, workload, scenarios and predictions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.domain import BadInputError
from data.history.history import History
from data.policy.policy import Policy
from training.common.run import Progress
from training.queue_replay.analysis.costs import CostModel, ExceptionGroups, last_team_names
from training.queue_replay.analysis.experiment import Experiment, in_slots, rule_settings
from training.queue_replay.analysis.rank_stability import draw_moments
from training.queue_replay.rules.inputs import price_predictions
from training.queue_replay.scenarios.draw import draw_scenarios
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.read import read_workload
from training.queue_replay.workload.slots import TouchAssumption
from training.queue_replay.workload.workload import Workload
from training.triage.rolling_predictions import WindowPredictions, predict_by_origins

WORKLOAD, SCENARIOS, MOMENTS, STRESS = range(4)
"""The streams of random numbers."""


@dataclass(frozen=True)
class ReplaySpec:
    """Specification of a replay.

    Attributes:
        begin: First moment of the period.
        end: First moment after it.
        policy: Prices, guards and shifts.
        origins: How many times the models are fitted anew; 0 for the policy alone.
        draws: Worlds that every rule is played in.
        seed: Of all that is drawn.
        touch: What is taken for touch time.
    """

    begin: pd.Timestamp
    end: pd.Timestamp
    policy: Policy
    origins: int
    draws: int
    seed: int
    touch: TouchAssumption = TouchAssumption.RECORDED

    def __post_init__(self) -> None:
        if self.end <= self.begin:
            raise BadInputError("--to", "it is not after --from", "Choose a later day.")

    @property
    def moments(self) -> list[pd.Timestamp]:
        """The origins: evenly spread, each at the beginning of a day."""
        step = (self.end - self.begin) / max(self.origins, 1)
        evenly = [self.begin + step * number for number in range(self.origins)]
        return sorted({max(moment.floor("D"), self.begin) for moment in evenly})

    @property
    def assumptions(self) -> list[TouchAssumption]:
        """Return the other assumptions about touch time, where it is not recorded."""
        if self.touch is TouchAssumption.RECORDED:
            return []
        return [each for each in TouchAssumption if each not in (self.touch, _RECORDED)]

    def random(self, stream: int) -> np.random.Generator:
        """Return independent random numbers for each thing that draws."""
        return np.random.default_rng([self.seed, stream])


_RECORDED = TouchAssumption.RECORDED
TIMED = (_RECORDED, TouchAssumption.PEOPLE)
"""Where people and hours are in the work; else it is played in slots of recorded resolutions."""


@dataclass(frozen=True)
class ReplayPlan:
    """Scenes of one period, and how they came about.

    Attributes:
        asked: What was asked.
        record: What the history holds.
        said: What the models said.
        scene: What is replayed.
        others: The same with another assumption about touch times, where it is not recorded.
    """

    spec: ReplaySpec
    log: HandlingLog
    predictions: Sequence[WindowPredictions]
    experiment: Experiment
    alternatives: dict[TouchAssumption, Experiment]


def prepare_replay(history: History, spec: ReplaySpec, progress: Progress) -> ReplayPlan:
    """Read the work, draw the worlds, let the models speak.

    Raises:
        NotEnoughDataError: Nothing was detected in the period.
        BadInputError: The history does not tell how long work took, and nothing is assumed.
    """
    progress("Reading the work")
    log = HandlingLog.read(history, spec.begin, spec.end)
    workloads = {
        touch: read_workload(log, spec.policy.shifts, spec.random(WORKLOAD), touch)
        for touch in (spec.touch, *spec.assumptions)
    }
    earliest = min(int(workload.detected_at.min()) for workload in workloads.values())
    predictions = predict_by_origins(history, spec.moments, earliest, spec.end, progress)
    progress("Drawing unrecorded values")
    experiments = {
        touch: _make_experiment(log, work, touch, predictions, spec)
        for touch, work in workloads.items()
    }
    experiment = experiments.pop(spec.touch)
    return ReplayPlan(spec, log, predictions, experiment, experiments)


def _make_experiment(
    log: HandlingLog,
    workload: Workload,
    touch: TouchAssumption,
    windows: Sequence[WindowPredictions],
    spec: ReplaySpec,
) -> Experiment:
    policy, predictions = spec.policy, price_predictions(workload.ids, windows, spec.policy)
    settings = rule_settings(policy, workload)
    if touch not in TIMED:
        predictions, settings = in_slots(workload, predictions, settings)
    prices = policy.losses.waiting_cost_per_hour, policy.handling.deadline_hours
    return Experiment(
        workload=workload,
        scenarios=draw_scenarios(log, workload, policy.losses, spec.random(SCENARIOS), spec.draws),
        predictions=predictions,
        settings=settings,
        cost_model=CostModel.of(workload, (log.begin, log.end), groups_of(log, workload), prices),
        moments=draw_moments(workload, spec.random(MOMENTS)),
    )


def groups_of(log: HandlingLog, workload: Workload) -> dict[str, ExceptionGroups]:
    """Divide the work by the team that did it last, by type and by customer segment."""
    row = pd.Index(log.ids).get_indexer(pd.Index(workload.ids))
    labels = {name: log.facts[name][row] for name in ("type", "segment")}
    return {"team": ExceptionGroups.of(last_team_names(workload))} | {
        n: ExceptionGroups.of(w) for n, w in labels.items()
    }
