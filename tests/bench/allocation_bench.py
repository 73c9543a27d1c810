"""A million series in a hundred thousand pools against the bare bisection on the same tables."""

import numpy as np
from timing import Ratio, in_turns

from models.demand.level_sets import PROBABILITIES
from models.inventory.allocation import Allocation, allocate
from models.inventory.discrete_demand import DiscreteDemand
from models.inventory.locations import Locations

SERIES, POOLS = 1_000_000, 100_000
HALVINGS = 20  # to a hundred-thousandth of the largest value of a sale


def run() -> Ratio:
    """Allocate pools that cover three fifths of demand, with what to expect of every place."""
    rng = np.random.default_rng(7)
    level = rng.gamma(1.0, 20.0, (SERIES, 1))
    drawn = rng.gamma(1.0, level, (SERIES, len(PROBABILITIES))).astype(np.float32)
    places = Locations(
        DiscreteDemand(PROBABILITIES, np.sort(drawn, axis=1)),
        stock=rng.integers(0, 10, SERIES),
        sale_value=rng.uniform(1, 10, SERIES),
        leftover_cost=rng.uniform(0, 2, SERIES),
        placing_cost=rng.uniform(0, 1, SERIES),
        pool=rng.integers(0, POOLS, SERIES),
    )
    pool_units = 0.6 * np.bincount(places.pool, places.demand.mean(), POOLS)

    def ours() -> Allocation:
        return allocate(places, pool_units)

    mine, theirs = in_turns(ours, lambda: _bare(places, pool_units), rounds=2)
    what = f"allocation of {POOLS:,} pools over {SERIES:,} series"
    return Ratio(what, "the bare bisection on prices", min(mine), min(theirs), "s", 2.0)


def _bare(places: Locations, pool_units: np.ndarray) -> np.ndarray:
    p, q = PROBABILITIES, places.demand.quantiles
    row = np.arange(SERIES)
    low, high = np.zeros(POOLS), np.full(POOLS, places.sale_value.max())
    units = np.zeros(SERIES)
    for _ in range(HALVINGS):
        price = (low + high) / 2
        margin = places.sale_value + places.leftover_cost
        cost = price[places.pool] + places.placing_cost + places.leftover_cost
        level = np.clip(1 - cost / margin, p[0], p[-1])
        place = np.clip(np.searchsorted(p, level), 1, len(p) - 1)
        share = (level - p[place - 1]) / (p[place] - p[place - 1])
        wanted = q[row, place - 1] * (1 - share) + q[row, place] * share
        units = np.maximum(np.rint(wanted) - places.stock, 0)
        fits = np.bincount(places.pool, units, POOLS) <= pool_units
        low, high = np.where(fits, low, price), np.where(fits, price, high)
    return units
