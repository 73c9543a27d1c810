"""Column types of the contract, and the base class of its tables."""

# Time is a dtype object, which pandera reads from the annotation at run time.
# pyright: reportInvalidTypeForm=false

from typing import Any
from zoneinfo import available_timezones

import pandas as pd
import pandera.pandas as pa
from pandera.api.pandas.model_config import BaseConfig
from pandera.typing.pandas import Series

Time = pd.DatetimeTZDtype("us", "UTC")
Text = pd.StringDtype(na_value=float("nan"))
YesNo = pd.BooleanDtype()

TIME_ZONES = frozenset(available_timezones()) - {"localtime"}
"""IANA names of time zones, without the one that stands for the clock of a machine."""

Field = pa.Field


def optional(**checks: Any) -> Any:
    """A column that a source may leave out or leave empty."""
    return Field(nullable=True, **checks)


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
        return names.isna() | names.isin(TIME_ZONES)
