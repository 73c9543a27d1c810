"""Base of the sections of `policy.toml`: frozen, without unknown names, numbers in range."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from data.ticks import MACHINE_TIME_ZONES

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    """One section of the policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _zone(name: str) -> str:
    if name not in MACHINE_TIME_ZONES:
        raise ValueError(f"there is no time zone '{name}'; one is 'Europe/Lisbon'")
    return name


ZoneName = Annotated[str, AfterValidator(_zone)]
