"""The error of a payload that breaks the contract, with a pointer to each flaw."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from data.domain import ExpediteError


class Flaw(NamedTuple):
    """One thing wrong with a request: a JSON pointer to it, and what is wrong."""

    pointer: str
    detail: str


MAX_ECHOED_LENGTH = 255


def echoed(value: object) -> str | int | float | None:
    """Return what a refused item calls itself, for its answer; None where that is no name.

    What was refused may be nested deeper than JSON can be written, or be megabytes long.
    """
    if isinstance(value, str):
        return value if len(value) <= MAX_ECHOED_LENGTH else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) else None


class BadPayloadError(ExpediteError):
    """The request can be read, but breaks the contract."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        self.flaws = list(flaws)
        super().__init__("; ".join(f"{flaw.pointer or '/'}: {flaw.detail}" for flaw in flaws))


def pointer_to(location: tuple[int | str, ...]) -> str:
    """Return a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)
