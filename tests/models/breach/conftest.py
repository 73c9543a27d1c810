"""Subjects to learn the chance of a breach from: those that take long are breached."""

from collections.abc import Callable

import numpy as np
import pytest

from models.breach.breach_label import BreachByLateness, ClosedExceptions
from models.breach.contract import BreachTask
from models.estimator import Batch
from models.time_grid import INTERVALS, ResolveChances, TimeGrid

DEADLINE_HOURS = 48


@pytest.fixture(scope="session")
def clock() -> BreachByLateness:
    """A breach is an end after 48 hours."""
    hours = np.linspace(0, 100, 200)
    late = hours > DEADLINE_HOURS
    return BreachByLateness.fit(ClosedExceptions(np.full(200, "", object), hours, late), 1.0)


@pytest.fixture(scope="session")
def a_task(a_sample, clock) -> Callable[..., BreachTask]:
    """Build a task; the same arguments give the same one. One outcome in ten is not known."""

    def build(n: int = 700, seed: int = 1, messages: bool = True) -> BreachTask:
        sample = a_sample(n, seed, messages)
        late = (sample.hours > DEADLINE_HOURS).astype(float)
        return BreachTask(
            rows=sample.rows,
            label=np.where(np.arange(n) % 10 == 0, np.nan, late),
            label_weight=np.where(np.arange(n) % 10 == 0, 0.0, 1.0),
            soft_label=np.clip(late, 0.02, 0.98),
            weight=np.ones(n),
            clock=clock,
            word_columns=list(sample.words),
        )

    return build


@pytest.fixture(scope="session")
def times_of() -> Callable[[Batch], ResolveChances]:
    """Chances of the times to resolve: days for `late`, hours for all others."""
    grid = TimeGrid.of(np.geomspace(1, 200, 300))

    def build(rows: Batch) -> ResolveChances:
        long = rows.columns["type"] == "late"
        middle = np.where(long, 80.0, 8.0)[:, None]
        begin, end = grid.edges[:-1], grid.edges[1:]
        near = np.exp(-np.square(np.log1p((begin + end) / 2) - np.log1p(middle)))
        assert near.shape == (rows.n, INTERVALS)
        return ResolveChances(grid, near / near.sum(axis=1, keepdims=True))

    return build
