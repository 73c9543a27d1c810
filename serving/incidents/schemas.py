"""The shapes of answers about incidents; a test holds every answer to them."""

from typing import Literal

from pydantic import AwareDatetime, Field

from serving.http.schemas import Shape, Stamp
from serving.worklist.schemas import WorklistRow


class IncidentPage(Stamp):
    """The open incidents, as rows of the work list."""

    incidents: list[WorklistRow]


class IncidentView(Stamp):
    """One incident with some of its open members."""

    id: str
    revision: int
    status: Literal["open", "closed"]
    message: str = Field(description="the cause in words")
    began_at: AwareDatetime
    closed_at: AwareDatetime | None
    row: WorklistRow | None = Field(description="as on the work list; null without open members")
    members: list[WorklistRow]
    total: int = Field(description="members that are open")
    ended: int = Field(description="members that are not open any more")
    split_off: int = Field(description="members that people split off")
    next_cursor: str | None


class MemberResult(Shape):
    """Result for one member."""

    id: str
    result: Literal["resolved", "claimed", "changed", "ended", "no_member"]
    claimed_by: str | None


class BulkResolved(Stamp):
    """Results for the members of an incident, member by member."""

    id: str
    status: Literal["open", "closed"]
    revision: int
    resolved: int
    left: int
    results: list[MemberResult]


class SplitOff(Stamp):
    """Members that left an incident."""

    id: str
    status: Literal["open", "closed"]
    revision: int
    split_off: list[str]
