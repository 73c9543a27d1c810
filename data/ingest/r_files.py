"""Reader of files of R: the only data frame or time series of each."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import rdata

from data.domain import BadInputError

MONTHS_OF_PERIOD = {12: 1, 4: 3, 1: 12}  # by the number of periods a year
R_CURE = (
    "Save one data frame or monthly, quarterly or yearly time series in it, or export it as CSV."
)


class _TimeSeries(NamedTuple):
    """Values, periods by columns, with R's attributes `dimnames` and `tsp`."""

    values: Any
    attributes: Mapping[str, Any]


def read_r_file(file: Path) -> pa.Table:
    """Read the only object of a file, every value as text.

    A time series gets a column `time` with the first day of each period.

    Raises:
        BadInputError: the file is not R's, or holds something else or more.
    """
    classes = dict.fromkeys(("ts", "mts"), _TimeSeries)
    try:
        with warnings.catch_warnings():
            # Names of objects in old files say no encoding; they are read as ASCII.
            warnings.simplefilter("ignore", UserWarning)
            objects = rdata.conversion.convert(
                rdata.parser.parse_file(file), {**rdata.conversion.DEFAULT_CLASS_MAP, **classes}
            )
    except Exception as error:  # the reader raises whatever its damaged bytes lead it to
        problem = f"is damaged or no file of R ({error})"
        raise BadInputError(str(file), problem, "Save it again.") from error
    if not isinstance(objects, dict) or len(objects) != 1:
        raise BadInputError(str(file), "does not hold exactly one object", R_CURE)
    (table,) = objects.values()
    frame = _frame(table, str(file)) if isinstance(table, _TimeSeries) else table
    if not isinstance(frame, pd.DataFrame):
        raise BadInputError(str(file), "holds neither a data frame nor a time series", R_CURE)
    named = {str(name): pa.array(column, from_pandas=True) for name, column in frame.items()}
    return pa.table({name: column.cast(pa.string()) for name, column in named.items()})


def _frame(series: _TimeSeries, where: str) -> pd.DataFrame:
    values = np.atleast_2d(np.asarray(series.values).T).T
    first, _, a_year = series.attributes["tsp"]
    if a_year not in MONTHS_OF_PERIOD:
        raise BadInputError(where, f"is a time series of {a_year:g} periods a year", R_CURE)
    month = round(first * 12) - 1970 * 12 + np.arange(len(values)) * MONTHS_OF_PERIOD[a_year]
    names = series.attributes.get("dimnames", (None, None))[1]
    names = [f"series_{n + 1}" for n in range(values.shape[1])] if names is None else names
    time = pd.Series(month.astype("datetime64[M]").astype("datetime64[D]").astype(str))
    return pd.concat([time.rename("time"), pd.DataFrame(values, columns=list(names))], axis=1)
