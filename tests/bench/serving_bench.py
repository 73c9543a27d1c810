"""One scoring call over HTTP against an empty endpoint, and a batch against the bare Boosters."""

import http.client
import json
import multiprocessing
import socket
import time
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI, Request
from timing import Ratio, in_turns, quantile, seconds

from data.settings import Settings
from models.registry.store import ModelRegistry
from models.triage.load import load_triage
from models.triage.triage import Triage
from serving.app import create_app
from serving.wire.exception_in import ExceptionIn

CALLS, WARM_UP = 3_000, 300
BATCH = 1_000


def run(settings: Settings, payloads: list[dict[str, Any]]) -> list[Ratio]:
    """Serve in a process of its own and time calls in turns."""
    port = free_port()
    service = multiprocessing.get_context("spawn").Process(target=_serve, args=(settings, port))
    service.start()
    try:
        _wait_for_champion(port)
        return _single(port, payloads)
    finally:
        service.terminate()
        service.join()


def _serve(settings: Settings, port: int) -> None:
    app = create_app(settings)
    _add_empty(app)
    uvicorn.run(app, port=port, log_level="warning", access_log=False)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _add_empty(app: FastAPI) -> None:
    @app.post("/bench/empty")
    async def empty(exception: ExceptionIn) -> dict[str, str]:
        return {}

    @app.post("/bench/nothing")
    async def nothing(request: Request) -> dict[str, str]:
        await request.body()
        return {}


def _wait_for_champion(port: int) -> None:
    for _ in range(400):
        time.sleep(0.1)
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
        except ConnectionError:
            continue
        if answer.status == 200 and not json.loads(answer.read()).get("degraded", False):
            return
    raise SystemExit("the champion was not loaded")


def _single(port: int, payloads: list[dict[str, Any]]) -> list[Ratio]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    bodies = [json.dumps(payload).encode() for payload in payloads]
    head = {"Content-Type": "application/json"}
    turn = iter(range(10**9))

    def call(path: str) -> None:
        connection.request("POST", path, bodies[next(turn) % len(bodies)], head)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or b'"degraded":true' in body:
            raise SystemExit(f"{path} answered {answer.status}: {body[:300]!r}")

    def score() -> None:
        call("/v1/score")

    found = []
    for path, what in (
        ("/bench/empty", "an empty endpoint with the same body, validated"),
        ("/bench/nothing", "an empty endpoint with the same body, unread"),
    ):

        def empty(path: str = path) -> None:
            call(path)

        in_turns(score, empty, WARM_UP)
        ours, theirs = in_turns(score, empty, CALLS)
        for share in (0.5, 0.99):
            name = f"POST /v1/score, p{share * 100:g}"
            a, b = quantile(ours, share) * 1000, quantile(theirs, share) * 1000
            found.append(Ratio(name, what, a, b, "ms", 3.0))
    return found


def batch(store: ModelRegistry, columns: dict[str, np.ndarray], as_of: np.ndarray) -> Ratio:
    """Predict a thousand exceptions, features and all, against the Boosters on the same tables."""
    triage = load_triage(store)
    part = {name: column[:BATCH] for name, column in columns.items()}
    moments = as_of[:BATCH]
    tables = _tables(triage, part, moments)

    def ours() -> None:
        triage.predict(part, moments)

    def bare() -> None:
        for booster, table in tables:
            booster.predict(table, num_threads=1)

    seconds(ours), seconds(bare)
    mine, theirs = in_turns(ours, bare, rounds=7)
    what = f"batch of {len(moments):,} scored"
    against = "the bare Boosters (70 % of their throughput is 1.43)"
    return Ratio(what, against, min(mine) * 1000, min(theirs) * 1000, "ms", 1 / 0.7)


def _tables(triage: Triage, columns: dict[str, np.ndarray], as_of: np.ndarray) -> list[Any]:
    """Catch each Booster with the table that it is given."""
    from models.boosters import Booster

    caught: list[Any] = []
    original = Booster.predict_table

    def catch(self: Booster, table: Any) -> np.ndarray:
        caught.append((self.booster, table))
        return original(self, table)

    Booster.predict_table = catch
    try:
        triage.predict(columns, as_of)
    finally:
        Booster.predict_table = original
    return caught


def root(folder: Path) -> Settings:
    """Return settings that keep everything below a folder."""
    return Settings(
        mlruns=folder / "mlruns", database_url=f"sqlite:///{folder / 'ledger.sqlite'}", port=0
    )
