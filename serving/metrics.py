"""Counts and times of all calls, for Prometheus."""

import time
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.http.connections import REFUSED
from serving.live_list.worklist import Worklist
from serving.pollers import Background
from serving.scoring.champion import Champion
from serving.scoring.counters import AUDITED, DECIDED, SUSPENDED
from serving.wire.future_times import FUTURE_TIMES
from serving.wire.optional_values import UNREAD_VALUES
from serving.wire.stored_exception import UNREADABLE

CALLS = Counter("expedite_calls", "Calls", ["route", "status"], registry=None)
SECONDS = Histogram(
    "expedite_call_seconds",
    "Time to answer",
    ["route"],
    registry=None,
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5),
)


class _ServiceState(Collector):
    """Gauges that are read at each look of Prometheus."""

    def __init__(self, worklist: Worklist, champion: Champion, background: Background) -> None:
        self._worklist = worklist
        self._champion = champion
        self._background = background

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges, and the counts of the background."""
        yield GaugeMetricFamily(
            "expedite_open_exceptions", "Open exceptions", len(self._worklist.open)
        )
        yield GaugeMetricFamily(
            "expedite_unreadable_exceptions",
            "Open exceptions that the ledger holds and nobody can read",
            len(self._worklist.unreadable),
        )
        yield GaugeMetricFamily(
            "expedite_degraded", "1 without a champion", int(self._champion.version is None)
        )
        yield from _looks(self._background)


def _looks(background: Background) -> Iterable[Metric]:
    failures = CounterMetricFamily(
        "expedite_background_failures", "Failed looks of the background", labels=["task"]
    )
    failing = GaugeMetricFamily(
        "expedite_background_failing", "1 where the last look failed or is stuck", labels=["task"]
    )
    succeeded = GaugeMetricFamily(
        "expedite_background_last_success_timestamp_seconds",
        "Time of the last look that succeeded, in seconds since 1970; 0 before the first",
        labels=["task"],
    )
    problems = background.problems()
    for record in background.records:
        failures.add_metric([record.name], record.failures)
        failing.add_metric([record.name], int(problems[record.name] is not None))
        succeeded.add_metric([record.name], record.succeeded_at)
    yield from (failures, failing, succeeded)


def registry_of(
    worklist: Worklist, champion: Champion, background: Background
) -> CollectorRegistry:
    """Return what `/metrics` shows."""
    registry = CollectorRegistry()
    state = _ServiceState(worklist, champion, background)
    of_payloads = (FUTURE_TIMES, UNREAD_VALUES, UNREADABLE)
    for collector in (CALLS, SECONDS, REFUSED, DECIDED, AUDITED, SUSPENDED, *of_payloads, state):
        registry.register(collector)
    return registry


class Measured:
    """Counts calls by route and status."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call and count it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watching)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            CALLS.labels(route, str(status)).inc()
            SECONDS.labels(route).observe(time.perf_counter() - began)
