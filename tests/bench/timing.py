"""Time two things in turns, so that a noisy machine is noisy for both."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Ratio:
    """One line of the table.

    Attributes:
        what: What is timed.
        against: What it is timed against.
        ours: Time of ours, in `unit`.
        theirs: Time of the other.
        unit: ms or s.
        allowed: Largest ratio that is allowed.
    """

    what: str
    against: str
    ours: float
    theirs: float
    unit: str
    allowed: float

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return self.ours / self.theirs

    @property
    def kept(self) -> bool:
        """Whether it is within what is allowed."""
        return self.ratio <= self.allowed


def seconds(work: Work) -> float:
    """Time one run."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def in_turns(ours: Work, theirs: Work, rounds: int) -> tuple[list[float], list[float]]:
    """Time both `rounds` times, in turns."""
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def quantile(times: list[float], share: float) -> float:
    """Return a quantile of times."""
    return statistics.quantiles(times, n=1000, method="inclusive")[round(share * 1000) - 1]
