"""Parts that many answers of the API share. They document an answer and check it in tests.

At run time an answer is a plain dict: nothing is validated when it is sent.
"""

from typing import Annotated, Any

import numpy as np
from pydantic import AwareDatetime, ConfigDict, GetPydanticSchema, with_config
from typing_extensions import TypedDict

from serving.wire.fields import Currency

closed = with_config(ConfigDict(extra="forbid"))
"""Marks an answer that holds its documented fields and no others."""


def documented_as(kind: Any) -> GetPydanticSchema:
    """Return the mark of a value that becomes another type in JSON."""
    return GetPydanticSchema(lambda _, handler: handler.generate_schema(kind))


Chance = float
Day = str
Moment = Annotated[str, documented_as(AwareDatetime)]
"""Text of a moment (RFC 3339)."""
Numbers = Annotated[np.ndarray, documented_as(list[float])]
"""Array that orjson writes as a list."""


@closed
class MoneyOut(TypedDict):
    """An amount as a decimal text with the decimals of its currency."""

    amount: str
    currency: Currency


@closed
class ReasonOut(TypedDict):
    """One reason, in words and money."""

    code: str
    text: str


@closed
class StampOut(TypedDict):
    """By which model and policy, when; `degraded` where no model had a say."""

    model_version: str | None
    policy_version: str
    scored_at: Moment
    degraded: bool
