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
from training.triage.rolling.predictions import WindowPredictions, predict_by_origins

WORKLOAD, SCENARIOS, MOMENTS, STRESS = range(4)
"""The streams of random numbers."""


@dataclass(frozen=True)
class ReplaySpec:
    """Specification of a replay.

    Attributes:
        begin: First moment of the period.
        end: First moment after it.
        policy: Prices, guards and shifts.
        origins: Number of times that the models are fitted anew; 0 for the policy alone.
        draws: Number of scenarios in which every rule is simulated.
        seed: Of all random numbers.
        touch: Assumption about touch time.
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
        """Return the other assumptions about touch time; none where it is recorded."""
        if self.touch is TouchAssumption.RECORDED:
            return []
        return [touch for touch in TouchAssumption if touch not in (self.touch, _RECORDED)]

    def random(self, stream: int) -> np.random.Generator:
        """Return the random numbers of a stream; streams are independent."""
        return np.random.default_rng([self.seed, stream])


_RECORDED = TouchAssumption.RECORDED
TIMED = (_RECORDED, TouchAssumption.PEOPLE)
"""Assumptions with people and hours; the others simulate slots of recorded resolutions."""


@dataclass(frozen=True)
class ReplayPlan:
    """Experiments of one period, and their sources.

    Attributes:
        spec: Specification of the replay.
        log: Record of the exceptions and their handling.
        predictions: Predictions of the models, by origin.
        experiment: The experiment to simulate.
        alternatives: The same under other assumptions about touch time, where it is not recorded.
    """

    spec: ReplaySpec
    log: HandlingLog
    predictions: Sequence[WindowPredictions]
    experiment: Experiment
    alternatives: dict[TouchAssumption, Experiment]


def prepare_replay(history: History, spec: ReplaySpec, progress: Progress) -> ReplayPlan:
    """Read the workload, predict its exceptions, and draw the scenarios.

    Raises:
        NotEnoughDataError: Nothing was detected in the period.
        BadInputError: The history records no touch times, and no assumption is made.
    """
    progress("Reading the work")
    log = HandlingLog.read(history, spec.begin, spec.end)
    workloads = {
        touch: read_workload(log, spec.policy.shifts, spec.random(WORKLOAD), touch)
        for touch in (spec.touch, *spec.assumptions)
    }
    earliest = min(int(workload.detected_at.min()) for workload in workloads.values())
    predictions = predict_by_origins(
        history, spec.moments, begin=earliest, end=spec.end, progress=progress
    )
    progress("Drawing unrecorded values")
    experiments = {
        touch: _make_experiment(log, workload, touch, windows=predictions, spec=spec)
        for touch, workload in workloads.items()
    }
    return ReplayPlan(
        spec=spec,
        log=log,
        predictions=predictions,
        experiment=experiments.pop(spec.touch),
        alternatives=experiments,
    )


def _make_experiment(
    log: HandlingLog,
    workload: Workload,
    touch: TouchAssumption,
    *,
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
        scenarios=draw_scenarios(
            log, workload, policy.losses, random=spec.random(SCENARIOS), draws=spec.draws
        ),
        predictions=predictions,
        settings=settings,
        cost_model=CostModel.of(workload, (log.begin, log.end), groups_of(log, workload), prices),
        moments=draw_moments(workload, spec.random(MOMENTS)),
    )


def groups_of(log: HandlingLog, workload: Workload) -> dict[str, ExceptionGroups]:
    """Group the exceptions by the team of the last visit, by type and by customer segment."""
    row = pd.Index(log.ids).get_indexer(pd.Index(workload.ids))
    labels = {name: log.facts[name][row] for name in ("type", "segment")}
    labels = {"team": last_team_names(workload)} | labels
    return {name: ExceptionGroups.of(texts) for name, texts in labels.items()}
