"""Bodies and examples of what is done to incidents, for the documentation."""

from typing import Any

from serving.http.openapi import body_with

RESOLUTION: dict[str, Any] = {
    "category": "carrier_issue",
    "team": "logistics",
    "touch_minutes": 40,
    "by": "ana",
}
SPLIT: dict[str, Any] = {"by": "ana"}


def incident_resolution_body() -> dict[str, Any]:
    """Return the documentation of how the members of an incident ended."""
    examples = {"resolved": {"summary": "All members, in one piece of work", "value": RESOLUTION}}
    return body_with("IncidentResolutionIn", examples)


def split_body() -> dict[str, Any]:
    """Return the documentation of a split."""
    return body_with("SplitIn", {"whole": {"summary": "It is no incident", "value": SPLIT}})
