"""Input and output of the burst detector, in the words that an operator reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

_HARDLY_EVER = 0.05
_MANY_TIMES = 1_000


@dataclass(frozen=True)
class Arrival:
    """One exception as it was detected.

    Attributes:
        id: Of the exception.
        tick: Milliseconds since 1970; one before its predecessor's counts as that.
        values: The names that it may share with others, from
            `models.bursts.attributes.burst_values`.
    """

    id: str
    tick: int
    values: Mapping[str, str]


@dataclass(kw_only=True)
class Burst:
    """One burst as it stands; the detector keeps it up to date, others only read it.

    Attributes:
        id: At most 40 characters; the same exceptions in the same order give the same ids.
        cause: Attribute and value; two of them where only both together explain it.
        since_ms: When it began: the first member's moment, before it was noticed.
        opened_ms: When it was noticed.
        last_ms: When the last member came.
        members: Exceptions that belong to it, in order; the values are None.
        expected: As many exceptions of its kinds as are usual with its value since it began.
        kinds: What kind of exceptions there are too many of: "type payment_failed"; may be none.
    """

    id: str
    cause: tuple[tuple[str, str], ...]
    since_ms: int
    opened_ms: int
    last_ms: int
    members: dict[str, None] = field(default_factory=dict)
    expected: float = 0.0
    kinds: tuple[str, ...] = ()

    @property
    def attribute(self) -> str:
        """The attribute, or both."""
        return " and ".join(attribute for attribute, _ in self.cause)

    @property
    def value(self) -> str:
        """The value, or both."""
        return " and ".join(value for _, value in self.cause)

    @property
    def rate_ratio(self) -> float:
        """Return the ratio of the count to the usual count."""
        return len(self.members) / max(self.expected, 1e-9)

    def words(self, timezone: str = "UTC", noun: str = "exceptions") -> str:
        """Say what it is.

        Args:
            timezone: IANA name in which times are told.
            noun: What the members are.

        >>> Burst(id="1", cause=(("carrier", "rapido"),), since_ms=34_800_000, opened_ms=0,
        ...       last_ms=40_000_000, members=dict.fromkeys("abcdef"), expected=0.5).words()
        'carrier rapido, since 09:40, 6 exceptions, 12 x its usual rate'
        """
        named = " with ".join(f"{_spaced(a)} {value}" for a, value in self.cause)
        count = f"{len(self.members):,} {noun if len(self.members) != 1 else noun.rstrip('s')}"
        parts = [named, f"since {self._since(timezone)}", count, self._how_unusual()]
        if self.kinds:
            parts.append("mostly " + " and ".join(self.kinds))
        return ", ".join(parts)

    def _since(self, timezone: str) -> str:
        begun, last = (_local(ms, timezone) for ms in (self.since_ms, self.last_ms))
        return begun.strftime("%H:%M" if begun.date() == last.date() else "%-d %b %H:%M")

    def _how_unusual(self) -> str:
        if self.expected < _HARDLY_EVER or self.rate_ratio >= _MANY_TIMES:
            return "hardly ever seen before"
        ratio = self.rate_ratio
        return f"{ratio:.0f} x its usual rate" if ratio >= 10 else f"{ratio:.1f} x its usual rate"


@dataclass(frozen=True)
class BurstChange:
    """Change of a burst by an arrival, or by time.

    Attributes:
        kind: `closed` when the value is back to its usual rate.
        burst: As it is now.
        members: Who joined: all so far when it is opened, none when it is closed.
    """

    kind: Literal["opened", "joined", "closed"]
    burst: Burst
    members: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StoredBurst:
    """An open burst as it was kept, to go on with after a restart.

    Attributes:
        id: As given by the detector.
        cause: As in `PlantedBurst`.
        since_ms: As in `PlantedBurst`.
        opened_ms: As in `PlantedBurst`.
        left: Exceptions that people took out of it.
        left_values: Attributes and values that people took out of it.
    """

    id: str
    cause: tuple[tuple[str, str], ...]
    since_ms: int
    opened_ms: int
    left: tuple[str, ...] = ()
    left_values: tuple[tuple[str, str], ...] = ()


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _local(tick: int, timezone: str) -> datetime:
    return datetime.fromtimestamp(tick / 1000, UTC).astimezone(ZoneInfo(timezone))
