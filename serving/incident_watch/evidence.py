"""Facts of an incident beside its members, as the ledger stores them."""

from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Self

import orjson
from pydantic import TypeAdapter

from data.ledger.incidents import Incident
from models.bursts.detector import Burst, StoredBurst
from serving.wire.stored_exception import UnreadableRowError, reading

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
    def unreadable(cls, incident: Incident) -> Self:
        """Return the stand-in for facts that can't be read: nothing joins the incident any more."""
        return cls(
            burst_id=incident.id,
            cause=((incident.attribute, incident.value),),
            words=f"{incident.attribute} {incident.value}: the evidence can't be read any more",
            count=0,
            expected=0.0,
            opened_ms=incident.known_at_ms,
            last_ms=incident.known_at_ms,
            kinds=(),
            is_over=True,
        )

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


_FACTS = TypeAdapter(IncidentFacts)


@lru_cache(maxsize=4_096)
def stored_facts(incident: Incident) -> IncidentFacts:
    """Read the facts of an incident as the ledger stores them.

    Facts that can't be read are logged and counted once; a stand-in takes their place, so that the
    incident stays on the list and its members can be resolved.
    """
    try:
        with reading(incident.id):
            facts = _FACTS.validate_json(incident.body)
            facts.to_json()  # a number may be too large to be written again
            return facts
    except UnreadableRowError:
        return IncidentFacts.unreadable(incident)
