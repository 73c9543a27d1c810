"""Columns of what orders and demand refer to: products, sites, exchange rates."""

# Time and Text are dtype objects, which pandera reads from the annotations at run time.
# pyright: reportInvalidTypeForm=false

from pandera.typing.pandas import Series

from data.contract.column_types import (
    CODE,
    AttributesTable,
    BaseTable,
    Field,
    Text,
    Time,
    ZonedTable,
    currency,
    optional,
)
from data.domain import MAX_AMOUNT, MAX_QUANTITY


class Products(AttributesTable):
    """One SKU."""

    sku: Series[Text] = Field()
    department_group: Series[Text] = optional(description="the widest level of the hierarchy")
    department: Series[Text] = optional()
    category: Series[Text] = optional()
    product_group: Series[Text] = optional(description="the narrowest level of the hierarchy")
    cost: Series[float] = optional(ge=0, le=MAX_AMOUNT)
    unit_price: Series[float] = optional(ge=0, le=MAX_AMOUNT)
    currency: Series[Text] = currency("of cost and price, ISO 4217; the company's if empty")
    weight_g: Series[float] = optional(ge=0, le=MAX_QUANTITY)
    attributes: Series[Text] = optional(description="a JSON object of names to texts or numbers")


class Sites(ZonedTable):
    """One site: a warehouse, a shop, a seller."""

    site: Series[Text] = Field()
    country: Series[Text] = optional()
    region: Series[Text] = optional()
    format: Series[Text] = optional(description="the kind of shop")
    lead_time_days: Series[float] = optional(ge=0, le=36_500)
    capacity_units: Series[float] = optional(ge=0, le=MAX_QUANTITY)


class RatesTable(BaseTable):
    """Exchange rate of one currency into another, from one day on."""

    day: Series[Time] = Field(description="the day from which it counts")
    currency: Series[Text] = Field(
        description="ISO 4217; one unit of it is worth `rate` units",
        str_matches=r"^[A-Z]{3}$",
        metadata=CODE,
    )
    to_currency: Series[Text] = Field(
        default="",
        description="of this one, ISO 4217; the company's if empty",
        str_matches=r"^([A-Z]{3})?$",
        metadata=CODE,
    )
    rate: Series[float] = Field(gt=1e-12, lt=1e12)
