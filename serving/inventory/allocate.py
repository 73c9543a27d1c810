"""A pool of units shared among the sites of a SKU, by the forecasts of the book. No HTTP in it."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict

from data.domain import BadInputError, NotFoundError
from data.policy.policy import Policy
from models.demand.sample_paths import sample_paths
from models.forecast_book.book import Book
from models.inventory.allocation import Allocation, AllocationOutcome, allocate
from models.inventory.allocation_reasons import Margin, reason
from models.inventory.allocation_reasons import margins as edges
from models.inventory.coupled_allocation import Coupling, allocate_coupled
from models.inventory.discrete_demand import DiscreteDemand
from models.inventory.locations import Locations
from serving.demand.selection import rows_of
from serving.forecast_book import BookStampOut
from serving.inventory.economics import amount, holding_costs, margins
from serving.inventory.payload import AllocationIn, LocationIn
from serving.wire.answers import Chance, MoneyOut, ReasonOut, closed
from serving.wire.errors import BadPayloadError, Flaw
from serving.wire.formats import money

PATHS, SEED = 400, 7
UNIT_DECIMALS = 2


@closed
class AllocationOutcomeOut(TypedDict):
    """Expected outcome after the units are placed."""

    demand: float
    sold: float
    leftover: float
    gain: Annotated[MoneyOut, Field(description="over placing nothing")]
    fill_rate: Chance


@closed
class AllocatedLocationOut(TypedDict):
    """Units that one site gets, and the reason."""

    site: str
    units: int
    stock: float
    sale_value: MoneyOut
    leftover_cost: MoneyOut
    placing_cost: MoneyOut
    expected: AllocationOutcomeOut
    next_unit_worth: Annotated[MoneyOut | None, Field(description="null where it can take no more")]
    why: ReasonOut


@closed
class SharedPoolOut(TypedDict):
    """A pool of units shared among sites."""

    sku: str
    periods: int
    units: int
    placed: int
    kept_back: int
    shadow_price: Annotated[
        MoneyOut, Field(description="what one unit more in the pool would bring")
    ]
    short_of_reserves: bool
    expected: AllocationOutcomeOut
    locations: list[AllocatedLocationOut]


@closed
class AllocationOut(BookStampOut, SharedPoolOut):
    """Allocation of a pool to sites, and the book it rests on."""


def allocated(book: Book, request: AllocationIn, policy: Policy) -> SharedPoolOut:
    """Share a pool and say what that does, place by place.

    Raises:
        NotFoundError: There is no forecast of the SKU.
        BadPayloadError: A location is unknown or named twice, money has no rate, ...
    """
    locations = request.locations or [
        LocationIn(site=book.forecast.site[row]) for row in rows_of(book, request.sku, None)
    ]
    rows = _rows(book, request, locations)
    periods = request.periods or book.forecast.horizon
    if periods > book.forecast.horizon:
        flaw = f"the forecasts reach {book.forecast.horizon} periods"
        raise BadPayloadError([Flaw("/periods", flaw)])
    model_locations = _model_locations(book, request, locations, rows, policy=policy)
    return _answer(_shared(model_locations, request, locations), request, policy.currency, periods)


def _rows(book: Book, request: AllocationIn, locations: Sequence[LocationIn]) -> np.ndarray:
    if not book.rows(request.sku):
        raise NotFoundError("forecast of", request.sku)
    rows = [book.row(request.sku, location.site) for location in locations]
    flaws = [
        Flaw(
            f"/locations/{position}/site",
            f"there is no forecast of {request.sku} at {location.site}",
        )
        for position, (row, location) in enumerate(zip(rows, locations, strict=True))
        if row is None
    ]
    flaws += [
        Flaw(f"/locations/{position}/site", "is named twice")
        for position, row in enumerate(rows)
        if row is not None and row in rows[:position]
    ]
    if flaws:
        raise BadPayloadError(flaws)
    return np.array(rows, np.intp)


def _model_locations(
    book: Book,
    request: AllocationIn,
    locations: Sequence[LocationIn],
    rows: np.ndarray,
    *,
    policy: Policy,
) -> Locations:
    periods = request.periods or book.forecast.horizon
    paths = sample_paths(book.forecast, rows, PATHS, SEED)[:, :, :periods]
    available = np.nan_to_num(book.stock.on_hand[rows])
    available = available + np.nan_to_num(book.stock.inbound[rows, :periods]).sum(1)
    defaults = {
        "sale_value": margins(book, rows, policy),
        "leftover_cost": holding_costs(book, rows, policy, periods),
        "placing_cost": np.zeros(len(rows)),
    }
    return Locations(
        demand=DiscreteDemand.from_samples(paths.sum(2)),
        stock=np.array(
            [_or(x.stock, own) for x, own in zip(locations, available, strict=True)], float
        ),
        reserve=np.array([x.reserve for x in locations], float),
        cap=np.array([_or(x.cap, np.inf) for x in locations], float),
        name=np.array([x.site for x in locations], object),
        **{
            name: _money(name, request, locations, own, policy=policy)
            for name, own in defaults.items()
        },
    )


def _money(
    name: str,
    request: AllocationIn,
    locations: Sequence[LocationIn],
    defaults: np.ndarray,
    *,
    policy: Policy,
) -> np.ndarray:
    """Return (n,) amounts: the location's own, else that for all, else the default."""
    own = [getattr(location, name) for location in locations]
    general = amount(getattr(request, name), policy, f"/{name}")
    return np.array(
        [
            _or(_or(amount(value, policy, f"/locations/{position}/{name}"), general), usual)
            for position, (value, usual) in enumerate(zip(own, defaults, strict=True))
        ],
        float,
    )


def _or(value: float | None, otherwise: float | None) -> float | None:
    return otherwise if value is None else value


def _shared(
    model_locations: Locations, request: AllocationIn, locations: Sequence[LocationIn]
) -> Allocation:
    pack = np.array([location.pack_size for location in locations])
    least = np.array([location.min_order for location in locations])
    try:
        if (pack > 1).any() or (least > 0).any():
            return allocate_coupled(
                model_locations, request.units, Coupling(pack=pack, min_units=least)
            )
        return allocate(model_locations, request.units)
    except BadInputError as error:
        pointers = {location.site: f"/locations/{i}" for i, location in enumerate(locations)}
        detail = f"{error.problem}. {error.cure}"
        raise BadPayloadError([Flaw(pointers.get(error.where, ""), detail)]) from error


def _answer(
    allocation: Allocation, request: AllocationIn, currency: str, periods: int
) -> SharedPoolOut:
    kept_back = int(allocation.retained[0])
    return {
        "sku": request.sku,
        "periods": periods,
        "units": int(request.units),
        "placed": int(allocation.units.sum()),
        "kept_back": kept_back,
        "shadow_price": money(float(allocation.shadow_price[0]), currency),
        "short_of_reserves": bool(allocation.short_of_reserves[0]),
        "expected": _outcome(allocation.by_pool, 0, currency),
        "locations": [
            {
                "site": edge.name,
                "units": edge.units,
                "stock": float(allocation.locations.stock[row]),
                "sale_value": money(float(allocation.locations.sale_value[row]), currency),
                "leftover_cost": money(float(allocation.locations.leftover_cost[row]), currency),
                "placing_cost": money(float(allocation.locations.placing_cost[row]), currency),
                "expected": _outcome(allocation.by_location, row, currency),
                "next_unit_worth": money(edge.next_worth, currency)
                if np.isfinite(edge.next_worth)
                else None,
                "why": _reason(edge, currency),
            }
            for row, edge in enumerate(edges(allocation))
        ],
    }


def _reason(edge: Margin, currency: str) -> ReasonOut:
    code, text = reason(edge, currency)
    return {"code": code, "text": text}


def _outcome(outcome: AllocationOutcome, row: int, currency: str) -> AllocationOutcomeOut:
    return {
        "demand": _units(outcome.demand, row),
        "sold": _units(outcome.sold, row),
        "leftover": _units(outcome.leftover, row),
        "gain": money(float(outcome.gain[row]), currency),
        "fill_rate": round(float(outcome.fill_rate[row]), 4),
    }


def _units(units: np.ndarray, row: int) -> float:
    return round(float(units[row]), UNIT_DECIMALS)
