"""Stock played forward along sample paths of demand: what is not there when asked for is lost."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from data.domain import BadInputError

ROWS_A_CHUNK = 128  # series whose paths stay in the cache
MIN_LOST_UNITS_OF_A_PATH = 1e-6  # units; float32 paths add up no more exactly


@dataclass(frozen=True)
class StockPosition:
    """The stock of n series when a decision is made, at the end of a period.

    Attributes:
        on_hand: (n,) units at the end of that period, at least 0.
        inbound: (n, H) units on the way, by the period from whose start they can be sold; the
            first column is the period after the decision.
    """

    on_hand: np.ndarray
    inbound: np.ndarray

    def take(self, rows: np.ndarray | slice) -> Self:
        """Return some of the series."""
        return type(self)(self.on_hand[rows], self.inbound[rows])

    def check(self, paths: np.ndarray) -> None:
        """Raise BadInputError where it doesn't go with paths (n, S, H)."""
        series, _, horizon = paths.shape
        if self.on_hand.shape != (series,) or self.inbound.shape != (series, horizon):
            problem = f"on_hand {self.on_hand.shape} and inbound {self.inbound.shape}"
            cure = f"Give ({series},) and ({series}, {horizon}), as the paths have it."
            raise BadInputError("stock", problem, cure)
        sound = np.isfinite(self.on_hand) & (self.on_hand >= 0)
        sound &= (np.isfinite(self.inbound) & (self.inbound >= 0)).all(1)
        if not sound.all():
            problem = "stock on hand or inbound is not a number from 0 up"
            raise BadInputError(f"row {int(np.argmin(sound))}", problem, "Correct it.")


@dataclass(frozen=True)
class Projection:
    """Expected stock of n series in each of H periods.

    Attributes:
        stock: (n, H) units expected at the end of each period.
        lost: (n, H) units of demand expected to be lost in each.
        risk: (n, H) chance that some demand is lost in each.
        out_by: (n, H) chance that some was lost by the end of each.
        demand: (n, H) expected demand, in units.
    """

    stock: np.ndarray
    lost: np.ndarray
    risk: np.ndarray
    out_by: np.ndarray
    demand: np.ndarray

    def runs_out(self, chance: float = 0.5) -> np.ndarray:
        """Return (n,) the first period by which it ran out with that chance; H if in none.

        The median date is that of chance .5, the date to be safe from that of .1.
        """
        late = self.out_by < chance
        return late.sum(1)

    @property
    def fill_rate(self) -> np.ndarray:
        """(n,) expected share of demand that is met over all periods; 1 where there is none."""
        demand = self.demand.sum(1)
        return 1 - self.lost.sum(1) / np.where(demand > 0, demand, 1)


def project(paths: np.ndarray, position: StockPosition) -> Projection:
    """Play the stock forward.

    Args:
        paths: (n, S, H) units of demand, S equally likely futures of each series.
        position: The stock at the start, and what comes.
    """
    position.check(paths)
    series, _, horizon = paths.shape
    projection = Projection(*(np.zeros((series, horizon)) for _ in range(5)))
    for rows in chunks(series):
        here = position.take(rows)
        stock = np.repeat(here.on_hand[:, None].astype(float), paths.shape[1], 1)
        was_out = np.zeros(stock.shape, bool)
        for t, demand in enumerate(by_period(paths[rows])):
            short = demand - stock - here.inbound[:, t, None]
            stock, lost = np.maximum(-short, 0), np.maximum(short, 0)
            out = lost > MIN_LOST_UNITS_OF_A_PATH
            was_out |= out
            projection.stock[rows, t], projection.lost[rows, t] = stock.mean(1), lost.mean(1)
            projection.risk[rows, t], projection.out_by[rows, t] = out.mean(1), was_out.mean(1)
            projection.demand[rows, t] = demand.mean(1)
    return projection


def left_after(paths: np.ndarray, position: StockPosition, periods: int) -> np.ndarray:
    """Return (n, S) units that are left after some periods, on each path."""
    left = np.repeat(position.on_hand[:, None].astype(float), paths.shape[1], 1)
    for t, demand in enumerate(by_period(paths[:, :, :periods])):
        left = np.maximum(left + position.inbound[:, t, None] - demand, 0)
    return left


def by_period(paths: np.ndarray) -> np.ndarray:
    """Return (H, n, S): the steps of time go through memory in order."""
    return np.ascontiguousarray(np.moveaxis(paths, 2, 0), float)


def chunks(series: int) -> Iterator[slice]:
    """Cut series into runs whose paths stay in the cache."""
    for begin in range(0, series, ROWS_A_CHUNK):
        yield slice(begin, begin + ROWS_A_CHUNK)
