"""Times to resolve read through the breach clock: how late the end is, and whether that is late."""

import numpy as np

from models.breach.breach_label import BreachByLateness
from models.breach.clock import breach_by_resolve_time
from models.breach.contract import BreachEstimator, BreachTask
from models.estimator import Batch, ModelState
from models.time_grid import ResolveChances

NAME = "resolve_clock"


class ResolveClock(BreachEstimator):
    """The hazard of being resolved, through the clock."""

    kind, stored_as = "hazard through the breach clock", NAME

    def __init__(self, clock: BreachByLateness) -> None:
        self.clock = clock

    def predict(self, rows: Batch, times: ResolveChances | None) -> np.ndarray:
        """Return n chances of a breach.

        Raises:
            ValueError: There are no times to read.
        """
        if times is None:
            raise ValueError("the breach clock needs a model of the time to resolve")
        return breach_by_resolve_time(self.clock, rows.columns, times)

    def to_json(self) -> ModelState:
        """Return the clock."""
        return ModelState({"clock": self.clock.to_json()}, {})


def suits(task: BreachTask) -> bool:
    """Return whether times are recorded, so that there is a clock."""
    return task.clock is not None


def fit(task: BreachTask) -> ResolveClock:
    """Take the clock of the task.

    Raises:
        ValueError: The task has none.
    """
    if task.clock is None:
        raise ValueError("there is no breach clock to read times through")
    return ResolveClock(task.clock)


def load(state: ModelState) -> ResolveClock:
    """Build a stored estimator again."""
    return ResolveClock(BreachByLateness.from_json(state.values["clock"]))
