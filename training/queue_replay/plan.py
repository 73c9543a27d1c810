"""Plan of a replay: its specification, workload, scenarios and predictions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.domain import BadInputError
from data.history.history import History
from data.policy.policy import Policy
from training.common.run import Progress
from training.queue_replay.analysis.costs import CostModel, ExceptionGroups, last_team
from training.queue_replay.analysis.experiment import Experiment, in_slots, terms_of
from training.queue_replay.analysis.rank_stability import moments_of
from training.queue_replay.rules.inputs import price_predictions
from training.queue_replay.scenarios.draw import draw_worlds
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.read import read_work
from training.queue_replay.workload.slots import TouchAssumption
from training.queue_replay.workload.workload import Workload
from training.triage.rolling_predictions import WindowPredictions, predict_by_origins

WORK, WORLDS, MOMENTS, STRESS = range(4)
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

    asked: ReplaySpec
    record: HandlingLog
    said: Sequence[WindowPredictions]
    scene: Experiment
    others: dict[TouchAssumption, Experiment]


def set_up(history: History, asked: ReplaySpec, progress: Progress) -> ReplayPlan:
    """Read the work, draw the worlds, let the models speak.

    Raises:
        NotEnoughDataError: Nothing was detected in the period.
        BadInputError: The history does not tell how long work took, and nothing is assumed.
    """
    progress("Reading the work")
    record = HandlingLog.read(history, asked.begin, asked.end)
    works = {
        touch: read_work(record, asked.policy.shifts, asked.random(WORK), touch)
        for touch in (asked.touch, *asked.assumptions)
    }
    earliest = min(int(work.detected_at.min()) for work in works.values())
    said = predict_by_origins(history, asked.moments, earliest, asked.end, progress)
    progress("Drawing unrecorded values")
    scenes = {touch: _scene(record, work, touch, said, asked) for touch, work in works.items()}
    scene = scenes.pop(asked.touch)
    return ReplayPlan(asked, record, said, scene, scenes)


def _scene(
    record: HandlingLog,
    work: Workload,
    touch: TouchAssumption,
    said: Sequence[WindowPredictions],
    asked: ReplaySpec,
) -> Experiment:
    policy, opinions = asked.policy, price_predictions(work.ids, said, asked.policy)
    terms = terms_of(policy, work)
    if touch not in TIMED:
        opinions, terms = in_slots(work, opinions, terms)
    prices = policy.losses.waiting_cost_per_hour, policy.handling.deadline_hours
    return Experiment(
        work=work,
        worlds=draw_worlds(record, work, policy.losses, asked.random(WORLDS), asked.draws),
        opinions=opinions,
        terms=terms,
        ledger=CostModel.of(work, (record.begin, record.end), groups_of(record, work), prices),
        moments=moments_of(work, asked.random(MOMENTS)),
    )


def groups_of(record: HandlingLog, work: Workload) -> dict[str, ExceptionGroups]:
    """Divide the work by the team that did it last, by type and by customer segment."""
    row = pd.Index(record.ids).get_indexer(pd.Index(work.ids))
    words = {name: record.facts[name][row] for name in ("type", "segment")}
    return {"team": ExceptionGroups.of(last_team(work))} | {
        n: ExceptionGroups.of(w) for n, w in words.items()
    }
