"""Window of time for the rehearsal of a model."""

from dataclasses import dataclass
from typing import NamedTuple

from data.ticks import MS_PER_DAY
from training.triage.dataset import TriageDataset

MAX_WINDOW_DAYS = 28.0
MAX_WINDOW_SHARE = 0.3
MIN_ROWS_TO_JUDGE_TRIAGE = 40


class TickSpan(NamedTuple):
    """Ticks from `begin` to just before `end`."""

    begin: int
    end: int


class Halves(NamedTuple):
    """Halves of a window: of calibration, and of judgement."""

    first: TickSpan
    second: TickSpan


@dataclass(frozen=True)
class RehearsalWindow:
    """Calibration from `cut` to `middle`, judgement from `middle` to `end`; ticks."""

    cut: int
    middle: int
    end: int

    @property
    def halves(self) -> Halves:
        """First and second half."""
        return Halves(TickSpan(self.cut, self.middle), TickSpan(self.middle, self.end))

    def moved(self, ticks: int) -> "RehearsalWindow":
        """Return a window of the same length, that ends where what was detected ended."""
        if not ticks:
            return self
        last = 2 * self.middle - self.cut
        return RehearsalWindow(self.cut + ticks, self.middle + ticks, last + ticks)

    @classmethod
    def of(cls, dataset: TriageDataset) -> "RehearsalWindow":
        """Take the last 28 days that hold anything, but no more than 30 % of the period."""
        detected = dataset.detected_at
        last = int(detected.max()) + 1
        period = last - int(detected.min())
        length = int(min(MAX_WINDOW_DAYS * MS_PER_DAY, MAX_WINDOW_SHARE * period))
        return cls(last - length, last - length // 2, dataset.tick)
