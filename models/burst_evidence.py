"""How strongly the arrivals of each watched value speak for a burst that has begun at some time.

For an extra rate `d` the statistic of Shiryaev and Roberts adds up, over all moments at which a
burst may have begun, the likelihood of what has come since with that extra rate over that without:

    R <- R * exp(-d t) + (1 - exp(-d t)) / d       after t hours without an arrival
    R <- R * (1 + d / rate)                         at an arrival

Without a burst the mean of R is the hours watched, whatever the rates do (they may depend on the
past in any way). So of a weighted mean of R over extra rates and values, weights that add up to 1,
the mean time until it first passes A is at least A hours: one bound for all values, all
windows and all looks. (Pollak 1985; e-detectors: Shin, Ramdas and Rinaldo 2022.) It holds as far as
the rates do, which is why `models/burst_rates.py` errs on the high side.
"""

import numpy as np

from models.burst_rates import doubled

_RATES = 8
_STEP = 4.0
_LARGEST = 1e200
_FIRST_ROOM = 1_024


def extra_rates(fewest_members: int, longest_hours: float) -> np.ndarray:
    """Return the extra rates looked for, per hour: from the fewest in the longest window on."""
    return fewest_members / longest_hours * _STEP ** np.arange(_RATES)


class Evidence:
    """The statistic of every key, for every extra rate."""

    def __init__(self, extra: np.ndarray) -> None:
        self._extra = extra
        self._sums = np.zeros((_FIRST_ROOM, len(extra)))

    def grow(self, size: int) -> None:
        """Make room for so many keys."""
        while size > len(self._sums):
            self._sums = doubled(self._sums)

    def take(self, keys: np.ndarray, rates: np.ndarray, since_hours: np.ndarray) -> np.ndarray:
        """Take one arrival of each key; return the mean over the extra rates, in hours.

        Args:
            keys: Whose arrival it is, each once.
            rates: Expected of each per hour now.
            since_hours: Since each key's last arrival.
        """
        sums = self._stepped(self._sums[keys], rates, since_hours)
        self._sums[keys] = sums
        return sums.mean(1)

    def clear(self, key: int) -> None:
        """Begin anew: what spoke for a burst has been explained."""
        self._sums[key] = 0

    def replay(self, key: int, rates: np.ndarray, gaps_hours: np.ndarray) -> float:
        """Begin anew and take arrivals of one key, the first `gaps_hours[0]` after the start."""
        sums = np.zeros((1, len(self._extra)))
        for rate, gap in zip(rates, gaps_hours, strict=True):
            sums = self._stepped(sums, np.array([rate]), np.array([gap]))
        self._sums[key] = sums[0]
        return float(sums.mean())

    def _stepped(self, sums: np.ndarray, rates: np.ndarray, hours: np.ndarray) -> np.ndarray:
        left = np.exp(-hours[:, None] * self._extra)
        grown = (sums * left + (1 - left) / self._extra) * (1 + self._extra / rates[:, None])
        return np.minimum(grown, _LARGEST)


def surprise(seen: np.ndarray, expected: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Return how little chance explains a count: the log-likelihood ratio of a negative binomial.

    Args:
        seen: Counts.
        expected: Their means if nothing is unusual; above 0.
        shape: Of the Gamma distributed factor of the means.

    >>> surprise(np.array([40.0, 3.0]), np.array([3.0, 3.0]), np.array([1e9, 1e9])).round(1)
    array([66.6,  0. ])
    """
    seen = np.maximum(seen, expected)
    return seen * np.log(seen / expected) - (seen + shape) * np.log(
        (seen + shape) / (expected + shape)
    )
