"""One incident as the page shows it: what the API shows, and when its members came."""

import asyncio
from typing import Any

from data.ledger.incidents import detected_of_members, incident_of
from data.ticks import MS_PER_HOUR
from serving.incident_watch.evidence import IncidentFacts
from serving.incidents.chart import arrivals_chart
from serving.incidents.view import one_incident_view
from serving.service import Service

MEMBERS = 20
_SHORTEST_HOURS = 0.01


async def incident_panel(
    desk: Service, incident_id: str, cursor: str | None = None
) -> dict[str, Any]:
    """Return an incident with what its panel shows beside it.

    Raises:
        NotFoundError: There is none of this id.
        BadPayloadError: The cursor is none of ours.
    """
    view = await one_incident_view(desk, incident_id, MEMBERS, cursor)
    triage = desk.champion.current
    beside = await asyncio.to_thread(_beside, desk, incident_id)
    known = {name: model.names for name, model in triage.classes.items()} if triage else {}
    rows_total = len((await desk.ranked()).order)
    return view | beside | {"known": known, "rows_total": rows_total}


def _beside(desk: Service, incident_id: str) -> dict[str, Any]:
    with desk.ledger.reading() as connection:
        incident = incident_of(connection, incident_id)
        ticks = detected_of_members(connection, incident_id)
    evidence = IncidentFacts.from_json(incident.body)
    lasted = max((evidence.last_ms - incident.began_at_ms) / MS_PER_HOUR, _SHORTEST_HOURS)
    chart = arrivals_chart(ticks or [incident.began_at_ms], evidence.expected / lasted)
    return {"attribute": incident.attribute, "value": incident.value, "chart": chart}
