"""One forecast read over HTTP against an empty endpoint that takes the same parameters."""

import http.client
import itertools
import multiprocessing
import time
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

import numpy as np
import pyarrow as pa
import uvicorn
from fastapi import FastAPI, Query
from serving_bench import free_port
from timing import Ratio, in_turns, quantile

from data.settings import Settings
from features.demand.grain import Grain
from models.demand.forecast import Forecast
from models.demand.level_sets import LevelSets
from models.forecast_book.book import Aggregates, Book, BookStock, RecentSales, Review
from models.forecast_book.store import write_book
from serving.app import create_app

CALLS, WARM_UP = 3_000, 300
SERIES, HORIZON = 300_000, 28
ASKED = 200


def run(settings: Settings) -> list[Ratio]:
    """Write a book of 300,000 series, serve it in a process of its own, and time calls in turns."""
    write_book(settings.mlruns / "forecasts", a_book())
    port = free_port()
    service = multiprocessing.get_context("spawn").Process(target=_serve, args=(settings, port))
    service.start()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        _wait(connection)
        return _single(connection)
    finally:
        service.terminate()
        service.join()


def _serve(settings: Settings, port: int) -> None:
    app = create_app(settings)
    _add_empty(app)
    uvicorn.run(app, port=port, log_level="warning", access_log=False)


def _add_empty(app: FastAPI) -> None:
    text = Annotated[str | None, Query(max_length=255)]

    @app.get("/bench/forecasts")
    async def empty(
        sku: text = None,
        site: text = None,
        horizon: Annotated[int | None, Query(ge=1)] = None,
        quantiles: text = None,
    ) -> dict[str, str]:
        return {}

    @app.get("/bench/nothing")
    async def nothing() -> dict[str, str]:
        return {}


def a_book() -> Book:
    """Return a book of made-up numbers."""
    random = np.random.default_rng(7)
    level = random.gamma(0.5, 4, SERIES).astype(np.float32) + 0.01
    point = np.repeat(level[:, None], HORIZON, axis=1)
    seen = np.sort(level)[:: SERIES // 24_000]
    tables = [LevelSets.fit(seen, random.poisson(seen)) for _ in range(3)]
    nothing, empty = np.full(SERIES, np.nan, np.float32), np.array([], object)
    forecast = Forecast(
        grain=Grain.DAY,
        periods=np.datetime64("2026-03-01") + np.arange(HORIZON),
        sku=np.repeat(np.array([f"A-{i:05d}" for i in range(SERIES // 100)], object), 100),
        site=np.array([f"site {i:03d}" for i in range(100)] * (SERIES // 100), object),
        mean=point,
        point=point,
        table=random.integers(0, 3, point.shape).astype(np.uint8),
        tables=tables,
        method=np.full(SERIES, "trees", object),
        dependence=np.eye(HORIZON),
        common=0.1,
    )
    recent = np.zeros((SERIES, 1), np.float32)
    return Book(
        model_version="demand-1",
        as_of_ms=1_772_323_200_000,
        made_at_ms=time.time_ns() // 1_000_000,
        currency="EUR",
        forecast=forecast,
        recent=RecentSales(forecast.periods[:1] - 1, recent, recent),
        stock=BookStock(nothing, np.zeros_like(point), nothing, nothing, nothing),
        review=Review(np.zeros((SERIES, HORIZON, 3), np.float32), {}, {}),
        aggregates=Aggregates(empty, empty, *(np.zeros((0, 1), np.float32) for _ in range(3))),
        attributes={},
        exceptions=pa.table({}),
    )


def _wait(connection: http.client.HTTPConnection) -> None:
    for _ in range(600):
        time.sleep(0.1)
        try:
            if _call(connection, "/v1/forecasts", "sku=A-00001&site=site+001")[0] == 200:
                return
        except ConnectionError:
            connection.close()
    raise SystemExit("the book was not read")


def _call(connection: http.client.HTTPConnection, path: str, parameters: str) -> tuple[int, bytes]:
    connection.request("GET", f"{path}?{parameters}")
    answer = connection.getresponse()
    return answer.status, answer.read()


def _single(connection: http.client.HTTPConnection) -> list[Ratio]:
    random = np.random.default_rng(7)
    asked = itertools.cycle(
        urlencode(
            {
                "sku": f"A-{random.integers(SERIES // 100):05d}",
                "site": f"site {random.integers(100):03d}",
                "horizon": HORIZON,
                "quantiles": "0.025,0.25,0.5,0.75,0.975",
            }
        )
        for _ in range(ASKED)
    )

    def call(path: str) -> None:
        status, body = _call(connection, path, next(asked))
        if status != 200:
            raise SystemExit(f"{path} answered {status}: {body[:300]!r}")

    found = []
    for path, against in (
        ("/bench/forecasts", "an empty endpoint with the same parameters"),
        ("/bench/nothing", "an empty endpoint without parameters"),
    ):
        read, empty = partial(call, "/v1/forecasts"), partial(call, path)
        in_turns(read, empty, WARM_UP)
        ours, theirs = in_turns(read, empty, CALLS)
        for share in (0.5, 0.99):
            what = f"GET /v1/forecasts, one of {SERIES:,} series, p{share * 100:g}"
            a, b = (quantile(times, share) * 1000 for times in (ours, theirs))
            found.append(Ratio(what, against, a, b, "ms", 2.0))
    return found
