"""The places that share pools of stock: what a unit is worth at each, and its limits."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from data.domain import BadInputError
from models.inventory.discrete_demand import DiscreteDemand

Numbers = Any  # one for each row, or one for all; after `whole` an array of (n,)
MIN_MARGIN = 1e-200  # stands for 0 where it is divided by
ROUNDING = 1e-6  # units; a sum of 2.9999999 is 3
MONEY = ("sale_value", "leftover_cost", "placing_cost")


@dataclass(frozen=True)
class Locations:
    """The n places (a SKU at a location or in a channel) that share pools.

    Attributes:
        demand: Of each, over the time that the units are for.
        stock: Whole units on hand and inbound in time; below 0 where units are owed already.
        sale_value: Money that a sale brings, at least 0.
        leftover_cost: Money that a unit costs that is left, at least 0.
        placing_cost: Money that a unit costs on the way, at least 0.
        reserve: Units it gets whatever they are worth: what protects a channel.
        cap: Units it can take at most.
        pool: (n,) the number of the pool that each draws on.
        name: (n,) texts for messages; None for row numbers.
    """

    demand: DiscreteDemand
    stock: Numbers
    sale_value: Numbers
    leftover_cost: Numbers = 0.0
    placing_cost: Numbers = 0.0
    reserve: Numbers = 0
    cap: Numbers = np.inf
    pool: Numbers = 0
    name: Numbers = None

    def __len__(self) -> int:
        return len(self.demand)

    def validated(self) -> Self:
        """Return it with (n,) for every number, checked; raise BadInputError."""
        self.demand.check()
        rows = len(self)
        number = {
            field: np.broadcast_to(np.asarray(getattr(self, field), float), rows)
            for field in (*MONEY, "stock", "reserve", "cap")
        }
        number |= {field: np.floor(number[field] + ROUNDING) for field in ("stock", "cap")}
        number["reserve"] = np.ceil(number["reserve"] - ROUNDING)
        pool = np.broadcast_to(np.asarray(self.pool, np.intp), rows)
        valid = type(self)(self.demand, **number, pool=pool, name=self.name)
        valid._check()
        return valid

    def _check(self) -> None:
        for field in (*MONEY, "reserve", "stock"):
            value = getattr(self, field)
            bad = ~np.isfinite(value) if field == "stock" else ~(np.isfinite(value) & (value >= 0))
            self._refuse(bad, f"{field} is not a number from 0 up", f"Correct its {field}.")
        self._refuse(
            ~(self.cap >= self.reserve),
            "the cap is below the reserve",
            "Raise the cap or lower the reserve.",
        )

    def _refuse(self, bad: np.ndarray, problem: str, cure: str) -> None:
        if bad.any():
            raise BadInputError(self.name_of(int(np.argmax(bad))), problem, cure)

    def take(self, rows: np.ndarray) -> Self:
        """Return some of the places, or some of them several times; only of a `whole` one."""
        fields = ("stock", *MONEY, "reserve", "cap", "pool")
        columns = {field: getattr(self, field)[rows] for field in fields}
        name = None if self.name is None else self.name[rows]
        return type(self)(self.demand.take(rows), **columns, name=name)

    def name_of(self, row: int) -> str:
        """Return what to call one in messages."""
        return f"place {row}" if self.name is None else str(self.name[row])

    def worth(self, units: np.ndarray) -> np.ndarray:
        """Return (n,) money: what the unit of that number (1 is the first placed) is worth."""
        chance = self.demand.chance(self.stock + units)
        return (
            (self.sale_value + self.leftover_cost) * chance
            - self.leftover_cost
            - (self.placing_cost)
        )

    def units_above(self, price: np.ndarray) -> np.ndarray:
        """Return (n,) how many units are worth more than a price of (n,) money each."""
        margin = np.maximum(self.sale_value + self.leftover_cost, MIN_MARGIN)
        chance = (price + self.placing_cost + self.leftover_cost) / margin
        return self.demand.units_above(chance) - self.stock


def checked_pools(locations: Locations, pool_units: np.ndarray | float) -> np.ndarray:
    """Return (m,) whole units in each pool, where the places' pools are among them."""
    units = np.floor(np.atleast_1d(np.asarray(pool_units, float)) + ROUNDING)
    if not (np.isfinite(units) & (units >= 0)).all():
        raise BadInputError("pool_units", "not numbers from 0 up", "Give the units of each pool.")
    pool = np.asarray(locations.pool)
    if len(pool) and not (pool.min() >= 0 and pool.max() < len(units)):
        cure = f"Number the pools from 0 to {len(units) - 1}, or give the units of all."
        raise BadInputError("pool", f"{pool.min()} to {pool.max()} for {len(units)} pools", cure)
    return units


class UnitLimits(NamedTuple):
    """Limits of an allocation.

    Attributes:
        min_units: (n,) for each location.
        max_units: (n,) for each location.
        min_price: (m,) of a unit of each pool.
    """

    min_units: np.ndarray
    max_units: np.ndarray
    min_price: np.ndarray


def limits(locations: Locations, pool_units: np.ndarray) -> UnitLimits:
    """Return the limits of units and prices.

    Where a pool is short of its reserves, they turn from what each gets at least into what it gets
    at most, and all of the pool goes, whatever it is worth.
    """
    pools = len(pool_units)
    short = np.bincount(locations.pool, locations.reserve, pools) > pool_units
    short_here = short[locations.pool]
    min_units = np.where(short_here, 0, locations.reserve)
    max_units = np.minimum(
        np.where(short_here, locations.reserve, locations.cap), pool_units[locations.pool]
    )
    dearest = np.max(locations.leftover_cost + locations.placing_cost, initial=0.0)
    return UnitLimits(min_units, max_units, min_price=np.where(short, -1 - dearest, 0.0))
