"""The replay of a queue: what other orders of work would have cost, on a company's own history."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.domain import BadInputError
from data.history import History
from data.policy import Policy
from training.known import tick_of
from training.queue_opinions import Said, opinions_on, said_by_origins
from training.queue_record import Record
from training.queue_scene import Say, Scene, terms_of
from training.queue_tally import Groups, Ledger, last_team
from training.queue_work import read_work
from training.queue_world import Work
from training.queue_worlds import draw_worlds


@dataclass(frozen=True)
class Asked:
    """What is to be replayed.

    Attributes:
        begin: First moment of the period.
        end: First moment after it.
        policy: Prices, guards and shifts.
        origins: How many times the models are fitted anew; 0 for the policy alone.
        draws: Worlds that every rule is played in.
        seed: Of all that is drawn.
    """

    begin: pd.Timestamp
    end: pd.Timestamp
    policy: Policy
    origins: int
    draws: int
    seed: int

    def __post_init__(self) -> None:
        if self.end <= self.begin:
            raise BadInputError("--to", "it is not after --from", "Choose a later day.")

    @property
    def moments(self) -> list[pd.Timestamp]:
        """The origins: evenly spread, each at the beginning of a day."""
        step = (self.end - self.begin) / max(self.origins, 1)
        evenly = [self.begin + step * number for number in range(self.origins)]
        return sorted({max(moment.floor("D"), self.begin) for moment in evenly})

    def random(self, stream: int) -> np.random.Generator:
        """Return independent random numbers for each thing that draws."""
        return np.random.default_rng([self.seed, stream])


WORK, WORLDS, STRESS = range(3)
"""The streams of random numbers."""


@dataclass(frozen=True)
class Setting:
    """A scene, and how it came about."""

    asked: Asked
    record: Record
    said: Sequence[Said]
    scene: Scene


def set_up(history: History, asked: Asked, say: Say) -> Setting:
    """Read the work, draw the worlds, let the models speak.

    Raises:
        NotEnoughDataError: Nothing was detected in the period.
        BadInputError: The history does not tell how long work took.
    """
    say("Reading the work")
    record = Record.read(history, asked.begin, asked.end)
    policy = asked.policy
    work = read_work(record, policy.shifts, asked.random(WORK))
    say("Drawing what nobody recorded")
    worlds = draw_worlds(record, work, policy.losses, asked.random(WORLDS), asked.draws)
    earliest = int(work.detected_at.min())
    said = said_by_origins(history, asked.moments, earliest, asked.end, say)
    opinions = opinions_on(work.ids, said, policy)
    ledger = Ledger.of(
        work, groups_of(record, work), policy.losses.waiting_cost_per_hour,
        policy.handling.deadline_hours,
    )  # fmt: skip
    scene = Scene(work, worlds, opinions, terms_of(policy, work), ledger)
    return Setting(asked, record, said, scene)


def groups_of(record: Record, work: Work) -> dict[str, Groups]:
    """Divide the work by the team that did it last, by type and by customer segment."""
    row = pd.Index(record.ids).get_indexer(pd.Index(work.ids))
    words = {name: record.facts[name][row] for name in ("type", "segment")}
    return {"team": Groups.of(last_team(work))} | {n: Groups.of(w) for n, w in words.items()}


def period_of(asked: Asked) -> tuple[int, int]:
    """Return the period as ticks."""
    return tick_of(asked.begin), tick_of(asked.end)
