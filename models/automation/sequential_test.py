"""Sequential test that withdraws a promise; it is valid at a look after every audit.

A bet against the promise: an account grows when an audited decision was wrong and shrinks when it
was right, at odds that are fair to the promise. While at most the promised share is wrong it is
not expected to grow, so by Ville's inequality the chance that it ever reaches 1 / level is at
most the level, however often one looks (Waudby-Smith and Ramdas 2024; Shafer 2021). The stake is
spread over higher errors, for nobody knows how bad it gets, and over moments at which it may
begin, so that a long good past does not make it slow to see a bad present.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BET_ERROR_FACTORS = (1.5, 2.0, 3.0, 5.0)
"""Errors that are bet on, as multiples of the promised one."""
MAX_BET_ERROR = 0.9
_MAX_LOG_WEALTH = 600.0
AUDITS_PER_ACCOUNT = 25
"""A new account is opened every so many audits, each with a smaller share of the stake."""


@dataclass(frozen=True)
class SequentialTest:
    """The test of one promise.

    Attributes:
        error: The promised share of wrong ones, above 0 and below 1/2.
        level: Chance that a promise that holds is ever suspended.
    """

    error: float
    level: float

    def wealth(self, wrong: Sequence[bool] | np.ndarray) -> np.ndarray:
        """Return the account after each audit, in the order in which they became known; from 1."""
        wrong = np.asarray(wrong, bool)
        n = len(wrong)
        worse = np.minimum(np.array(BET_ERROR_FACTORS) * self.error, MAX_BET_ERROR)[:, None]
        gain = np.where(
            wrong, np.log(worse / self.error), np.log((1 - worse) / (1 - self.error))
        ).cumsum(axis=1)
        total = np.zeros(n)
        begins = np.arange(0, n, AUDITS_PER_ACCOUNT)
        for account, begin in enumerate(begins):
            before = gain[:, [begin - 1]] if begin else 0.0
            share = _share(account)
            total[:begin] += share
            grown = np.exp(np.minimum(gain[:, begin:] - before, _MAX_LOG_WEALTH))
            total[begin:] += share * grown.mean(axis=0)
        return total + 1 / (len(begins) + 1)

    def suspended_after(self, wrong: Sequence[bool] | np.ndarray) -> int | None:
        """Return after how many audits the promise is suspended; None while it stands."""
        reached = np.flatnonzero(self.wealth(wrong) >= 1 / self.level)
        return int(reached[0]) + 1 if len(reached) else None


def _share(account: int) -> float:
    """Return the share of the stake of an account; those of all there will be add up to 1."""
    return 1 / ((account + 1) * (account + 2))
