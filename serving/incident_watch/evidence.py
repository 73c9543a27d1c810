"""Facts of an incident beside its members, as the ledger stores them."""

from dataclasses import asdict, dataclass, replace
from typing import Self

import orjson

from models.bursts.detector import Burst, StoredBurst

NOUN = "orders"


@dataclass(frozen=True)
class IncidentFacts:
    """Reasons why exceptions were taken for one burst.

    Attributes:
        burst_id: As the detector calls it.
        cause: Attribute and value, or two of them.
        words: The cause in words.
        count: How many there were so far.
        expected: As many are usual.
        opened_ms: When it was noticed.
        last_ms: When the last member came.
        kinds: What kind of exceptions there are too many of.
        is_over: Its value is back to its usual rate, or a person ended it: no
            exception joins any more.
    """

    burst_id: str
    cause: tuple[tuple[str, str], ...]
    words: str
    count: int
    expected: float
    opened_ms: int
    last_ms: int
    kinds: tuple[str, ...]
    is_over: bool = False

    @classmethod
    def of(cls, burst: Burst, timezone: str, *, is_over: bool) -> Self:
        """Take down a burst as it is now."""
        return cls(
            burst_id=burst.id,
            cause=burst.cause,
            words=burst.words(timezone, NOUN),
            count=len(burst.members),
            expected=burst.expected,
            opened_ms=burst.opened_ms,
            last_ms=burst.last_ms,
            kinds=burst.kinds,
            is_over=is_over,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` gave."""
        values = orjson.loads(text)
        cause = tuple((attribute, value) for attribute, value in values.pop("cause"))
        return cls(cause=cause, kinds=tuple(values.pop("kinds")), **values)

    def to_json(self) -> str:
        """Return it as text for the ledger."""
        return orjson.dumps(asdict(self)).decode()

    @property
    def times_usual(self) -> float:
        """Return the ratio of the count to the usual count."""
        return self.count / max(self.expected, 1e-9)

    def over(self) -> Self:
        """Return it as it is once no exception joins any more."""
        return replace(self, is_over=True)

    def stored_burst(self, since_ms: int, left: tuple[str, ...]) -> StoredBurst:
        """Return what the detector goes on with after a restart."""
        return StoredBurst(
            id=self.burst_id,
            cause=self.cause,
            since_ms=since_ms,
            opened_ms=self.opened_ms,
            left=left,
        )
