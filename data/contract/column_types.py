"""Column types of the contract, and the base class of its tables."""

# Time is a dtype object, which pandera reads from the annotation at run time.
# pyright: reportInvalidTypeForm=false

from typing import Any

import orjson
import pandas as pd
import pandera.pandas as pa
from pandera.api.pandas.model_config import BaseConfig
from pandera.typing.pandas import Series

from data.ticks import MACHINE_TIME_ZONES

Time = pd.DatetimeTZDtype("us", "UTC")
Text = pd.StringDtype(na_value=float("nan"))
YesNo = pd.BooleanDtype()

TIME_ZONES = MACHINE_TIME_ZONES - {"localtime"}
"""IANA names of time zones, without the one that stands for the clock of a machine."""

AS_WRITTEN = {"as_written": True}
"""Marks a time that is a date of the calendar: it stays as it is written, no zone shifts it."""

CODE = {"code": True}
"""Marks a code of capitals: small letters are read as capitals."""

CURRENCY = CODE | {"currency": True}
"""Marks a code of a currency; money in one that can't be read is not known."""

UNKNOWN_CURRENCY = "XXX"
"""Code of ISO 4217 for no currency. It stands for one that can't be read, and has no rate."""

Field = pa.Field


def optional(**checks: Any) -> Any:
    """A column that a source may leave out or leave empty."""
    return Field(nullable=True, **checks)


def currency(description: str) -> Any:
    """An optional column of codes in capitals."""
    return optional(description=description, str_matches=r"^[A-Z]{3}$", metadata=CURRENCY)


def _are_json_objects(attributes: pd.Series) -> pd.Series:
    """A mask of the cells that hold a JSON object or nothing."""
    return attributes.map(_is_json_object, na_action="ignore").fillna(value=True).astype(bool)


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


class BaseTable(pa.DataFrameModel):
    """Columns and checks that all tables share."""

    known_at: Series[Time] = Field(description="when the company could have known this row")

    class Config(BaseConfig):
        """Columns are coerced to their types; those a source left out are added empty."""

        coerce = True
        add_missing_columns = True
        strict = "filter"


class ZonedTable(BaseTable):
    """Table whose rows count for a day: it begins and ends by a time zone of their own."""

    timezone: Series[Text] = optional(
        description="of its days, such as Europe/Berlin; a site's goes before an order's or count's"
    )

    # pandera forgets a given name at a table's second subclass, so the method has the check's name.
    @pa.check("timezone")
    @classmethod
    def time_zone(cls, names: pd.Series) -> pd.Series:
        """A mask of the names that are empty or of IANA."""
        return names.isna() | names.isin(TIME_ZONES)


class AttributesTable(BaseTable):
    """Table with a column `attributes`, which stands last among its own."""

    @pa.check("attributes")
    @classmethod
    def json_object(cls, attributes: pd.Series) -> pd.Series:
        """Attributes are a JSON object of names and values."""
        return _are_json_objects(attributes)
