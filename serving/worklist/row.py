"""One row of the work list as answers show it, and the facts of an exception on it."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from data.ticks import MISSING_TICK, MS_PER_HOUR
from serving.live_list.claim_board import ClaimHolderOut
from serving.live_list.waiting_cost import CostOfWaitingOut
from serving.scoring.answer import ScoringOut
from serving.wire.answers import Moment, MoneyOut, closed
from serving.wire.exception_in import ExceptionIn
from serving.wire.formats import iso_hours, rfc3339, rfc3339_or_none


@closed
class FactsOut(TypedDict):
    """Names of an exception and its facts."""

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
    detected_at: Moment
    due_at: Moment | None
    time_left: Annotated[
        str | None, Field(description="ISO 8601 to the deadline; negative once passed")
    ]


@closed
class IncidentOut(TypedDict):
    """A burst with one cause: the value that comes far more often than it usually does."""

    attribute: str
    value: str
    began_at: Moment
    noticed_at: Moment
    last_at: Moment
    count: Annotated[int, Field(description="exceptions so far, resolved ones too")]
    usual_count: Annotated[float, Field(description="usual count in that time")]
    times_usual: float
    kinds: Annotated[list[str], Field(description="what kind of exceptions there are too many of")]
    is_over: Annotated[bool, Field(description="no exception joins any more")]


@closed
class WorklistRowOut(ScoringOut, FactsOut, ClaimHolderOut):
    """One open exception on the work list, or an incident: its members are one piece of work.

    Of an incident what only one order has is null; money, score and time are the group's.
    """

    kind: Literal["exception", "incident"]
    rank: int
    members: Annotated[int | None, Field(description="of an incident, how many are open")]
    incident: IncidentOut | None
    cost_of_waiting: Annotated[CostOfWaitingOut | None, Field(description="null without a model")]
    team_back_at: Annotated[
        Moment | None,
        Field(description="its team is off shift until then; null while it is there"),
    ]


def facts(exception_id: str, revision: int, exception: ExceptionIn, now_ms: int) -> FactsOut:
    """Return what names an exception and says what it is about."""
    order = exception.order
    total = order.total if order else None
    due_at = MISSING_TICK if exception.due_at is None else exception.due_at
    left = None if due_at == MISSING_TICK else iso_hours((due_at - now_ms) / MS_PER_HOUR)
    return {
        "id": exception_id,
        "revision": revision,
        "source": exception.source,
        "external_id": exception.external_id,
        "type": exception.known_type,
        "source_value": exception.type_word if exception.known_type == "other" else None,
        "message": exception.message,
        "severity": exception.severity,
        "order_number": order.order_number if order else None,
        "order_total": ({"amount": total.amount, "currency": total.currency} if total else None),
        "channel": order.channel if order else None,
        "customer_segment": order.customer.segment if order and order.customer else None,
        "detected_at": rfc3339(exception.detected_at),
        "due_at": rfc3339_or_none(exception.due_at),
        "time_left": left,
    }
