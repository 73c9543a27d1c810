"""Exceptions as the detector of bursts reads them, from the events that took them in."""

from collections.abc import Sequence

from data.ledger.ledger import LedgerEvent
from features.exceptions.columns import TEXTS
from models.bursts.attributes import burst_values
from models.bursts.detector import Arrival
from serving.scoring.assessment import Assessment
from serving.scoring.columns import columns_of
from serving.wire.exception_in import EXCEPTION, OURS


def arrivals_of(events: Sequence[LedgerEvent]) -> list[Arrival]:
    """Return what came in, in the order of the events.

    An exception counts as of its detection, but never as of later than it came in: no source may
    push the detector's clock into the future. What the service raised itself is no arrival.
    """
    events = [event for event in events if event.by != OURS]
    told = [EXCEPTION.validate_json(event.body or "{}") for event in events]
    columns = columns_of(told, {})
    arrivals = []
    for i, (event, one) in enumerate(zip(events, told, strict=True)):
        texts = {name: columns[name][i] for name in TEXTS}
        if event.opinion is not None:
            texts["category"] = Assessment.from_json(event.opinion).category.label
        tick = min(event.occurred_at_ms, event.known_at_ms)
        arrivals.append(Arrival(event.exception_id, tick, burst_values(texts, one.attributes)))
    return arrivals
