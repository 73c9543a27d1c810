"""Order filling: the open orders to fill when the stock of a SKU at a site cannot fill all.

A knapsack: each order takes its units and avoids its loss. With whole orders it is solved exactly
by a table over units where that is small, and by HiGHS where it isn't; where orders can be filled
in part, each unit of an order avoids the same share of its loss, and the best order by loss a
unit is exact.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from data.domain import BadInputError

MAX_TABLE_CELLS = 5_000_000
MAX_SOLVER_SECONDS = 10.0


@dataclass(frozen=True)
class OrderFilling:
    """Filled orders among n.

    Attributes:
        units: (n,) units that each gets.
        avoided: (n,) money of loss that this avoids.
        left: Units of the pool that nobody gets.
    """

    units: np.ndarray
    avoided: np.ndarray
    left: int


def fill_orders(
    order_units: np.ndarray, loss: np.ndarray, pool_units: float, *, in_part: bool = False
) -> OrderFilling:
    """Choose the orders of one SKU and site whose loss, summed, is greatest.

    Args:
        order_units: (n,) whole units asked for, above 0.
        loss: (n,) money lost if the order isn't filled, at least 0.
        pool_units: Units there are.
        in_part: Whether an order may be filled in part.

    Raises:
        BadInputError: Units are not whole numbers above 0, or a loss is missing or negative.
    """
    units, loss = np.asarray(order_units), np.asarray(loss, float)
    _check(units, loss, pool_units)
    units, pool = units.astype(np.int64), int(pool_units + 1e-6)  # a sum of 2.9999999 is 3
    filled = (
        _in_part(units, loss, pool) if in_part else np.where(_whole(units, loss, pool), units, 0)
    )
    return OrderFilling(filled, loss * filled / units, pool - int(filled.sum()))


def _check(units: np.ndarray, loss: np.ndarray, pool_units: float) -> None:
    for what, bad, cure in (
        ("order_units", ~((units > 0) & (units == np.floor(units))), "whole units above 0"),
        ("loss", ~((loss >= 0) & np.isfinite(loss)), "money from 0 up"),
    ):
        if bad.any():
            row = int(np.argmax(bad))
            raise BadInputError(f"order {row}", f"{what} is not valid", f"Give {cure}.")
    if not (np.isfinite(pool_units) and pool_units >= 0):
        raise BadInputError("pool_units", f"{pool_units}", "Give units from 0 up.")


def _in_part(units: np.ndarray, loss: np.ndarray, pool: int) -> np.ndarray:
    filled = np.zeros_like(units)
    order = np.argsort(-loss / units, kind="stable")
    before = np.cumsum(units[order]) - units[order]
    filled[order] = np.clip(pool - before, 0, units[order])
    return filled


def _whole(units: np.ndarray, loss: np.ndarray, pool: int) -> np.ndarray:
    """Return (n,) which orders are filled."""
    if units.sum() <= pool:
        return np.ones(len(units), bool)
    filled = np.zeros(len(units), bool)
    able = np.flatnonzero((units <= pool) & (loss > 0))
    small = len(able) * (pool + 1) <= MAX_TABLE_CELLS
    choose = _by_table if small else _by_highs
    filled[able] = choose(units[able], loss[able], pool)
    # Orders that lose nothing, too, are better filled than not.
    left = pool - units[filled].sum()
    for row in np.flatnonzero(~filled):
        if units[row] <= left:
            filled[row] = True
            left -= units[row]
    return filled


def _by_table(units: np.ndarray, loss: np.ndarray, pool: int) -> np.ndarray:
    best = np.zeros(pool + 1)
    taken = np.zeros((len(units), pool + 1), bool)
    for row, (need, gain) in enumerate(zip(units, loss, strict=True)):
        with_it = best[: pool + 1 - need] + gain
        taken[row, need:] = with_it > best[need:]
        best[need:] = np.maximum(best[need:], with_it)
    filled = np.zeros(len(units), bool)
    left = pool
    for row in range(len(units) - 1, -1, -1):
        filled[row] = taken[row, left]
        left -= units[row] * filled[row]
    return filled


def _by_highs(units: np.ndarray, loss: np.ndarray, pool: int) -> np.ndarray:
    if not len(units):
        return np.zeros(0, bool)
    solution = optimize.milp(
        -loss / loss.max(),
        integrality=np.ones(len(units)),
        bounds=optimize.Bounds(0, 1),
        constraints=optimize.LinearConstraint(units[None, :].astype(float), ub=pool),
        options={"mip_rel_gap": 0, "time_limit": MAX_SOLVER_SECONDS},
    )
    return np.round(solution.x).astype(bool)
