"""The shapes of answers about the work list, for the documentation; a test holds them to it."""

from typing import Literal

from pydantic import AwareDatetime, Field

from serving.http.schemas import Facts, Shape, Stamp
from serving.live_list.waiting_cost import CostOfWaitingOut
from serving.wire.answers import MoneyOut


class IncidentOut(Shape):
    """A burst with one cause: the value that comes far more often than it usually does."""

    attribute: str
    value: str
    began_at: AwareDatetime
    noticed_at: AwareDatetime
    last_at: AwareDatetime
    count: int = Field(description="exceptions so far, resolved ones too")
    usual_count: float = Field(description="so many are usual in that time")
    times_usual: float
    kinds: list[str] = Field(description="what kind of exceptions there are too many of")
    is_over: bool = Field(description="nobody joins any more")


class Capacity(Shape):
    """How far the people on shift get if nothing new comes in: work reaches a rank."""

    team: str | None = Field(description="null is all teams together, each on its own rows")
    people: int
    until: AwareDatetime = Field(description="the shift ends, of all teams the last one")
    reaches_rank: int = Field(description="all that stands above is begun by then")
    rows_reached: int
    rows_left: int = Field(description="rows of the teams on shift that are not begun by then")
    lost_below: MoneyOut = Field(description="that the rows left lose by then, over starting now")
    next_shift_at: AwareDatetime
    lost_below_by_next_shift: MoneyOut
    one_more_hour_saves: MoneyOut = Field(description="of one person, after the shift")
    one_more_hour_in: str = Field(description="the team in which an hour more saves most")
    one_person_less_costs: MoneyOut = Field(description="from now until the shift ends")
    one_person_less_in: str = Field(description="the team in which one less costs least")


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
    capacity: Capacity | None = Field(description="of the team asked for, else of all")
    capacity_reason: str | None = Field(description="why there is no capacity line")


class SideOut(Shape):
    """One of two rows, in the terms of the rule: score = money at stake x hazard / hours."""

    tier: Literal["rule", "oldest", "open", "lost"]
    score: float | None
    money_at_stake: MoneyOut
    expected_loss_now: MoneyOut | None
    cost_of_an_hour: MoneyOut | None = Field(
        description="that waiting for its next turn loses an hour"
    )
    hazard_per_hour: float | None = Field(description="share of the stake that is")
    touch_time: str = Field(description="expected work, ISO 8601")


class RatiosOut(Shape):
    """The row over the other one, term by term; null where there is nothing to compare with."""

    score: float | None
    loss: float | None
    hazard: float | None
    hours: float | None


class Comparison(Stamp):
    """Why one row stands above (or below) another."""

    id: str
    rank: int
    other_id: str
    other_rank: int
    above: bool
    decided_by: Literal["tier", "loss", "hazard", "hours", "age", "slack"]
    one: SideOut
    other: SideOut
    ratios: RatiosOut
    sentences: list[str]
