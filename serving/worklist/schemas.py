"""The shapes of answers about the work list, for the documentation; a test holds them to it."""

from typing import Literal

from pydantic import AwareDatetime, Field

from serving.http.schemas import Facts, Shape, Stamp
from serving.live_list.capacity import CapacityOut
from serving.live_list.waiting_cost import CostOfWaitingOut


class IncidentOut(Shape):
    """A burst with one cause: the value that comes far more often than it usually does."""

    attribute: str
    value: str
    began_at: AwareDatetime
    noticed_at: AwareDatetime
    last_at: AwareDatetime
    count: int = Field(description="exceptions so far, resolved ones too")
    usual_count: float = Field(description="usual count in that time")
    times_usual: float
    kinds: list[str] = Field(description="what kind of exceptions there are too many of")
    is_over: bool = Field(description="no exception joins any more")


class WorklistRow(Facts):
    """One open exception on the work list, or an incident: its members are one piece of work.

    Of an incident what only one order has is null; money, score and time are the group's.
    """

    kind: Literal["exception", "incident"]
    rank: int
    members: int | None = Field(description="of an incident, how many are open")
    incident: IncidentOut | None
    cost_of_waiting: CostOfWaitingOut | None = Field(description="null without a model")


class WorklistPage(Stamp):
    """A page of the work list."""

    rows: list[WorklistRow]
    total: int
    next_cursor: str | None
    ranked_at: AwareDatetime
    currency: str
    capacity: CapacityOut | None = Field(description="of the team asked for, else of all")
    capacity_reason: str | None = Field(description="why there is no capacity line")
