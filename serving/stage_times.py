"""Times of the stages of a call, for Prometheus: scoring, and writing to the ledger."""

from collections.abc import Callable
from typing import TypeVar

from prometheus_client import Histogram
from sqlalchemy import Connection

from data.ledger.writer import LedgerWriter

LATENCY_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5)
"""Upper ends of the buckets of times, in seconds."""
STAGE_SECONDS = Histogram(
    "expedite_stage_seconds",
    "Time of a stage: score (features, models, price), or write (wait and transaction)",
    ["stage"],
    registry=None,
    buckets=LATENCY_BUCKETS,
)
SCORE_SECONDS = STAGE_SECONDS.labels("score")
_WRITE_SECONDS = STAGE_SECONDS.labels("write")
Result = TypeVar("Result")


class TimedLedgerWriter(LedgerWriter):
    """The writer of the ledger, whose transactions are timed."""

    async def run(self, transaction: Callable[[Connection], Result]) -> Result:
        """Run one transaction; return its result once it is committed."""
        with _WRITE_SECONDS.time():
            return await super().run(transaction)
