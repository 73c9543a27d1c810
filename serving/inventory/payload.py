"""Payloads of allocations and replenishments. They are checked here, once."""

from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from data.domain import MAX_QUANTITY
from serving.demand.payload import Count, SeriesIn
from serving.http.openapi import register
from serving.wire.fields import Money, Name, RequestPart, Units

MAX_UNITS_OWED, MAX_LOCATIONS = 10_000, 2_000

Pack = Annotated[int, Field(ge=1, le=1_000_000)]
AtLeastZero = Annotated[float, Field(ge=0, le=1e9)]
Stock = Annotated[float, Field(ge=-MAX_UNITS_OWED, le=MAX_QUANTITY)]
ServiceLevel = Annotated[float, Field(gt=0, lt=1)]


class UnitTermsIn(RequestPart):
    """Value and costs of a unit; a missing one is taken from the book or the policy."""

    sale_value: Money | None = Field(default=None, description="that a sale brings")
    leftover_cost: Money | None = Field(default=None, description="of a unit that is not sold")
    placing_cost: Money | None = Field(default=None, description="of a unit on its way; else 0")


class LocationIn(UnitTermsIn):
    """A site that draws on the pool."""

    site: Name
    stock: Stock | None = Field(default=None, description="on hand, and inbound in time")
    reserve: AtLeastZero = Field(default=0, description="units it always gets, at any value")
    cap: AtLeastZero | None = Field(default=None, description="units it can take at most")
    pack_size: Pack = 1
    min_order: AtLeastZero = 0


class AllocationIn(UnitTermsIn):
    """A pool of units of a SKU; without `locations` for all sites of it."""

    sku: Name
    units: AtLeastZero
    periods: Count | None = Field(default=None, description="to be covered; else all forecast")
    locations: Annotated[list[LocationIn], Field(min_length=1, max_length=MAX_LOCATIONS)] | None = (
        None
    )


class OrderTermsIn(RequestPart):
    """Terms of an order; a missing one is taken from the book or the policy.

    With `service_level`, the chance that nothing is lost until the next order comes, costs don't
    count.
    """

    lead_periods: Count | None = Field(
        default=None, description="an order decided now can be sold from the period of that number"
    )
    holding_cost: Money | None = Field(default=None, description="of a unit left, a period")
    shortage_cost: Money | None = Field(default=None, description="of a unit of lost demand")
    service_level: ServiceLevel | None = None
    pack_size: Pack | None = None
    min_order: AtLeastZero | None = None


class ReplenishedIn(OrderTermsIn, SeriesIn):
    """A series that may be ordered, with what is its own."""

    on_hand: Stock | None = None
    inbound: Annotated[list[Units], Field(max_length=10_000)] | None = Field(
        default=None, description="units that can be sold from the next period, the one after, ..."
    )


class ReplenishmentIn(OrderTermsIn):
    """Request for orders; without `series` for all series whose stock is known."""

    series: list[Any] | None = Field(
        default=None, json_schema_extra={"items": {"$ref": "#/components/schemas/ReplenishedIn"}}
    )
    review_periods: Count = Field(default=1, description="from one order to the next")


ALLOCATION = TypeAdapter(AllocationIn)
REPLENISHED = TypeAdapter(ReplenishedIn)
register(ReplenishedIn)  # a replenishment names it by reference
REPLENISHMENT = TypeAdapter(ReplenishmentIn)

_EURO = {"currency": "EUR"}
ALLOCATION_EXAMPLE: dict[str, Any] = {
    "sku": "A-00001",
    "units": 120,
    "periods": 2,
    "locations": [
        {"site": "north", "reserve": 10, "sale_value": {"amount": "7.90", **_EURO}},
        {"site": "south", "stock": 4, "cap": 80, "pack_size": 6},
    ],
}
REPLENISHMENT_EXAMPLE: dict[str, Any] = {
    "series": [{"sku": "A-00001", "site": "north", "on_hand": 12, "pack_size": 6}, {"sku": "B-7"}],
    "lead_periods": 2,
    "service_level": 0.95,
}
_COSTS: dict[str, Any] = {
    "lead_periods": 2,
    "holding_cost": {"amount": "0.20", **_EURO},
    "shortage_cost": {"amount": "1.00", **_EURO},
}
ALLOCATION_EXAMPLES: dict[str, Any] = {
    "locations": {"summary": "Some sites, with their limits", "value": ALLOCATION_EXAMPLE},
    "everywhere": {
        "summary": "All sites, as the book has them",
        "value": {"sku": "A-00001", "units": 40},
    },
}
REPLENISHMENT_EXAMPLES: dict[str, Any] = {
    "service_level": {
        "summary": "Some series, by service level",
        "value": REPLENISHMENT_EXAMPLE,
    },
    "costs": {"summary": "All series, by costs", "value": _COSTS},
}
