"""The shapes of answers about demand and stock, for the documentation; a test holds them to it."""

from typing import Any, Literal

from pydantic import AwareDatetime, Field

from serving.http.schemas import Problem, Shape
from serving.wire.answers import Chance, MoneyOut, ReasonOut

Day = str


class BookStamp(Shape):
    """By which model, as of when; `stale` says that a newer book is due."""

    model_version: str
    as_of: AwareDatetime
    made_at: AwareDatetime
    stale: bool


class SeriesForecast(Shape):
    """Units of a SKU at a site in each period; quantiles by their probability."""

    sku: str
    site: str
    method: str = Field(description="how it was forecast")
    mean: list[float]
    quantiles: dict[str, list[float]]


class AggregateForecast(Shape):
    """Units of a sum in each period; quantiles by their probability."""

    aggregate: Literal["site", "product_group", "total"]
    key: str
    mean: list[float]
    quantiles: dict[str, list[float]]


class ForecastAnswer(BookStamp):
    """Forecasts of the periods that begin on these days."""

    grain: Literal["day", "week", "month"]
    periods: list[Day]
    forecasts: list[SeriesForecast | AggregateForecast]


class RefusedSeries(Problem):
    """An item that can't be answered: not known, or not as it should be."""

    sku: Any
    site: Any


class QueryAnswer(ForecastAnswer):
    """The good part, in the order asked, and what could not be answered."""

    refused: list[RefusedSeries]


class Expected(Shape):
    """What to expect after the units are placed."""

    demand: float
    sold: float
    leftover: float
    gain: MoneyOut = Field(description="over placing nothing")
    fill_rate: Chance


class AllocatedLocation(Shape):
    """What one site gets, and why."""

    site: str
    units: int
    stock: float
    sale_value: MoneyOut
    leftover_cost: MoneyOut
    placing_cost: MoneyOut
    expected: Expected
    next_unit_worth: MoneyOut | None = Field(description="null where it can take no more")
    why: ReasonOut


class AllocationAnswer(BookStamp):
    """What of a pool goes where."""

    sku: str
    periods: int
    units: int
    placed: int
    kept_back: int
    shadow_price: MoneyOut = Field(description="what one unit more in the pool would bring")
    short_of_reserves: bool
    expected: Expected
    locations: list[AllocatedLocation]


class Ahead(Shape):
    """The stock ahead; lists go with `periods`."""

    runs_out_on: Day | None = Field(description="as likely as not by this period; null beyond")
    safe_until: Day | None = Field(description="the first period by which it is out with 10 %")
    lost_units: float
    fill_rate: Chance
    risk: list[Chance] = Field(description="that demand is lost in the period")
    stock: list[float] = Field(description="units expected at its end")


class Replenished(Shape):
    """What to order of one series."""

    sku: str
    site: str
    order: int
    sold_from: Day
    as_it_is: Ahead
    with_order: Ahead


class ReplenishmentAnswer(BookStamp):
    """What to order, in the order asked, and what could not be answered."""

    grain: Literal["day", "week", "month"]
    periods: list[Day]
    replenishments: list[Replenished]
    refused: list[RefusedSeries]
