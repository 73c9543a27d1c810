"""Windows of time for the rehearsal of a model."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data.ticks import MS_PER_DAY
from training.triage.dataset import TriageDataset

MAX_WINDOW_DAYS = 28.0
MAX_WINDOW_SHARE = 0.3
MIN_ROWS_TO_JUDGE_TRIAGE = 40
MIN_BREACHES_TO_JUDGE = 20
"""Of each kind, breached and not, in a window."""
MIN_BREACHES_OF_A_HALF = 5
"""Of each kind, in each half of such a window: one half learns, the other one judges."""
ROWS_OF_A_BREACH_WINDOW = 600
MIN_SETTLED_SHARE = 0.9
_ENDS = 60


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


def breach_window(dataset: TriageDataset) -> RehearsalWindow | None:
    """Return the latest window whose outcomes have had time to come.

    It ends where nine of ten outcomes that come at all have come; what was detected later is not
    judged. A history of long lead times gets a long window, 30 % of its period at most.

    Returns:
        None where no window, or no half of it, holds enough breaches and enough others.
    """
    order = np.argsort(dataset.detected_at, kind="stable")
    detected = dataset.detected_at[order]
    labelled = dataset.labels.breach_known(dataset.tick)[order]
    breached = np.where(labelled, dataset.labels.breached[order], np.nan)
    ever_known = labelled[: max(len(labelled) // 2, 1)].mean()
    begin, last = int(detected[0]), int(detected[-1]) + 1
    longest = int(MAX_WINDOW_SHARE * (last - begin))
    for end in np.linspace(last, begin + longest, _ENDS).astype(np.int64):
        until = np.searchsorted(detected, end)
        recent = np.flatnonzero(labelled[:until])[-ROWS_OF_A_BREACH_WINDOW:]
        span = end - detected[recent[0]] if len(recent) else 0
        length = int(min(max(MAX_WINDOW_DAYS * MS_PER_DAY, span), longest))
        window = RehearsalWindow(int(end) - length, int(end) - length // 2, int(end))
        cut, middle = np.searchsorted(detected, [window.cut, window.middle])
        settled = labelled[cut:until].mean() if until > cut else 0.0
        of_halves = min(_fewer(breached[cut:middle]), _fewer(breached[middle:until]))
        of_both = _fewer(breached[cut:until])
        enough = of_halves >= MIN_BREACHES_OF_A_HALF and of_both >= MIN_BREACHES_TO_JUDGE
        if settled >= MIN_SETTLED_SHARE * ever_known and enough:
            return window
    return None


def _fewer(breached: np.ndarray) -> int:
    """Return the number of the rarer kind among 0, 1 and NaN."""
    return int(min((breached == 1).sum(), (breached == 0).sum()))
