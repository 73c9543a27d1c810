"""`make overload URL=...`: a running service beyond what it can do, as ratios within one run.

Each phase prints one line. It sends to `/v1/score`, and to `/v1/exceptions` only the large batch
that is asked for by `--store`. The driver is one process; beside it the service needs a core of
its own.
"""

import argparse
import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import numpy as np
import orjson
import uvloop
from rich.console import Console

PATIENCE = aiohttp.ClientTimeout(total=120)
MS_PER_SECOND = 1_000
HALF_OF_A_REQUEST = b"POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Le"
NUMBERS = itertools.count()
show = partial(Console(highlight=False).print, soft_wrap=True)


@dataclass
class Times:
    """Times of the answers of one phase, in ms, by status; 0 is a connection that failed."""

    by_status: dict[int, list[float]] = field(default_factory=dict)

    def add(self, status: int, ms: float) -> None:
        """Note one answer."""
        self.by_status.setdefault(status, []).append(ms)

    def quantile(self, status: int, share: float) -> float:
        """Return a quantile of the times of one status, NaN where there are none."""
        times = self.by_status.get(status)
        return float(np.quantile(times, share)) if times else float("nan")

    def line(self, name: str, seconds: float) -> str:
        """Return the phase as text."""
        counts = {status: len(times) for status, times in sorted(self.by_status.items())}
        refused = counts.get(429, 0) / max(1, sum(counts.values()))
        return (
            f"{name:34} {counts}, {counts.get(200, 0) / seconds:.0f} accepted/s, "
            f"{refused:.0%} refused; accepted p50 {self.quantile(200, 0.5):.1f} "
            f"p99 {self.quantile(200, 0.99):.1f} ms; "
            f"429 p50 {self.quantile(429, 0.5):.1f} p99 {self.quantile(429, 0.99):.1f} ms"
        )


def exception(number: int) -> dict[str, Any]:
    """Return a small exception of the usual shape."""
    return {
        "external_id": f"overload-{time.time_ns()}-{number}",
        "source": "overload",
        "type": "incorrect_address",
        "message": "Postcode does not match city",
        "detected_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "order": {
            "order_number": f"#{number}",
            "total": {"amount": "184.90", "currency": "EUR"},
            "shipping_address": {"country_code": "DE", "postal_code": "10115"},
            "line_items": [{"external_id": "li_1", "sku": "A-1", "quantity": 2}],
        },
        "attributes": {"carrier": "dhl"},
    }


class Driver:
    """Clients of one service."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def post(self, path: str, body: bytes, times: Times) -> float:
        """Send one call; return the seconds that a 429 asks to wait, else 0."""
        begin = time.perf_counter()
        wait = 0.0
        try:
            async with self._session.post(self._url + path, data=body) as answer:
                await answer.read()
                status = answer.status
                wait = float(answer.headers.get("Retry-After", 0))
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        times.add(status, MS_PER_SECOND * (time.perf_counter() - begin))
        return wait

    async def load(
        self, clients: int, seconds: float, *, is_patient: bool, rate: float = 0
    ) -> Times:
        """Let clients call `/v1/score`, each as soon as it was answered.

        Args:
            clients: Number of them.
            seconds: For how long.
            is_patient: Whether they wait as a 429 says, and 50 ms after one where not.
        """
        times, end = Times(), 0.0

        async def client() -> None:
            while time.monotonic() < end:
                wait = await self.post("/v1/score", orjson.dumps(exception(next(NUMBERS))), times)
                if wait:
                    await asyncio.sleep(wait if is_patient else 0.05)

        await asyncio.gather(*(self._connect() for _ in range(clients)))
        end = time.monotonic() + seconds
        await asyncio.gather(*(client() for _ in range(clients)))
        return times

    async def _connect(self) -> None:
        """Open a connection, or use one that is open: to connect is not measured."""
        async with self._session.get(self._url + "/livez") as answer:
            await answer.read()

    async def beside(self, work: Awaitable[object], rate: float) -> Times:
        """Send single calls one after the other while some work goes on."""
        times, task = Times(), asyncio.ensure_future(work)
        while not task.done():
            await self.post("/v1/score", orjson.dumps(exception(next(NUMBERS))), times)
            await asyncio.sleep(1 / rate)
        await task
        return times


async def half_requests(
    url: str, count: int, hold: Callable[[], Awaitable[object]]
) -> Counter[str]:
    """Open connections that send half of a request; return how they ended after some work."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    pairs = [await asyncio.open_connection(host, port) for _ in range(count)]
    for _, writer in pairs:
        writer.write(HALF_OF_A_REQUEST)
    await hold()
    ends: Counter[str] = Counter()
    for reader, writer in pairs:
        try:
            answer = await asyncio.wait_for(reader.read(64), 15)
        except TimeoutError:
            ends["open"] += 1
        except ConnectionError:
            ends["reset"] += 1
        else:
            ends[answer[9:12].decode() or "closed"] += 1
        writer.close()
    return ends


async def slow_readers(url: str, count: int, path: str, seconds: float) -> Counter[str]:
    """Ask for a large answer and read a byte a second; return how many are still connected."""
    parts = urlsplit(url)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 50
    ends: Counter[str] = Counter()

    async def reader_of_bytes() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1)
        writer.write(request)
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                if not await reader.read(1):
                    ends["closed"] += 1
                    return
                await asyncio.sleep(1)
            ends["open"] += 1
        except ConnectionError:
            ends["reset"] += 1
        finally:
            writer.transport.abort()

    await asyncio.gather(*(reader_of_bytes() for _ in range(count)))
    return ends


async def run(options: argparse.Namespace) -> None:
    """Run all phases; print them."""
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Content-Type": "application/json"}
    if options.key:
        headers["Authorization"] = f"Bearer {options.key}"
    async with aiohttp.ClientSession(
        connector=connector, headers=headers, timeout=PATIENCE, trust_env=False
    ) as session:
        await _phases(options, Driver(options.url, session))


async def _phases(options: argparse.Namespace, driver: Driver) -> None:
    seconds = options.seconds
    await driver.load(1, 2, is_patient=True)
    alone = await driver.load(1, seconds, is_patient=True)
    show(alone.line("1 client", seconds))
    p99 = alone.quantile(200, 0.99)
    for clients in options.clients:
        for is_patient in (True, False):
            times = await driver.load(clients, seconds, is_patient=is_patient)
            show(times.line(f"{clients} clients, {'wait' if is_patient else 'hammer'}", seconds))
            show(
                f"{'':34} p99 of accepted is {times.quantile(200, 0.99) / p99:.1f} x of one client"
            )
    single = await driver.beside(asyncio.sleep(seconds), rate=20)
    show(single.line("20 calls/s", seconds))
    items = [exception(next(NUMBERS)) for _ in range(5_000)]
    body, batch = orjson.dumps({"exceptions": items}), Times()

    async def two_batches(path: str) -> None:
        for _ in range(2):
            await driver.post(path, body, batch)

    for path in ("/v1/score", "/v1/exceptions")[: 1 + options.store]:
        begin = time.monotonic()
        times = await driver.beside(two_batches(path), rate=20)
        show(times.line(f"20 calls/s beside 10,000 to {path}", time.monotonic() - begin))
        show(f"{'':34} p99 is {times.quantile(200, 0.99) / single.quantile(200, 0.99):.1f} x")
    show("batches", batch.line("", 1))

    async def calls() -> None:
        times = await driver.load(1, seconds, is_patient=True)
        show(times.line("1 client beside half-sent requests", seconds))

    show("half-sent requests ended:", dict(await half_requests(options.url, options.half, calls)))
    reading = asyncio.ensure_future(
        slow_readers(options.url, options.slow, options.slow_path, options.slow_seconds)
    )
    times = await driver.load(1, seconds, is_patient=True)
    show(times.line("1 client beside slow readers", seconds))
    show("slow readers ended:", dict(await reading))


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--clients", type=int, nargs="*", default=[32, 64, 200])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--half", type=int, default=1_000)
    parser.add_argument("--slow", type=int, default=50)
    parser.add_argument("--slow-path", default="/")
    parser.add_argument("--slow-seconds", type=float, default=90)
    parser.add_argument("--store", action="store_true", help="store a batch, too")
    parser.add_argument("--key", help="API key of a service with accounts")
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
