"""What callers may ask about demand and stock. Checked here, once; inside it may be trusted."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from models.demand.level_sets import PROBABILITIES
from serving.wire.exception_in import Money, Name, Units

LOWEST, HIGHEST = float(PROBABILITIES[0]), float(PROBABILITIES[-1])
MOST_OWED, MOST_LOCATIONS, MOST_QUANTILES = 10_000, 2_000, 50

Kind = Literal["site", "product_group", "total"]
Count = Annotated[int, Field(ge=1, le=10_000)]
Pack = Annotated[int, Field(ge=1, le=1_000_000)]
Fewest = Annotated[float, Field(ge=0, le=1e9)]
Stock = Annotated[float, Field(ge=-MOST_OWED, le=1e12)]
Probability = Annotated[float, Field(ge=LOWEST, le=HIGHEST)]
Quantiles = Annotated[list[Probability], Field(min_length=1, max_length=MOST_QUANTILES)]
Level = Annotated[float, Field(gt=0, lt=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class SeriesIn(_Part):
    """A SKU at a site; without a site at all of its sites."""

    sku: Name
    site: Name | None = None


class QueryIn(_Part):
    """Which forecasts are asked for; without `series` all."""

    series: list[Any] | None = Field(
        default=None, json_schema_extra={"items": {"$ref": "#/components/schemas/SeriesIn"}}
    )
    horizon: Count | None = None
    quantiles: Quantiles | None = None


class UnitTermsIn(_Part):
    """How a unit counts; what is left out is as the book or the policy has it."""

    sale_value: Money | None = Field(default=None, description="that a sale brings")
    leftover_cost: Money | None = Field(default=None, description="of a unit that is not sold")
    placing_cost: Money | None = Field(default=None, description="of a unit on its way; else 0")


class LocationIn(UnitTermsIn):
    """A site that draws on the pool."""

    site: Name
    stock: Stock | None = Field(default=None, description="on hand, and inbound in time")
    reserve: Fewest = Field(default=0, description="units it gets whatever they are worth")
    cap: Fewest | None = Field(default=None, description="units it can take at most")
    pack_size: Pack = 1
    min_order: Fewest = 0


class AllocationIn(UnitTermsIn):
    """A pool of units of a SKU; without `locations` for all sites of it."""

    sku: Name
    units: Fewest
    periods: Count | None = Field(default=None, description="to be covered; else all forecast")
    locations: (
        Annotated[list[LocationIn], Field(min_length=1, max_length=MOST_LOCATIONS)] | None
    ) = None


class OrderTermsIn(_Part):
    """How is ordered; what is left out is as the book or the policy has it.

    With `service_level`, the chance that nothing is lost until the next order comes, costs don't
    count.
    """

    lead_periods: Count | None = Field(
        default=None, description="an order decided now can be sold from the period of that number"
    )
    holding_cost: Money | None = Field(default=None, description="of a unit left, a period")
    shortage_cost: Money | None = Field(default=None, description="of a unit of lost demand")
    service_level: Level | None = None
    pack_size: Pack | None = None
    min_order: Fewest | None = None


class ReplenishedIn(OrderTermsIn, SeriesIn):
    """A series that may be ordered, with what is its own."""

    on_hand: Stock | None = None
    inbound: Annotated[list[Units], Field(max_length=10_000)] | None = Field(
        default=None, description="units that can be sold from the next period, the one after, ..."
    )


class ReplenishmentIn(OrderTermsIn):
    """What is to be ordered; without `series` all whose stock is known."""

    series: list[Any] | None = Field(
        default=None, json_schema_extra={"items": {"$ref": "#/components/schemas/ReplenishedIn"}}
    )
    review_periods: Count = Field(default=1, description="from one order to the next")


SERIES = TypeAdapter(SeriesIn)
QUERY = TypeAdapter(QueryIn)
ALLOCATION = TypeAdapter(AllocationIn)
REPLENISHED = TypeAdapter(ReplenishedIn)
REPLENISHMENT = TypeAdapter(ReplenishmentIn)
