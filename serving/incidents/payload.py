"""Bodies that callers may send about incidents."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints, TypeAdapter

from serving.http.openapi import body_with
from serving.wire.exception_in import ResolutionIn
from serving.wire.fields import Name, RequestPart

MAX_MEMBERS = 50_000
ExceptionId = Annotated[str, StringConstraints(pattern="^exc_[0-9a-z]{26}$")]


class MemberIn(RequestPart):
    """A member of an incident, at the revision that the caller saw; any if they do not say."""

    id: ExceptionId
    revision: Annotated[int, Field(ge=1, lt=2**31)] | None = None


class IncidentResolutionIn(ResolutionIn):
    """Resolution of the members of an incident, the same for all.

    `touch_minutes` and `loss` are those of all together: each member gets an equal share.
    """

    members: Annotated[list[MemberIn], Field(min_length=1, max_length=MAX_MEMBERS)] | None = Field(
        None, description="only these; all if it is left out"
    )


class SplitIn(RequestPart):
    """Members that are no part of an incident, and who says so."""

    by: Name
    members: Annotated[list[ExceptionId], Field(min_length=1, max_length=MAX_MEMBERS)] | None = (
        Field(None, description="only these; all if it is left out")
    )


INCIDENT_RESOLUTION = TypeAdapter(IncidentResolutionIn)
SPLIT = TypeAdapter(SplitIn)

RESOLUTION_EXAMPLE: dict[str, Any] = {
    "category": "carrier_issue",
    "team": "logistics",
    "touch_minutes": 40,
    "by": "ana",
}
SPLIT_EXAMPLE: dict[str, Any] = {"by": "ana"}


def incident_resolution_body() -> dict[str, Any]:
    """Return the documentation of how the members of an incident ended."""
    examples = {
        "resolved": {"summary": "All members, in one piece of work", "value": RESOLUTION_EXAMPLE}
    }
    return body_with(IncidentResolutionIn, examples)


def split_body() -> dict[str, Any]:
    """Return the documentation of a split."""
    return body_with(SplitIn, {"whole": {"summary": "It is no incident", "value": SPLIT_EXAMPLE}})
