"""Columns of stock, demand and what is planned for it."""

# Time, Text and YesNo are dtype objects, which pandera reads from the annotations at run time.
# pyright: reportInvalidTypeForm=false

from pandera.typing.pandas import Series

from data.contract.column_types import (
    AS_WRITTEN,
    BaseTable,
    Field,
    Text,
    Time,
    YesNo,
    ZonedTable,
    currency,
    optional,
)
from data.domain import MAX_AMOUNT, MAX_QUANTITY

FIRST_DAY = "first day of the period, as written: no time zone shifts it"


class StockTable(ZonedTable):
    """One SKU at one site at one moment."""

    sku: Series[Text] = Field()
    site: Series[Text] = Field()
    counted_at: Series[Time] = Field()
    on_hand: Series[float] = Field(
        description="units; below 0 is oversold", ge=-MAX_QUANTITY, le=MAX_QUANTITY
    )
    inbound: Series[float] = optional(ge=0, description="units on the way", le=MAX_QUANTITY)
    inbound_at: Series[Time] = optional()
    in_stock: Series[YesNo] = optional()


class DemandTable(BaseTable):
    """One SKU, site and period. Built from `order_lines` where a source does not give it."""

    sku: Series[Text] = Field()
    site: Series[Text] = Field()
    period_start: Series[Time] = Field(metadata=AS_WRITTEN, description=FIRST_DAY)
    units: Series[float] = Field(ge=0, le=MAX_QUANTITY)
    in_stock_share: Series[float] = optional(ge=0, le=1)
    price: Series[float] = optional(ge=0, le=MAX_AMOUNT)
    currency: Series[Text] = currency("of the price, ISO 4217; the company's if empty")
    promotion: Series[float] = optional(ge=-MAX_AMOUNT, le=MAX_AMOUNT)


class Plans(BaseTable):
    """Plan for one SKU, site and period: the latest plan that was recorded counts."""

    sku: Series[Text] = Field()
    site: Series[Text] = Field()
    period_start: Series[Time] = Field(metadata=AS_WRITTEN, description=FIRST_DAY)
    price: Series[float] = optional(ge=0, le=MAX_AMOUNT)
    currency: Series[Text] = currency("of the price, ISO 4217; the company's if empty")
    promotion: Series[float] = optional(ge=-MAX_AMOUNT, le=MAX_AMOUNT)
