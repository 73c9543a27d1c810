"""What goes where: a limited pool of units shared over places, by what each unit is worth there.

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

FEW_CANDIDATES = 20_000
MOST_HALVINGS = 60


class AllocationOutcome(NamedTuple):
    """What is expected of n places, or of m pools, after the units are placed."""

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
    """Who gets how many of m pools, for n places.

    Attributes:
        places: What was asked, a number in every row.
        units: (n,) whole units for each place.
        place: What to expect of each place.
        pool: What to expect of each pool's places together.
        next_worth: (n,) money that one unit more would be worth there; minus infinity where it
            can take no more.
        shadow_price: (m,) money that one unit more in the pool would bring.
        kept_back: (m,) units of the pool that are worth more where they are.
        short_of_reserves: (m,) whether the pool didn't cover its reserves; then it was shared
            among them by worth.
    """

    places: Locations
    units: np.ndarray
    place: AllocationOutcome
    pool: AllocationOutcome
    next_worth: np.ndarray
    shadow_price: np.ndarray
    kept_back: np.ndarray
    short_of_reserves: np.ndarray


def allocate(places: Locations, pool_units: np.ndarray | float) -> Allocation:
    """Share pools so that the expected value is greatest.

    Args:
        places: Who draws on them.
        pool_units: (m,) units in each pool, or one number for a single pool.

    Raises:
        BadInputError: A number is missing or negative, a cap below its reserve, a pool unknown.
    """
    places = places.whole()
    pool_units = checked_pools(places, pool_units)
    return judged(places, pool_units, _share(places, pool_units))


def _share(places: Locations, pool_units: np.ndarray) -> np.ndarray:
    """Settle what is far from the price by bisection, and the rest by sorting."""
    fewest, most, low = limits(places, pool_units)
    pool, pools = places.pool, len(pool_units)
    most = np.clip(places.wanted(low[pool]), fewest, most)
    fits = np.bincount(pool, most, pools) <= pool_units
    fewest = np.where(fits[pool], most, fewest)
    high = np.full(pools, np.max(places.sale_value, initial=0.0))
    for _ in range(MOST_HALVINGS):
        if (most - fewest).sum() <= max(FEW_CANDIDATES, len(places)):
            break
        price = (low + high) / 2
        wanted = np.clip(places.wanted(price[pool]), fewest, most)
        fits = np.bincount(pool, wanted, pools) <= pool_units
        low, high = np.where(fits, low, price), np.where(fits, price, high)
        fewest, most = np.where(fits[pool], wanted, fewest), np.where(fits[pool], most, wanted)
    return _greedy(places, pool_units, fewest.astype(np.int64), most.astype(np.int64))


def _greedy(
    places: Locations, pool_units: np.ndarray, fewest: np.ndarray, most: np.ndarray
) -> np.ndarray:
    """Place the units between `fewest` and `most` one by one, the worthiest first."""
    open_units = most - fewest
    row = np.repeat(np.arange(len(places)), open_units)
    ends = np.cumsum(open_units)
    number = np.arange(len(row)) - np.repeat(ends - open_units, open_units) + 1
    worth = places.take(row).worth(fewest[row] + number)
    pool = places.pool[row]
    order = np.lexsort((-worth, pool))
    begin = np.searchsorted(pool[order], np.arange(len(pool_units)))
    rank = np.arange(len(row)) - begin[pool[order]]
    left = pool_units - np.bincount(places.pool, fewest, len(pool_units))
    given = order[rank < left[pool[order]]]
    return fewest + np.bincount(row[given], minlength=len(places))


def judged(places: Locations, pool_units: np.ndarray, units: np.ndarray) -> Allocation:
    """Say what to expect of units placed, however they were chosen."""
    pools = len(pool_units)
    place = _outcome(places, units)
    together = AllocationOutcome(*(np.bincount(places.pool, column, pools) for column in place))
    short = np.bincount(places.pool, places.reserve, pools) > pool_units
    most = np.where(short[places.pool], places.reserve, places.cap)
    next_worth = np.where(units < most, places.worth(units + 1), -np.inf)
    price = np.zeros(pools)
    np.maximum.at(price, places.pool, next_worth)
    kept = pool_units - np.bincount(places.pool, units, pools)
    return Allocation(places, units, place, together, next_worth, price, kept, short)


def _outcome(places: Locations, units: np.ndarray) -> AllocationOutcome:
    owed = np.maximum(-places.stock, 0)
    after = places.stock + units
    stock = np.stack([places.stock, after, np.full(len(places), np.inf)])
    before, sold, demand = places.demand.expected_sold(stock)
    more = sold - before
    gain = places.sale_value * more - places.leftover_cost * (units - more)
    gain = gain - places.placing_cost * units
    return AllocationOutcome(demand + owed, sold + owed, after - sold, gain)
