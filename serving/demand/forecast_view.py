"""Forecasts of a book as answers of the API. No HTTP in it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, TypeGuard, get_args

import numpy as np
import orjson
from pydantic import Field
from typing_extensions import TypedDict

from data.domain import NotFoundError
from serving.demand.payload import MAX_PROBABILITY, MAX_QUANTILES, MIN_PROBABILITY, Aggregate
from serving.demand.selection import RefusedSeriesOut, rows_of
from serving.forecast_book import BookStampOut, PreparedBook
from serving.wire.answers import Day, Numbers, closed
from serving.wire.errors import BadPayloadError, Flaw

USUAL_QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)
DECIMALS = 3
_KINDS = get_args(Aggregate)


@closed
class SeriesForecastOut(TypedDict):
    """Units of a SKU at a site in each period; quantiles by their probability."""

    sku: str
    site: str
    method: Annotated[str, Field(description="how it was forecast")]
    mean: Numbers
    quantiles: dict[str, Numbers]


@closed
class AggregateForecastOut(TypedDict):
    """Units of a sum in each period; quantiles by their probability."""

    aggregate: Aggregate
    key: str
    mean: Numbers
    quantiles: dict[str, Numbers]


@closed
class ForecastHeadOut(BookStampOut):
    """Head of an answer with forecasts: their periods, by their first days."""

    grain: Annotated[str, Field(description="length of a period: day, week, 28 days, ...")]
    periods: list[Day]
    period_ends: Annotated[list[Day], Field(description="the last day of each period")]


@closed
class ForecastsOut(ForecastHeadOut):
    """Forecasts of the periods that begin on these days."""

    forecasts: list[SeriesForecastOut | AggregateForecastOut]


@closed
class ForecastQueryHeadOut(ForecastHeadOut):
    """Head of an answer to a query: the periods, and the refused series."""

    refused: list[RefusedSeriesOut]


@closed
class ForecastQueryOut(ForecastsOut):
    """Forecasts in the order of the request, and the refused series."""

    refused: list[RefusedSeriesOut]


class ForecastShape(NamedTuple):
    """Horizon and quantiles of an answer.

    Attributes:
        horizon: Periods.
        quantiles: Probabilities, rising.
    """

    horizon: int
    quantiles: tuple[float, ...]


def shape_of(
    used: PreparedBook, horizon: int | None, quantiles: tuple[float, ...], where: str
) -> ForecastShape:
    """Return the shape of an answer.

    Raises:
        BadPayloadError: The book does not reach so far.
    """
    most = used.book.forecast.horizon
    if horizon is not None and not 1 <= horizon <= most:
        raise BadPayloadError(
            [Flaw(where, f"the forecasts reach {most} periods: ask for 1 to {most}")]
        )
    return ForecastShape(horizon or most, quantiles or USUAL_QUANTILES)


def head(used: PreparedBook, shape: ForecastShape, now_ms: int) -> ForecastHeadOut:
    """Return the head of an answer with forecasts."""
    return {
        "grain": str(used.book.forecast.grain),
        "periods": used.dates[: shape.horizon],
        "period_ends": used.last_days[: shape.horizon],
        **used.stamp(now_ms),
    }


def series_views(
    used: PreparedBook, rows: Sequence[int], shape: ForecastShape
) -> list[SeriesForecastOut]:
    """Return the forecasts of some series; numbers stay arrays, for `dumped`."""
    forecast, here = used.book.forecast, np.asarray(rows, np.intp)
    reach = slice(shape.horizon)
    point, table = forecast.point[here, reach], forecast.table[here, reach]
    units = used.reader(shape.quantiles).read(point, table)
    mean = np.round(forecast.mean[here, reach], DECIMALS)
    rounded = _rounded(units)
    names = _names(shape.quantiles)
    return [
        {
            "sku": forecast.sku[row],
            "site": forecast.site[row],
            "method": forecast.method[row],
            "mean": mean[position],
            "quantiles": dict(zip(names, rounded[position], strict=True)),
        }
        for position, row in enumerate(rows)
    ]


def _rounded(quantiles: np.ndarray) -> np.ndarray:
    """Return (n, P, H), each row in one piece, as orjson takes it."""
    return np.ascontiguousarray(np.round(quantiles, DECIMALS).transpose(0, 2, 1))


@lru_cache(256)
def _names(quantiles: tuple[float, ...]) -> list[str]:
    return [f"{quantile:g}" for quantile in quantiles]


def aggregate_view(
    used: PreparedBook, kind: Aggregate, key: str, shape: ForecastShape
) -> AggregateForecastOut:
    """Return the forecast of a sum.

    Raises:
        NotFoundError: There is no such sum.
    """
    sums = used.book.aggregates
    row = sums.rows.get((kind, key))
    if row is None:
        raise NotFoundError("forecast of", f"{kind} {key}".strip())
    quantiles = sums.quantiles(row, np.array(shape.quantiles))[None, : shape.horizon]
    return {
        "aggregate": kind,
        "key": key,
        "mean": np.round(sums.mean[row, : shape.horizon], DECIMALS),
        "quantiles": dict(zip(_names(shape.quantiles), _rounded(quantiles)[0], strict=True)),
    }


def dumped(value: Any) -> bytes:
    """Return JSON; arrays are lists."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def forecasts_of(used: PreparedBook, parameters: dict[str, str], now_ms: int) -> bytes:
    """Answer the parameters of `GET /v1/forecasts`.

    Raises:
        BadPayloadError: A parameter is wrong.
        NotFoundError: There is no such forecast.
    """
    shape = shape_of(
        used,
        _horizon(parameters.get("horizon")),
        _quantiles(parameters.get("quantiles")),
        "query/horizon",
    )
    first = head(used, shape, now_ms)
    return dumped({**first, "forecasts": _views(used, parameters, shape)})


def _views(
    used: PreparedBook, parameters: dict[str, str], shape: ForecastShape
) -> list[SeriesForecastOut] | list[AggregateForecastOut]:
    kind, sku = parameters.get("aggregate"), parameters.get("sku")
    if kind is not None:
        return [aggregate_view(used, _aggregate(kind), parameters.get("key", ""), shape)]
    if sku is None:
        raise BadPayloadError([Flaw("query/sku", "name a SKU, or an aggregate")])
    return series_views(used, rows_of(used.book, sku, parameters.get("site")), shape)


def _aggregate(text: str) -> Aggregate:
    if not is_aggregate(text):
        raise BadPayloadError([Flaw("query/aggregate", f"is one of {', '.join(_KINDS)}")])
    return text


def is_aggregate(text: str) -> TypeGuard[Aggregate]:
    """Return whether a text names a kind of sum."""
    return text in _KINDS


@lru_cache(256)
def _horizon(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise BadPayloadError([Flaw("query/horizon", "is a whole number of periods")])
    return int(text)


@lru_cache(256)
def _quantiles(text: str | None) -> tuple[float, ...]:
    if text is None:
        return ()
    try:
        quantiles = sorted({float(part) for part in text.split(",")})
    except ValueError:
        quantiles = []
    sound = all(MIN_PROBABILITY <= quantile <= MAX_PROBABILITY for quantile in quantiles)
    if not (sound and 0 < len(quantiles) <= MAX_QUANTILES):
        range_ = f"from {MIN_PROBABILITY:g} to {MAX_PROBABILITY:g}"
        detail = f"are at most {MAX_QUANTILES} probabilities {range_}, like 0.1,0.5,0.9"
        raise BadPayloadError([Flaw("query/quantiles", detail)])
    return tuple(quantiles)
