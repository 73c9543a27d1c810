"""Stream of a history's exceptions, and the bursts that the detector opens in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.contract.exception_tables import Exceptions
from data.history.history import History
from data.policy.incidents import IncidentTerms
from data.ticks import MS_PER_WEEK, ceil_ticks
from features.engine.attributes import attribute_rows
from features.exceptions.columns import TEXTS
from features.exceptions.tables import exception_columns
from models.bursts.attributes import burst_values
from models.bursts.detector import Arrival, Burst, Detector
from training.common.run import Progress

TABLES = ("exceptions", "orders", "order_lines")
_PROGRESS_EVERY = 20_000


@dataclass(frozen=True)
class DetectedBurst:
    """A burst as it was in the end, and how many members it had when it was opened."""

    burst: Burst
    first_members: int


def history_arrivals(history: History, end: pd.Timestamp) -> list[Arrival]:
    """Return the exceptions known before a moment, in the order in which they became known."""
    return table_arrivals({name: history.table(name, known_before=end) for name in TABLES})


def table_arrivals(tables: Mapping[str, pd.DataFrame]) -> list[Arrival]:
    """Return the exceptions of tables (`TABLES`), in the order in which they became known.

    Each comes at its `known_at`: a detector can't read it before.
    """
    exceptions = tables["exceptions"].sort_values([Exceptions.known_at, Exceptions.exception_id])
    exceptions = exceptions.reset_index(drop=True)
    columns = exception_columns(exceptions, tables["orders"], tables["order_lines"], {})
    texts = {name: columns[name].tolist() for name in TEXTS}
    ids = exceptions[Exceptions.exception_id].tolist()
    ticks = ceil_ticks(exceptions[Exceptions.known_at]).tolist()
    own = attribute_rows(exceptions[Exceptions.attributes])
    rows = zip(ids, ticks, own, strict=True)
    return [
        Arrival(id_, tick, burst_values({name: texts[name][i] for name in TEXTS}, attributes))
        for i, (id_, tick, attributes) in enumerate(rows)
    ]


def bursts_of(
    arrivals: Sequence[Arrival], terms: IncidentTerms, progress: Progress
) -> list[DetectedBurst]:
    """Run a detector over a stream from its beginning; return all bursts, in order of opening."""
    detector, detected = Detector(terms), []
    for arrival in _with_progress(arrivals, progress):
        opened = [change for change in detector.observe(arrival) if change.kind == "opened"]
        detected += [DetectedBurst(change.burst, len(change.members)) for change in opened]
    return detected


def _with_progress(arrivals: Sequence[Arrival], progress: Progress) -> Iterator[Arrival]:
    for number, arrival in enumerate(arrivals):
        if number % _PROGRESS_EVERY == 0:
            day = pd.Timestamp(arrival.tick, unit="ms")
            progress(f"{number:,} of {len(arrivals):,} exceptions, {day:%Y-%m-%d}")
        yield arrival


def weeks_between(begin: int, end: int) -> float:
    """Return the weeks from a tick to another."""
    return float(np.subtract(end, begin)) / (MS_PER_WEEK)
