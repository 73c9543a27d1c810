"""The error of a payload that breaks the contract, with a pointer to each flaw."""

from collections.abc import Sequence
from typing import NamedTuple

from data.domain import ExpediteError


class Flaw(NamedTuple):
    """One thing wrong with a request: a JSON pointer to it, and what is wrong."""

    pointer: str
    detail: str


class BadPayloadError(ExpediteError):
    """The request can be read, but breaks the contract."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        self.flaws = list(flaws)
        super().__init__("; ".join(f"{flaw.pointer or '/'}: {flaw.detail}" for flaw in flaws))


def pointer_to(location: tuple[int | str, ...]) -> str:
    """Return a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)
