"""Times that lie after their own arrival: they count as the arrival, and the answer says so."""

from collections.abc import Mapping

from prometheus_client import Counter

from data.ticks import MS_PER_MINUTE
from serving.wire.errors import Flaw, pointer_to
from serving.wire.formats import rfc3339

MAX_CLOCK_SKEW_MS = MS_PER_MINUTE
"""Clocks of two machines differ by this much without a word."""
FUTURE_TIMES = Counter(
    "expedite_future_times",
    "Times of sources that lay after their arrival and counted as it",
    ["field"],
    registry=None,
)


def future_times(times: Mapping[str, int | None], now_ms: int) -> list[Flaw]:
    """Return a warning for each time that lies after now, by the name of its field."""
    return [
        Flaw(pointer_to((name,)), f"{rfc3339(tick)} is in the future: it counts as the arrival")
        for name, tick in times.items()
        if tick is not None and tick > now_ms + MAX_CLOCK_SKEW_MS
    ]


def count_future_times(warnings: list[Flaw]) -> None:
    """Count warnings by field, for Prometheus."""
    for warning in warnings:
        FUTURE_TIMES.labels(warning.pointer.removeprefix("/")).inc()
