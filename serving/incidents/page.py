"""One incident as the page shows it: what the API shows, and when its members came."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from data.ledger.incidents import detected_of_members, incident_of
from data.ledger.ledger import Ledger
from data.ticks import MS_PER_HOUR
from serving.incident_watch.evidence import stored_facts
from serving.incidents.view import incident_details
from serving.live_list.visible_list import VisibleList
from serving.scoring.scorer import Scorer
from serving.wire.formats import rfc3339

WIDTH, HEIGHT = 360, 72
MAX_BARS = 36
STEPS_HOURS = (0.05, 0.1, 0.25, 0.5, 1, 2, 6, 12, 24, 48, 24 * 7)
MEMBERS = 20
MAX_SPAN_MS = int(MAX_BARS * STEPS_HOURS[-1] * MS_PER_HOUR)
"""What was detected so long before the latest member has no bar."""
_MIN_HOURS = 0.01


async def incident_panel(
    incident_id: str,
    cursor: str | None = None,
    *,
    ledger: Ledger,
    scorer: Scorer,
    worklist: VisibleList,
) -> dict[str, Any]:
    """Return an incident with what its panel shows beside it.

    Raises:
        NotFoundError: There is none of this id.
        BadPayloadError: The cursor was not given by this service.
    """
    view = await incident_details(incident_id, MEMBERS, cursor, ledger=ledger, worklist=worklist)
    triage = scorer.champion.current
    beside = await asyncio.to_thread(_beside, ledger, incident_id)
    class_names = {name: model.names for name, model in triage.classes.items()} if triage else {}
    rows_total = len((await worklist.ranked()).order)
    return view | beside | {"class_names": class_names, "rows_total": rows_total}


def _beside(ledger: Ledger, incident_id: str) -> dict[str, Any]:
    with ledger.reading() as connection:
        incident = incident_of(connection, incident_id)
        ticks = detected_of_members(connection, incident_id)
    facts = stored_facts(incident)
    lasted = max((facts.last_ms - incident.began_at_ms) / MS_PER_HOUR, _MIN_HOURS)
    chart = arrivals_chart(ticks or [incident.began_at_ms], facts.expected / lasted)
    return {"attribute": incident.attribute, "value": incident.value, "chart": chart}


def arrivals_chart(ticks: Sequence[int], usual_per_hour: float) -> dict[str, Any]:
    """Return bars of how many came in each step of time, and the height of the usual.

    Args:
        ticks: When the members were detected; one at least.
        usual_per_hour: As many are usual.
    """
    latest = max(ticks)
    ticks = [tick for tick in ticks if latest - tick <= MAX_SPAN_MS]
    begin, span_hours = min(ticks), (max(ticks) - min(ticks)) / MS_PER_HOUR
    step_hours = next((s for s in STEPS_HOURS if span_hours / s < MAX_BARS), STEPS_HOURS[-1])
    step = int(step_hours * MS_PER_HOUR)
    counts = np.bincount((np.array(ticks) - begin) // step)
    most, usual = int(counts.max()), usual_per_hour * step_hours
    scale = (HEIGHT - 4) / max(most, usual)
    pitch = WIDTH / len(counts)
    bars = [
        {
            "x": round(i * pitch + pitch * 0.1, 1),
            "y": round(HEIGHT - count * scale, 1),
            "width": round(pitch * 0.8, 1),
            "height": round(count * scale, 1),
            "begins_at": rfc3339(begin + i * step),
            "count": count,
        }
        for i, count in enumerate(counts.tolist())
    ]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "bars": bars,
        "most": most,
        "usual": usual,
        "usual_y": round(HEIGHT - usual * scale, 1),
        "step_hours": step_hours,
        "begins_at": rfc3339(begin),
        "ends_at": rfc3339(begin + len(counts) * step),
        "summary": f"{len(ticks)} arrivals, {most} at most in a step where {usual:.2g} are usual",
    }
