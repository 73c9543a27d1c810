"""Shiryaev-Roberts statistic of each watched value: evidence for a burst that began at some time.

For an extra rate `d` the statistic of Shiryaev and Roberts adds up, over all moments at which a
burst may have begun, the likelihood of what has come since with that extra rate over that without:

    R <- R * exp(-d t) + (1 - exp(-d t)) / d       after t hours without an arrival
    R <- R * (1 + d / rate)                         at an arrival

Without a burst the mean of R is the hours watched, whatever the rates do (they may depend on the
past in any way). So of a weighted mean of R over extra rates and values, weights that add up to 1,
the mean time until it first passes A is at least A hours: one bound for all values, all
windows and all looks. (Pollak 1985; e-detectors: Shin, Ramdas and Rinaldo 2022.) It holds as far as
the rates do, which is why `models/bursts/rates.py` errs on the high side.
"""

import numpy as np

from models.bursts.baseline_rate import Lesson, note_arrival, rates_today
from models.bursts.rates import Rates, doubled

_RATES = 8
_STEP = 4.0
_MAX_SUM = 1e200
_FIRST_ROOM = 1_024


def extra_rates(fewest_members: int, longest_hours: float) -> np.ndarray:
    """Return the extra rates looked for, per hour: from the fewest in the longest window on."""
    return fewest_members / longest_hours * _STEP ** np.arange(_RATES)


class BurstStatistic:
    """The statistic of every key, for every extra rate."""

    def __init__(self, extra: np.ndarray) -> None:
        self._extra = extra
        self._sums = np.zeros((_FIRST_ROOM, len(extra)))

    def grow(self, size: int) -> None:
        """Make room for so many keys."""
        while size > len(self._sums):
            self._sums = doubled(self._sums)

    def take(self, keys: np.ndarray, rates: Rates, seen_part: float) -> tuple[np.ndarray, Lesson]:
        """Take one arrival of now.

        Args:
            keys: Its keys.
            rates: Stands for the day from now on.
            seen_part: 1, or for a member of a burst how much of it is usual: no evidence then.

        Returns:
            Evidence by key, in hours; and what it teaches when it is some days old.
        """
        learned, now = rates.learned, rates.now
        since = now.hours - learned.at_hours[keys]
        rate = rates_today(keys, learned, now)
        if seen_part < 1:
            rate[:] = np.inf
        sums = _stepped(self._sums[keys], self._extra, rate[:, None], since[:, None])
        self._sums[keys] = sums
        return sums.mean(axis=1), note_arrival(keys, learned, seen_part)

    def clear(self, key: int | np.ndarray) -> None:
        """Begin anew: what spoke for a burst has been explained."""
        self._sums[key] = 0

    def replay(self, key: int, rates: np.ndarray, gaps_hours: np.ndarray) -> float:
        """Begin anew and take arrivals of one key, the first `gaps_hours[0]` after the start."""
        sums = np.zeros_like(self._extra)
        for rate, gap in zip(rates.tolist(), gaps_hours.tolist(), strict=True):
            sums = _stepped(sums, self._extra, rate, gap)
        self._sums[key] = sums
        return float(sums.mean())


def _stepped(
    sums: np.ndarray,
    extra: np.ndarray,
    rate: np.ndarray | float,
    hours: np.ndarray | float,
) -> np.ndarray:
    """Return sums one arrival later, for every extra rate."""
    left = np.exp(-hours * extra)
    grown = (sums * left + (1 - left) / extra) * (1 + extra / rate)
    return np.minimum(grown, _MAX_SUM)


def surprise(observed: np.ndarray, expected: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Return how little chance explains a count: the log-likelihood ratio of a negative binomial.

    Args:
        observed: Counts.
        expected: Their means if nothing is unusual; above 0.
        shape: Of the Gamma distributed factor of the means.

    >>> surprise(np.array([40.0, 3.0]), np.array([3.0, 3.0]), np.array([1e9, 1e9])).round(1)
    array([66.6,  0. ])
    """
    observed = np.maximum(observed, expected)
    return observed * np.log(observed / expected) - (observed + shape) * np.log(
        (observed + shape) / (expected + shape)
    )
