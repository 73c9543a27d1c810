"""The shapes of answers, for the documentation; a test holds every answer to them."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from serving.wire.answers import Chance, MoneyOut, ReasonOut


class Shape(BaseModel):
    """Base of all answers: no key that is not documented."""

    model_config = ConfigDict(extra="forbid")


class Stamp(Shape):
    """By which model and policy, when; `degraded` where no model had a say."""

    model_version: str | None
    policy_version: str
    scored_at: AwareDatetime
    degraded: bool


class HandlingTime(Shape):
    """Touch time, ISO 8601: the median, and what nine of ten stay under."""

    p50: str
    p90: str


class PledgeOut(Shape):
    """The promise that an automatic decision rests on: rate of errors, confidence, threshold."""

    error: Chance
    confidence: Chance
    threshold: Chance
    model_version: str


class VerdictOut(Shape):
    """Most likely category or team, and whether it may be set without asking."""

    label: str | None
    probability: Chance | None
    prediction_set: list[str]
    decision: Literal["auto", "suggest", "abstain"]
    promise: PledgeOut | None


class Scoring(Stamp):
    """Assessment of an exception. Without a model, all values of a model are null."""

    score: float | None = Field(description="money that an hour's wait loses, for an hour of work")
    priority: Literal["p1", "p2", "p3", "p4"] | None
    money_at_stake: MoneyOut
    expected_loss_now: MoneyOut | None
    expected_loss_if_deferred: MoneyOut | None
    handling_time: HandlingTime
    category: VerdictOut
    team: str | None
    team_probability: Chance | None
    routing: VerdictOut = Field(description="the team, as `category` tells the category")
    suggestion_hidden: bool = Field(
        description="drawn at random for a check: people decide without the model's category "
        "and team, which are left out until it is resolved"
    )
    chance_of_breach: Chance | None
    latest_safe_start_at: AwareDatetime | None
    incident_id: str | None
    tier: Literal["rule", "oldest", "open", "lost"]
    reasons: list[ReasonOut]


class ScoreAnswer(Scoring):
    """One exception scored; nothing is stored."""

    result: Literal["scored"]
    source: str
    external_id: str


class Flawed(Shape):
    """One thing wrong: a JSON pointer to it, and what."""

    pointer: str
    detail: str


class Problem(Shape):
    """Problem in the shape of RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Flawed]
    claimed_by: str | None = Field(None, description="who has it, where that is the problem")
    claimed_until: AwareDatetime | None = None


class Refused(Problem):
    """An item of a batch that was not taken."""

    result: Literal["refused"]
    source: Any
    external_id: Any


class ScoreBatch(Stamp):
    """Item by item, in the order sent."""

    scored: int
    refused: int
    results: list[ScoreAnswer | Refused]


class Accepted(Scoring):
    """One exception taken in."""

    result: Literal["created", "updated", "unchanged", "late", "closed", "reopened"]
    id: str
    source: str
    external_id: str
    status: Literal["open", "resolved"]
    revision: int


class AcceptedBatch(Stamp):
    """Item by item, in the order sent."""

    accepted: int
    refused: int
    results: list[Accepted | Refused]


class Facts(Scoring):
    """Names of an exception, its facts, and its assessment."""

    id: str
    revision: int
    source: str
    external_id: str
    type: str | None
    source_value: str | None
    message: str | None
    severity: str | None
    order_number: str | None
    order_total: MoneyOut | None
    channel: str | None
    customer_segment: str | None
    detected_at: AwareDatetime
    due_at: AwareDatetime | None
    claimed_by: str | None
    claimed_until: AwareDatetime | None
    time_left: str | None = Field(description="ISO 8601 to the deadline; negative once passed")


class OutcomeOut(Shape):
    """End of an exception."""

    category: str | None
    label_origin: str | None
    team: str | None
    team_origin: str | None
    suggestion_hidden: bool | None
    touch_minutes: float | None
    breached: bool | None
    loss: MoneyOut | None
    by: str | None
    resolved_at: AwareDatetime
    known_at: AwareDatetime


class Decided(Stamp):
    """Decision at an event."""

    category: str | None
    decision: str
    team: str | None


class EventOut(Shape):
    """One thing that happened."""

    event: str
    occurred_at: AwareDatetime
    known_at: AwareDatetime
    by: str | None
    decided: Decided | None


class ExceptionView(Facts):
    """One exception in full."""

    status: Literal["open", "resolved"]
    rank: int | None
    open_total: int
    payload: dict[str, Any]
    outcome: OutcomeOut | None
    history: list[EventOut]


class Resolved(Stamp):
    """An exception that ended."""

    id: str
    status: Literal["resolved"]
    revision: int
    resolved_at: AwareDatetime


class Claimed(Shape):
    """Holder of an exception or an incident, and the end of the claim; null once it is free."""

    id: str
    revision: int
    claimed_by: str | None
    claimed_until: AwareDatetime | None


class Ready(Stamp):
    """Readiness of the service."""

    status: str
    champion: str
    forecasts: str
    open_exceptions: int
