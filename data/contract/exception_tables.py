"""Columns of exceptions, the steps of their handling and their outcomes."""

# Time, Text and YesNo are dtype objects, which pandera reads from the annotations at run time.
# pyright: reportInvalidTypeForm=false

from pandera.typing.pandas import Series

from data.contract.column_types import (
    AttributesTable,
    BaseTable,
    Field,
    Text,
    Time,
    YesNo,
    currency,
    optional,
)
from data.domain import MAX_AMOUNT, MAX_MINUTES, HandlingEvent, LabelOrigin


class Exceptions(AttributesTable):
    """One exception as it was first raised."""

    exception_id: Series[Text] = Field()
    detected_at: Series[Time] = Field()
    order_id: Series[Text] = optional()
    source: Series[Text] = optional(description="the system that raised it")
    type: Series[Text] = optional(description="an ExceptionType, or the source's own word")
    reason_code: Series[Text] = optional()
    message: Series[Text] = optional(description="free text in any language")
    severity: Series[Text] = optional(description="as the source sets it")
    due_at: Series[Time] = optional(description="the deadline, if there is one")
    attributes: Series[Text] = optional(description="a JSON object of names to texts or numbers")


class ExceptionEvents(BaseTable):
    """One step in the handling of one exception."""

    exception_id: Series[Text] = Field()
    occurred_at: Series[Time] = Field()
    step: Series[int] = Field(
        default=0, ge=0, description="order among steps of one time; the file's order if left out"
    )
    event: Series[Text] = Field(isin=[str(e) for e in HandlingEvent])
    team: Series[Text] = optional(description="the team that has it after this step")
    by: Series[Text] = optional(description="who did it")
    category: Series[Text] = optional(description="the category after this step")
    priority: Series[Text] = optional(description="the priority after this step")
    copy_number: Series[int] = Field(
        default=0, ge=0, description="number among equal steps of one file; counted if left out"
    )


class Outcomes(BaseTable):
    """One exception as it ended. An empty field was not recorded; it is never a guess."""

    exception_id: Series[Text] = Field()
    category: Series[Text] = optional(description="what it turned out to be")
    label_origin: Series[Text] = optional(
        isin=[str(o) for o in LabelOrigin], description="how the category came about"
    )
    suggestion_hidden: Series[YesNo] = optional(description="it was named without a suggestion")
    team: Series[Text] = optional(description="the team that solved it")
    team_origin: Series[Text] = optional(
        isin=[str(o) for o in LabelOrigin], description="how the team came about"
    )
    priority: Series[Text] = optional(description="the band that people gave it in the end")
    resolved_at: Series[Time] = optional()
    touch_minutes: Series[float] = optional(
        ge=0, description="minutes of work, not elapsed time", le=MAX_MINUTES
    )
    breached: Series[YesNo] = optional(description="the deadline, SLA or promise was missed")
    breached_at: Series[Time] = optional(description="when it was missed, where that is recorded")
    loss: Series[float] = optional(ge=0, description="money lost by it", le=MAX_AMOUNT)
    currency: Series[Text] = currency("of the loss, ISO 4217; the order's if empty")
    healed_itself: Series[YesNo] = optional(description="it resolved itself, without work")
