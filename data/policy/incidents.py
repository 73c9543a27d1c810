"""Terms of burst detection and incidents: the section `incidents`."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from data.policy.section import Positive, Section

Name = Annotated[str, Field(min_length=1)]


class IncidentTerms(Section):
    """Limits of burst detection, and the effort to fix one cause.

    Attributes:
        false_alarms_per_week: False bursts, on average, in a week that has none; over all
            attributes, values and windows together.
        fewest_members: Fewer exceptions are no burst, however rare their value is.
        explains: Share of the excess that a more specific value must hold to be named the cause.
        longest_hours: The longest window that is looked at; shorter ones are looked at with it.
        attributes: Where causes are looked for; `all` for every attribute that sources send.
        fix_minutes_p50: Work to fix the cause of a burst, once for all its members.
        fix_minutes_p90: The same, at its worst in ten.
    """

    false_alarms_per_week: Positive
    fewest_members: Annotated[int, Field(ge=3)]
    explains: Annotated[float, Field(gt=0.5, le=1)]
    longest_hours: Annotated[float, Field(ge=1, le=24 * 7)]
    attributes: Literal["all"] | Annotated[list[Name], Field(min_length=1)]
    fix_minutes_p50: Positive
    fix_minutes_p90: Positive

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.fix_minutes_p90 < self.fix_minutes_p50:
            raise ValueError("fix_minutes_p90 is below fix_minutes_p50")
        return self
