"""Reasons for the units of each location, in words and money."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.inventory.allocation import Allocation
from models.wording import Reason, money, percent


@dataclass(frozen=True)
class Margin:
    """One place at the edge of what it gets.

    Attributes:
        name: Of the place.
        units: It gets.
        reserve: Units it is owed by rule.
        cap: Units it can take at most.
        chance: That its last unit sells, 0 to 1.
        worth: Money, of its last unit.
        next_chance: That one unit more would sell.
        next_worth: Money, of one unit more.
        rival: Which other place would make most of one unit more; None where none can.
        rival_worth: Money that it would make of it.
        holder: Which place makes least of a unit that it has beyond its reserve; None where none
            has any.
        holder_worth: Money that it makes of it.
        short: Whether the pool doesn't cover its reserves.
        used_up: Whether nothing of the pool is kept back.
    """

    name: str
    units: int
    reserve: int
    cap: float
    chance: float
    worth: float
    next_chance: float
    next_worth: float
    rival: str | None
    rival_worth: float
    holder: str | None
    holder_worth: float
    short: bool
    used_up: bool


def margins(allocation: Allocation) -> list[Margin]:
    """Return the edge of every place, in their order."""
    locations, units, pool = allocation.locations, allocation.units, allocation.locations.pool
    chance = locations.demand.chance(locations.stock + units)
    worth = locations.worth(units)
    next_chance = locations.demand.chance(locations.stock + units + 1)
    best, second = _best_two(pool, allocation.next_worth, len(allocation.retained))
    spare = np.where(units > locations.reserve, -worth, -np.inf)
    holder = _best_two(pool, spare, len(allocation.retained)).best[pool]
    rival = np.where(best[pool] == np.arange(len(locations)), second[pool], best[pool])
    return [
        Margin(
            name=locations.name_of(row),
            units=int(units[row]),
            reserve=int(locations.reserve[row]),
            cap=float(locations.cap[row]),
            chance=float(chance[row]),
            worth=float(worth[row]),
            next_chance=float(next_chance[row]),
            next_worth=float(allocation.next_worth[row]),
            rival=locations.name_of(other) if other >= 0 else None,
            rival_worth=float(allocation.next_worth[other]) if other >= 0 else -np.inf,
            holder=locations.name_of(holder[row]) if holder[row] >= 0 else None,
            holder_worth=float(worth[holder[row]]) if holder[row] >= 0 else np.inf,
            short=bool(allocation.short_of_reserves[pool[row]]),
            used_up=bool(allocation.retained[pool[row]] < 1),
        )
        for row, other in enumerate(rival)
    ]


class BestTwo(NamedTuple):
    """(m,) rows of the best and the second best location of each pool, -1 where there is none."""

    best: np.ndarray
    second: np.ndarray


def _best_two(pool: np.ndarray, worth: np.ndarray, pools: int) -> BestTwo:
    order = np.lexsort((-worth, pool))
    begin = np.searchsorted(pool[order], np.arange(pools + 1))
    best = []
    for rank in (0, 1):
        position = begin[:-1] + rank
        there = position < begin[1:]
        row = order[np.where(there, position, 0)] if len(order) else np.zeros(pools, int)
        best.append(np.where(there & np.isfinite(worth[row]), row, -1) if len(order) else row - 1)
    return BestTwo(*best)


def reason(margin: Margin, currency: str) -> Reason:
    """Return why it gets so many.

    >>> edge = Margin(
    ...     name="York", units=12, reserve=0, cap=99, chance=0.6, worth=4.2, next_chance=0.5,
    ...     next_worth=3.8, rival="Leeds", rival_worth=3.9, holder="York", holder_worth=4.2,
    ...     short=False, used_up=True,
    ... )
    >>> print(reason(edge, "EUR").text)
    The 12th unit sells with 60 %: worth EUR 4.20, more than the EUR 3.90 that Leeds would make.
    """
    for special in (_of_reserve(margin, currency), _of_nothing(margin, currency)):
        if special is not None:
            return special
    last = _last(margin, currency)
    if margin.units >= margin.cap:
        return Reason("cap", f"{last}. It can take no more than {margin.units}.")
    if margin.used_up and margin.rival is not None and 0 < margin.rival_worth <= margin.worth:
        other = f"the {money(margin.rival_worth, currency)} that {margin.rival} would make"
        than = "as much as" if margin.rival_worth == margin.worth else "more than"
        return Reason("worth_more", f"{last}, {than} {other}.")
    if margin.next_worth <= 0:
        more = f"One more would sell with {percent(margin.next_chance)} and not pay"
        return Reason("enough", f"{last}. {more}.")
    return Reason("pool_used_up", f"{last}. The pool gives no more.")


def _of_reserve(margin: Margin, currency: str) -> Reason | None:
    if margin.short:
        text = "The pool does not cover its reserves and is shared by what they are worth"
        share = f": {margin.units} of {margin.reserve}" if margin.reserve else ""
        return Reason("short_of_reserves", f"{text}{share}.")
    if margin.units == margin.reserve > 0 and margin.worth < max(margin.rival_worth, 0):
        return Reason("reserve", f"Its reserve of {margin.reserve}. {_last(margin, currency)}.")
    return None


def _of_nothing(margin: Margin, currency: str) -> Reason | None:
    if margin.units:
        return None
    if margin.cap < 1:
        return Reason("cap", "It can take none.")
    first = f"The first unit would sell with {percent(margin.next_chance)}"
    if margin.next_worth <= 0:
        return Reason("not_worth_it", f"{first}: not worth sending.")
    worth = money(margin.next_worth, currency)
    if margin.holder is None or margin.holder_worth <= margin.next_worth:
        return Reason("pool_used_up", f"{first}: worth {worth}. The pool has none left for it.")
    other = f"the {money(margin.holder_worth, currency)} that {margin.holder} makes of its last"
    return Reason("worth_less", f"{first}: worth {worth}, less than {other}.")


def _last(margin: Margin, currency: str) -> str:
    number = _ordinal(margin.units)
    sells = f"The {number} unit sells with {percent(margin.chance)}"
    if margin.worth < 0:
        return f"{sells}: it loses {money(-margin.worth, currency)}"
    return f"{sells}: worth {money(margin.worth, currency)}"


def _ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th, ... 11th.

    >>> [_ordinal(number) for number in (1, 2, 11, 12, 23)]
    ['1st', '2nd', '11th', '12th', '23rd']
    """
    teen = 10 < number % 100 < 20
    return f"{number:,}" + ("th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th"))
