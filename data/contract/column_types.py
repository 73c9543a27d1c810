"""Column types of the contract, and the base class of its tables."""

# Time is a dtype object, which pandera reads from the annotation at run time.
# pyright: reportInvalidTypeForm=false

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.api.pandas.model_config import BaseConfig
from pandera.typing.pandas import Series

Time = pd.DatetimeTZDtype("us", "UTC")
Text = pd.StringDtype(na_value=float("nan"))
YesNo = pd.BooleanDtype()

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
