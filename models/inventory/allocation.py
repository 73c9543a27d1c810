"""Allocation of a limited pool of units over locations, by the worth of each unit there.

The k-th unit at a place is worth

    sale_value P(D >= stock + k) - leftover_cost P(D < stock + k) - placing_cost

which only falls with k, so giving each unit where it is worth most is exactly optimal for the
expected value, within reserves and caps. At scale a bisection on the price of a unit first settles
all units that are not close to it; only those that remain are sorted. Packs, minimum orders and
room that SKUs share are another matter: `models.inventory.coupled_allocation`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.inventory.locations import Locations, checked_pools, limits

MAX_UNITS_TO_SORT = 20_000
MAX_HALVINGS = 60


class AllocationOutcome(NamedTuple):
    """Expected result at n locations, or of m pools, after the units are placed."""

    demand: np.ndarray
    """Units, with those owed."""
    sold: np.ndarray
    """Units, with those owed."""
    leftover: np.ndarray
    """Units."""
    gain: np.ndarray
    """Money, over placing nothing."""

    @property
    def fill_rate(self) -> np.ndarray:
        """Share of demand that is met, 0 to 1; 1 where there is none."""
        return np.where(self.demand > 0, self.sold / np.where(self.demand > 0, self.demand, 1), 1.0)


@dataclass(frozen=True)
class Allocation:
    """Units of m pools for n locations.

    Attributes:
        locations: What was shared among, a number in every row.
        units: (n,) whole units for each place.
        by_location: Expectation for each location.
        by_pool: Expectation for the locations of each pool together.
        next_worth: (n,) money that one unit more would be worth there; minus infinity where it
            can take no more.
        shadow_price: (m,) money that one unit more in the pool would bring.
        retained: (m,) units of the pool that are worth more where they are.
        short_of_reserves: (m,) whether the pool didn't cover its reserves; then it was shared
            among them by worth.
    """

    locations: Locations
    units: np.ndarray
    by_location: AllocationOutcome
    by_pool: AllocationOutcome
    next_worth: np.ndarray
    shadow_price: np.ndarray
    retained: np.ndarray
    short_of_reserves: np.ndarray


def allocate(locations: Locations, pool_units: np.ndarray | float) -> Allocation:
    """Share pools so that the expected value is greatest.

    Args:
        locations: The locations that draw on them.
        pool_units: (m,) units in each pool, or one number for a single pool.

    Raises:
        BadInputError: A number is missing or negative, a cap below its reserve, a pool unknown.
    """
    locations = locations.validated()
    pool_units = checked_pools(locations, pool_units)
    return evaluate_allocation(locations, pool_units, _share(locations, pool_units))


def _share(locations: Locations, pool_units: np.ndarray) -> np.ndarray:
    """Settle what is far from the price by bisection, and the rest by sorting."""
    low_units, high_units, low = limits(locations, pool_units)
    pool, pools = locations.pool, len(pool_units)
    high_units = np.clip(locations.units_above(low[pool]), low_units, high_units)
    fits = np.bincount(pool, high_units, pools) <= pool_units
    low_units = np.where(fits[pool], high_units, low_units)
    high = np.full(pools, np.max(locations.sale_value, initial=0.0))
    for _ in range(MAX_HALVINGS):
        if (high_units - low_units).sum() <= max(MAX_UNITS_TO_SORT, len(locations)):
            break
        price = (low + high) / 2
        units = np.clip(locations.units_above(price[pool]), low_units, high_units)
        fits = np.bincount(pool, units, pools) <= pool_units
        low, high = np.where(fits, low, price), np.where(fits, price, high)
        low_units, high_units = (
            np.where(fits[pool], units, low_units),
            np.where(fits[pool], high_units, units),
        )
    return _greedy(locations, pool_units, low_units.astype(np.int64), high_units.astype(np.int64))


def _greedy(
    locations: Locations, pool_units: np.ndarray, low_units: np.ndarray, high_units: np.ndarray
) -> np.ndarray:
    """Place the units between `fewest` and `most` one by one, the worthiest first."""
    open_units = high_units - low_units
    row = np.repeat(np.arange(len(locations)), open_units)
    ends = np.cumsum(open_units)
    number = np.arange(len(row)) - np.repeat(ends - open_units, open_units) + 1
    worth = locations.take(row).worth(low_units[row] + number)
    pool = locations.pool[row]
    order = np.lexsort((-worth, pool))
    begin = np.searchsorted(pool[order], np.arange(len(pool_units)))
    rank = np.arange(len(row)) - begin[pool[order]]
    left = pool_units - np.bincount(locations.pool, low_units, len(pool_units))
    placed = order[rank < left[pool[order]]]
    return low_units + np.bincount(row[placed], minlength=len(locations))


def evaluate_allocation(
    locations: Locations, pool_units: np.ndarray, units: np.ndarray
) -> Allocation:
    """Say what to expect of units placed, however they were chosen."""
    pools = len(pool_units)
    by_location = _outcome(locations, units)
    by_pool = AllocationOutcome(
        *(np.bincount(locations.pool, column, pools) for column in by_location)
    )
    short = np.bincount(locations.pool, locations.reserve, pools) > pool_units
    max_units = np.where(short[locations.pool], locations.reserve, locations.cap)
    next_worth = np.where(units < max_units, locations.worth(units + 1), -np.inf)
    shadow_price = np.zeros(pools)
    np.maximum.at(shadow_price, locations.pool, next_worth)
    retained = pool_units - np.bincount(locations.pool, units, pools)
    return Allocation(
        locations=locations,
        units=units,
        by_location=by_location,
        by_pool=by_pool,
        next_worth=next_worth,
        shadow_price=shadow_price,
        retained=retained,
        short_of_reserves=short,
    )


def _outcome(locations: Locations, units: np.ndarray) -> AllocationOutcome:
    owed = np.maximum(-locations.stock, 0)
    after = locations.stock + units
    stock = np.stack([locations.stock, after, np.full(len(locations), np.inf)])
    before, sold, demand = locations.demand.expected_sold(stock)
    more = sold - before
    gain = locations.sale_value * more - locations.leftover_cost * (units - more)
    gain = gain - locations.placing_cost * units
    return AllocationOutcome(demand + owed, sold + owed, after - sold, gain)
