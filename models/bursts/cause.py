"""Cause of a burst: the value, or pair of values, that explains the excess."""

from collections.abc import Iterable
from itertools import combinations
from math import log
from typing import NamedTuple

import numpy as np

from models.bursts.arrivals import ArrivalRows, Cause, RecentArrivals
from models.bursts.keys import NOTHING, BurstKeys
from models.bursts.rates import Rates
from models.bursts.shiryaev_roberts import surprise

_SHAPE = 0.5
_PAIR_HANDICAP = 0.75
"""A pair is named where it is clearly better than one value: there are many pairs to be right."""
_KIND_HANDICAP = 0.5
"""A kind is named where no value explains nearly as much: two bursts may be of one kind."""


class CauseRate(NamedTuple):
    """Usual arrivals of a cause.

    Attributes:
        per_hour: Arrivals an hour.
        shape: Of their unevenness.
    """

    per_hour: float
    shape: float


class CauseFinder:
    """Looks through the unexplained rows of a window."""

    def __init__(
        self, keys: BurstKeys, rates: Rates, past: RecentArrivals, explains: float
    ) -> None:
        self._keys, self._rates, self._past, self._explains = keys, rates, past, explains

    def cause_of(self, key: int) -> Cause:
        """Return the value, or the two values, of a watched key."""
        parents = self._keys.parents[key]
        singles = (key,) if parents[0] == NOTHING else parents
        return tuple((self._keys.column_of(k), k) for k in singles)

    def start(self, rows: ArrivalRows, cause: Cause, fewest: int, now_hours: float) -> int:
        """Return the row with which a burst of a cause most likely began; -1 if there are too few.

        Args:
            rows: The longest window.
            cause: Whose rows count.
            fewest: A burst has at least so many.
            now_hours: On the week clock.
        """
        own = np.flatnonzero(rows.with_all(cause) & rows.unexplained)
        if len(own) < fewest:
            return -1
        first, after = own[:-1], len(own) - 1.0 - np.arange(len(own) - 1)
        rate, shape = self.rate(cause, rows.begin)
        spans = np.maximum(now_hours - rows.hours[first], 1e-3)
        best = surprise(after, rate * spans, np.full(len(first), shape)).argmax()
        return rows.begin + int(first[best]) if len(own) - best >= fewest else -1

    def rate(self, cause: Cause, before: int) -> CauseRate:
        """Return how often a cause comes in an hour, and the shape of its unevenness.

        Args:
            cause: One or two values.
            before: Rows from this one on are not usual, and don't count.
        """
        shape = self._rates.least_shape([code for _, code in cause])
        past = self._past.table(self._past.first, before)
        hours = max(float(np.ptp(past.hours)), 1.0) if len(past) else 1.0
        observed = int((past.with_all(cause) & past.unexplained).sum())
        if len(cause) > 1:  # that its values are rare does not make it rarer
            return CauseRate((observed + _SHAPE) / hours, shape)
        values = self._keys.values_of_group[self._keys.group[next(iter(cause))[1]]]
        mean = max(len(past), 1) / values / hours
        return CauseRate((observed + _SHAPE) / (hours + _SHAPE / mean), shape)

    def explain(self, rows: ArrivalRows, key: int, now_hours: float) -> Cause:
        """Return the cause that explains the excess of a key, be it the key's own value.

        Of the values, and pairs of values, that hold most of the excess (`explains`), it is the one
        at whose count chance wonders most: a narrow one is less expected, a wide one has more rows.

        Args:
            rows: The window from the burst's start on.
            key: What there is too much of.
            now_hours: On the week clock.
        """
        span = max(now_hours - float(rows.hours[0]), 1e-3)
        whole = self.cause_of(key)
        members = rows.with_all(whole) & rows.unexplained
        excess = members.sum() - self.rate(whole, rows.begin).per_hour * span
        holds = self._explains * min(max(excess / members.sum(), 0.1), 1.0) * members.sum()

        def explaining(causes: Iterable[Cause]) -> list[Cause]:
            return [c for c in causes if (members & rows.with_all(c)).sum() >= holds]

        singles = explaining(self._top_values(rows, members))
        pairs = combinations([c for c in singles if c[0][0] not in self._keys.kind_columns], 2)
        candidates = [whole[:1], *singles, *explaining((*a, *b) for a, b in pairs)]
        # Of values that always come together the first one, which max() keeps, is named.
        return max(candidates, key=lambda cause: self._wonder(rows, cause, span))

    def _top_values(self, rows: ArrivalRows, members: np.ndarray) -> list[Cause]:
        """The commonest value of each attribute: no other can hold most of the excess."""
        causes: list[Cause] = []
        for column in range(len(self._keys.attributes)):
            codes = rows.codes[members, column]
            codes = codes[codes >= 0]
            if len(codes):
                values, counts = np.unique(codes, return_counts=True)
                commonest = int(values[counts.argmax()])
                if not self._rates.dominates(commonest):
                    causes.append(((column, commonest),))
        return causes

    def _wonder(self, rows: ArrivalRows, cause: Cause, span: float) -> float:
        """Return the evidence against chance for a cause, of all kinds or of those in excess."""
        rate, shape = self.rate(cause, rows.begin)
        here = rows.codes[rows.with_all(cause) & rows.unexplained]
        past = self._past.table(self._past.first, rows.begin)
        before = past.codes[past.with_all(cause) & past.unexplained]
        taken = [column for column, _ in cause]
        best = float(surprise(np.array(len(here)), np.array(rate * span), np.array(shape)))
        for column in self._keys.kind_columns:
            if column not in taken:
                counts = _kind_counts(here[:, column], before[:, column])
                best = max(best, _best_kinds(*counts, rate * span, shape))
        looked_at = (self._keys.values_of_group[self._keys.group[code]] for _, code in cause)
        if len(cause) > 1:
            best *= _PAIR_HANDICAP
        elif any(column in self._keys.kind_columns for column, _ in cause):
            best *= _KIND_HANDICAP
        return best - sum(log(max(values, 1)) for values in looked_at)


class KindShares(NamedTuple):
    """Counts of the kinds of a window, and the usual share of each."""

    counts: np.ndarray
    usual_shares: np.ndarray


def _kind_counts(here: np.ndarray, before: np.ndarray) -> KindShares:
    """Count each kind that occurs here, and estimate its usual share."""
    kinds, counts = np.unique(here, return_counts=True)
    usual = (before == kinds[:, None]).sum(1) + 0.5
    return KindShares(counts, usual / (len(before) + 0.5 * (len(kinds) + 1)))


def _best_kinds(
    counts: np.ndarray, usual_shares: np.ndarray, expected: float, shape: float
) -> float:
    """Return the surprise of the most surprising set of kinds.

    It is among the sets of those that exceed what is expected of them most (Neill 2012). As many
    sets might have been looked at as there are kinds.
    """
    order = np.argsort(-counts / usual_shares, kind="stable")
    observed = np.cumsum(counts[order])
    usual = np.minimum(np.cumsum(usual_shares[order]), 1.0) * expected
    return float(surprise(observed, usual, np.full(len(observed), shape)).max()) - log(
        len(counts) + 1
    )
