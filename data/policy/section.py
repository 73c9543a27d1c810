"""Base of the sections of `policy.toml`: frozen, without unknown names, numbers in range."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    """One section of the policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)
