"""Orders as the API shows them: units, run-out dates, risk at each date."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict

from models.demand.sample_paths import sample_paths
from models.forecast_book.book import Book
from models.inventory.projection import Projection, StockPosition
from models.inventory.replenishment import Replenishment, replenish
from serving.demand.selection import RefusedSeriesOut
from serving.forecast_book import BookStampOut
from serving.inventory.replenish import OrderableSeries
from serving.wire.answers import Chance, Day, Numbers, closed

PATHS, SEED = 400, 7
SERIES_AT_ONCE = 128
DECIMALS = 4


@closed
class StockAheadOut(TypedDict):
    """The stock ahead; lists go with `periods`."""

    runs_out_on: Annotated[
        Day | None, Field(description="as likely as not by this period; null beyond")
    ]
    safe_until: Annotated[
        Day | None, Field(description="the first period by which it is out with 10 %")
    ]
    lost_units: float
    fill_rate: Chance
    risk: Annotated[Numbers, Field(description="that demand is lost in the period")]
    stock: Annotated[Numbers, Field(description="units expected at its end")]


@closed
class ReplenishedOut(TypedDict):
    """Order of one series, and its stock ahead."""

    sku: str
    site: str
    order: int
    sold_from: Day
    as_it_is: StockAheadOut
    with_order: StockAheadOut


@closed
class ReplenishmentHeadOut(BookStampOut):
    """Head of an answer with orders: the periods, and the refused series."""

    grain: Annotated[str, Field(description="length of a period: day, week, 28 days, ...")]
    periods: list[Day]
    period_ends: Annotated[list[Day], Field(description="the last day of each period")]
    refused: list[RefusedSeriesOut]
    stock_unknown: Annotated[
        int, Field(description="series left out as their stock is not known; 0 if series are named")
    ]


@closed
class ReplenishmentsOut(ReplenishmentHeadOut):
    """Orders in the order of the request, and the refused series."""

    replenishments: list[ReplenishedOut]


def order_views(whole: OrderableSeries, part: Sequence[int]) -> list[ReplenishedOut]:
    """Return what to order for some of the series; numbers stay arrays, for `dumped`."""
    book, positions = whole.used.book, np.asarray(part, np.intp)
    rows = whole.rows[positions]
    paths = sample_paths(book.forecast, rows, PATHS, SEED)
    owed = np.maximum(-whole.on_hand[positions], 0)
    paths[:, :, 0] += owed[:, None]  # what is owed already is asked for first
    inbound = np.nan_to_num(book.stock.inbound[rows]).astype(float)
    for position, row in enumerate(part):
        if row in whole.inbound:
            units = whole.inbound[row][: inbound.shape[1]]
            inbound[position] = np.pad(units, (0, inbound.shape[1] - len(units)))
    shelf = StockPosition(np.maximum(whole.on_hand[positions], 0), inbound)
    replenishment = replenish(paths, shelf, whole.terms.take(positions))
    return [
        _view(book, whole.used.dates, replenishment, position=position, row=row)
        for position, row in enumerate(rows)
    ]


def _view(
    book: Book, dates: list[str], replenishment: Replenishment, *, position: int, row: int
) -> ReplenishedOut:
    return {
        "sku": book.forecast.sku[row],
        "site": book.forecast.site[row],
        "order": int(replenishment.order[position]),
        "sold_from": dates[int(replenishment.arrives[position])],
        "as_it_is": _ahead(replenishment.as_it_is, position, dates),
        "with_order": _ahead(replenishment.with_order, position, dates),
    }


def _ahead(projection: Projection, position: int, dates: list[str]) -> StockAheadOut:
    """Return the stock ahead of one series: its run-out date, and the risk at each date."""
    median, early = (int(projection.runs_out(chance)[position]) for chance in (0.5, 0.1))
    return {
        "runs_out_on": dates[median] if median < len(dates) else None,
        "safe_until": dates[early] if early < len(dates) else None,
        "lost_units": round(float(projection.lost[position].sum()), 2),
        "fill_rate": round(float(projection.fill_rate[position]), DECIMALS),
        "risk": np.round(projection.risk[position], DECIMALS),
        "stock": np.round(projection.stock[position], 2),
    }
