"""Registry of all metrics; with several workers on one port their counts are added up."""

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from serving.http.call_limit import REFUSED
from serving.metrics.call_counts import CALLS, SECONDS
from serving.scoring.counters import AUDITED, DECIDED, DEGRADED, SUSPENDED
from serving.stage_times import STAGE_SECONDS
from serving.wire.future_times import FUTURE_TIMES
from serving.wire.optional_values import UNREAD_VALUES
from serving.wire.stored_exception import UNREADABLE

COUNTS = (
    CALLS,
    SECONDS,
    STAGE_SECONDS,
    REFUSED,
    DECIDED,
    DEGRADED,
    AUDITED,
    SUSPENDED,
    FUTURE_TIMES,
    UNREAD_VALUES,
    UNREADABLE,
)


def registry_of(state: Collector, counts_folder: str | None = None) -> CollectorRegistry:
    """Return what `/metrics` shows.

    Args:
        state: Gauges of the service.
        counts_folder: Folder in which all workers of one port count; None for this process alone.
    """
    registry = CollectorRegistry()
    if counts_folder is None:
        for collector in COUNTS:
            registry.register(collector)
    else:
        MultiProcessCollector(registry, counts_folder)
    registry.register(state)
    return registry
