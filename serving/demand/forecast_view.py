"""From rows of a forecast book to answers. No HTTP in it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import orjson

from data.domain import NotFoundError
from serving.demand.payload import HIGHEST, LOWEST, MOST_QUANTILES
from serving.demand.selection import rows_of
from serving.forecast_book import PreparedBook
from serving.http.problems import BadPayloadError, Flaw

USUAL_QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)
DECIMALS = 3
_KINDS = ("site", "product_group", "total")


class ForecastShape(NamedTuple):
    """How far and which quantiles are told.

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


def head(used: PreparedBook, shape: ForecastShape, now_ms: int) -> dict[str, Any]:
    """Return what stands before forecasts."""
    return {
        "grain": str(used.book.forecast.grain),
        "periods": used.dates[: shape.horizon],
        **used.stamp(now_ms),
    }


def series_views(
    used: PreparedBook, rows: Sequence[int], shape: ForecastShape
) -> list[dict[str, Any]]:
    """Return the forecasts of some series; numbers stay arrays, for `dumped`."""
    forecast, here = used.book.forecast, np.asarray(rows, np.intp)
    reach = slice(shape.horizon)
    point, table = forecast.point[here, reach], forecast.table[here, reach]
    found = used.reader(shape.quantiles).read(point, table)
    mean = np.round(forecast.mean[here, reach], DECIMALS)
    told = _rounded(found)
    names = _names(shape.quantiles)
    return [
        {
            "sku": forecast.sku[row],
            "site": forecast.site[row],
            "method": forecast.method[row],
            "mean": mean[place],
            "quantiles": dict(zip(names, told[place], strict=True)),
        }
        for place, row in enumerate(rows)
    ]


def _rounded(found: np.ndarray) -> np.ndarray:
    """Return (n, P, H), each row in one piece, as orjson takes it."""
    return np.ascontiguousarray(np.round(found, DECIMALS).transpose(0, 2, 1))


@lru_cache(256)
def _names(quantiles: tuple[float, ...]) -> list[str]:
    return [f"{quantile:g}" for quantile in quantiles]


def aggregate_view(used: PreparedBook, kind: str, key: str, shape: ForecastShape) -> dict[str, Any]:
    """Return the forecast of a sum.

    Raises:
        NotFoundError: There is no such sum.
    """
    sums = used.book.aggregates
    row = sums.rows.get((kind, key))
    if row is None:
        raise NotFoundError("forecast of", f"{kind} {key}".strip())
    found = sums.quantiles(row, np.array(shape.quantiles))[None, : shape.horizon]
    return {
        "aggregate": kind,
        "key": key,
        "mean": np.round(sums.mean[row, : shape.horizon], DECIMALS),
        "quantiles": dict(zip(_names(shape.quantiles), _rounded(found)[0], strict=True)),
    }


def dumped(value: Any) -> bytes:
    """Return JSON; arrays are lists."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def forecasts_of(used: PreparedBook, told: dict[str, str], now_ms: int) -> bytes:
    """Answer the parameters of `GET /v1/forecasts`.

    Raises:
        BadPayloadError: A parameter is wrong.
        NotFoundError: There is no such forecast.
    """
    shape = shape_of(
        used, _horizon(told.get("horizon")), _quantiles(told.get("quantiles")), "query/horizon"
    )
    kind, sku = told.get("aggregate"), told.get("sku")
    if kind is not None:
        if kind not in _KINDS:
            raise BadPayloadError([Flaw("query/aggregate", f"is one of {', '.join(_KINDS)}")])
        views = [aggregate_view(used, kind, told.get("key", ""), shape)]
    elif sku is None:
        raise BadPayloadError([Flaw("query/sku", "name a SKU, or an aggregate")])
    else:
        views = series_views(used, rows_of(used.book, sku, told.get("site")), shape)
    return dumped({**head(used, shape, now_ms), "forecasts": views})


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
        found = sorted({float(part) for part in text.split(",")})
    except ValueError:
        found = []
    sound = all(LOWEST <= quantile <= HIGHEST for quantile in found)
    if not (sound and 0 < len(found) <= MOST_QUANTILES):
        range_ = f"from {LOWEST:g} to {HIGHEST:g}"
        detail = f"are at most {MOST_QUANTILES} probabilities {range_}, like 0.1,0.5,0.9"
        raise BadPayloadError([Flaw("query/quantiles", detail)])
    return tuple(found)
