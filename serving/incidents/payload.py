"""What callers may send about claims and incidents."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from serving.wire.exception_in import Name, ResolutionIn

INCIDENT_ID = "^inc_[0-9a-z]{26}$"
ROW_ID = "^(exc|inc)_[0-9a-z]{26}$"
MOST_MEMBERS = 50_000
ExceptionId = Annotated[str, StringConstraints(pattern="^exc_[0-9a-z]{26}$")]


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ClaimIn(_Told):
    """Who claims or releases."""

    by: Name


class MemberIn(_Told):
    """A member of an incident, at the revision that the caller saw; any if they do not say."""

    id: ExceptionId
    revision: Annotated[int, Field(ge=1, lt=2**31)] | None = None


class IncidentResolutionIn(ResolutionIn):
    """How the members of an incident ended, all alike.

    `touch_minutes` and `loss` are those of all together: each member gets an equal share.
    """

    members: Annotated[list[MemberIn], Field(min_length=1, max_length=MOST_MEMBERS)] | None = Field(
        None, description="only these; all if it is left out"
    )


class SplitIn(_Told):
    """Which members are no part of an incident, and who says so."""

    by: Name
    members: Annotated[list[ExceptionId], Field(min_length=1, max_length=MOST_MEMBERS)] | None = (
        Field(None, description="only these; all if it is left out")
    )


CLAIM = TypeAdapter(ClaimIn)
INCIDENT_RESOLUTION = TypeAdapter(IncidentResolutionIn)
SPLIT = TypeAdapter(SplitIn)
