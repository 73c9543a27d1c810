"""Grid of times: intervals of hours into which times to resolve are cut, learned from a history.

A team that resolves in minutes and a supply chain that delivers in months need other intervals. So
the edges are quantiles of the times that were recorded. Inside an interval times lie as the
recorded ones do: where they are whole days, a quantile is a whole day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from data.domain import Json

INTERVALS = 16
_TAIL = 3.0
"""The last edge is this multiple of the longest time recorded."""
_MIN_TOP_RATIO = 1.5
_WITHIN = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
_MIN_HOURS = 1e-3
_MIN_HAZARD = 1e-4
_KNOTS = np.linspace(0, 1, 11)
_MIN_TIMES_WITHIN = 20
"""Recorded times of an interval: fewer do not tell how times lie inside it."""


class Exposures(NamedTuple):
    """Subjects spread over the intervals that they were open in.

    Attributes:
        subject: Row of the subject.
        interval: Number of the interval.
        ended: 1 where it was resolved in it, else 0.
        exposure: Share of the interval that counts: 1, but less for the interval in which a
            censored one is open last.
    """

    subject: np.ndarray
    interval: np.ndarray
    ended: np.ndarray
    exposure: np.ndarray


@dataclass(frozen=True)
class TimeGrid:
    """Edges of 16 intervals.

    Attributes:
        edges: 17 hours, rising from 0; the last interval lies between the last two.
        within: (16, 11) quantiles of the recorded times in each interval, at even shares from 0 to
            1; None where only the edges were stored.
    """

    edges: np.ndarray
    within: np.ndarray | None = None

    @classmethod
    def of(cls, hours: np.ndarray, open_hours: np.ndarray | None = None) -> Self:
        """Cut at the quantiles of recorded times; wide gaps are halved where times are tied.

        Args:
            hours: Hours until resolved.
            open_hours: Hours of those still open: they say that times in an interval are longer
                than the recorded ones.
        """
        times = np.maximum(hours, _MIN_HOURS)
        inner = np.quantile(times, np.linspace(0, 1, INTERVALS)[1:-1])
        edges = np.unique(np.concatenate([[0.0], inner]))
        while len(edges) < INTERVALS - 1:
            logs = np.log1p(edges)
            widest = int(np.diff(logs).argmax()) if len(edges) > 1 else 0
            end = logs[widest + 1] if len(edges) > 1 else 2 * np.log1p(times.max())
            edges = np.insert(edges, widest + 1, np.expm1((logs[widest] + end) / 2))
        top = max(float(times.max()), _MIN_TOP_RATIO * float(edges[-1]))
        edges = np.concatenate([edges, [top, _TAIL * top]])
        still_open = np.zeros(0) if open_hours is None else np.sort(open_hours)
        return cls(edges, _times_within(edges, np.sort(times), still_open))

    def to_json(self) -> Json:
        """Return plain values."""
        within = {} if self.within is None else {"within": self.within.tolist()}
        return {"edges": self.edges.tolist(), **within}

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """Build from what `to_json` gave, other values beside it; of old, the edges alone."""
        within = values.get("within")
        return cls(np.array(values["edges"]), None if within is None else np.array(within))

    @cached_property
    def points(self) -> np.ndarray:
        """Hours at which an interval is read, five to an interval: (80,)."""
        logs = np.log1p(self.edges)
        return np.expm1(logs[:-1, None] + _WITHIN * np.diff(logs)[:, None]).ravel()

    def exposures(self, hours: np.ndarray, resolved: np.ndarray) -> Exposures:
        """Spread subjects over the intervals that they were open in.

        Args:
            hours: n hours until resolved, or until now for those still open.
            resolved: Whether it was resolved.
        """
        hours = np.maximum(hours, 1e-6)
        begin, end = self.edges[:-1], np.append(self.edges[1:-1], np.inf)
        subject, interval = np.nonzero(hours[:, None] > begin)
        own, is_last = hours[subject], hours[subject] <= end[interval]
        ended = is_last & resolved[subject]
        width = self.edges[interval + 1] - begin[interval]
        part = np.clip((own - begin[interval]) / width, 0.02, 1.0)
        exposure = np.where(is_last & ~resolved[subject], part, 1.0)
        return Exposures(subject, interval, ended.astype(float), exposure)

    def quantiles(self, mass: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
        """Invert (n, 16) masses at shares of 0 to 1.

        In an interval times lie as recorded ones do, else straight in the logarithm.
        """
        reached = np.cumsum(mass, axis=1)
        within = _straight(self.edges) if self.within is None else self.within
        hours = np.empty((len(mass), len(shares)))
        row = np.arange(len(mass))
        for column, share in enumerate(shares):
            interval = np.minimum((reached < share).sum(axis=1), INTERVALS - 1)
            before = reached[row, interval] - mass[row, interval]
            part = np.clip((share - before) / np.maximum(mass[row, interval], 1e-9), 0, 1)
            knot = np.minimum((part * (len(_KNOTS) - 1)).astype(int), len(_KNOTS) - 2)
            low, high = within[interval, knot], within[interval, knot + 1]
            hours[:, column] = low + (part * (len(_KNOTS) - 1) - knot) * (high - low)
        return hours

    def remaining(self, mass: np.ndarray, hours: np.ndarray) -> np.ndarray:
        """Return (n, 16) masses of those that are still open after n hours; rows sum to 1."""
        left = np.clip((self.edges[1:] - hours[:, None]) / np.diff(self.edges), 0, 1)
        remaining = mass * left
        remaining[:, -1] += 1e-9  # what has outlived everything ends in the last interval
        return remaining / remaining.sum(axis=1, keepdims=True)

    def mean_of_points(self, values: np.ndarray) -> np.ndarray:
        """Return (n, 16) means over each interval of (n, 80) values at `points`."""
        return values.reshape(len(values), INTERVALS, len(_WITHIN)).mean(axis=2)


def _times_within(edges: np.ndarray, times: np.ndarray, open_hours: np.ndarray) -> np.ndarray:
    """Return (16, 11) quantiles of the times inside each interval, by the product limit.

    Args:
        edges: 17 hours.
        times: Recorded hours, ascending.
        open_hours: Hours of those still open, ascending.
    """
    within = _straight(edges)
    interval = np.searchsorted(edges, times, side="left") - 1
    for number in np.flatnonzero(np.bincount(interval, minlength=INTERVALS) >= _MIN_TIMES_WITHIN):
        own, ended = np.unique(times[interval == number], return_counts=True)
        resolved_before = np.searchsorted(times, own, side="left")
        at_risk = len(times) - resolved_before
        at_risk = at_risk + len(open_hours) - np.searchsorted(open_hours, own, side="left")
        alive = np.cumprod(1 - ended / at_risk)
        reached = (1 - alive) / (1 - alive[-1])
        within[number] = own[np.minimum(np.searchsorted(reached, _KNOTS - 1e-9), len(own) - 1)]
    return within


def _straight(edges: np.ndarray) -> np.ndarray:
    """Return (16, 11) hours that lie straight in the logarithm inside each interval."""
    logs = np.log1p(edges)
    return np.expm1(logs[:-1, None] + _KNOTS * np.diff(logs)[:, None])


class ResolveChances(NamedTuple):
    """Chances of being resolved in each interval.

    Attributes:
        grid: The intervals.
        mass: (n, 16), rows sum to 1.
    """

    grid: TimeGrid
    mass: np.ndarray

    def take(self, rows: np.ndarray) -> "ResolveChances":
        """Return some of the rows; positions or a mask."""
        return ResolveChances(self.grid, self.mass[rows])

    @classmethod
    def concatenate(cls, parts: "Sequence[ResolveChances]") -> Self:
        """Join chances on the same grid."""
        return cls(parts[0].grid, np.concatenate([part.mass for part in parts]))

    def quantiles(self, shares: tuple[float, ...] = (0.1, 0.5, 0.9)) -> np.ndarray:
        """Return (n, shares) hours to resolve."""
        return self.grid.quantiles(self.mass, shares)

    def log_likelihood(self, hours: np.ndarray, resolved: np.ndarray) -> np.ndarray:
        """Return n log likelihoods of times to resolve, open ones censored.

        Args:
            hours: Hours until resolved, or until now for those still open.
            resolved: Whether it was resolved.
        """
        subject, interval, ended, exposure = self.grid.exposures(hours, resolved)
        reached = np.cumsum(self.mass, axis=1)[:, :-1]
        alive = 1 - np.concatenate([np.zeros((len(self.mass), 1)), reached], axis=1)
        hazard = self.mass / np.maximum(alive, 1e-9)
        hazard = np.clip(hazard, _MIN_HAZARD, 1 - _MIN_HAZARD)[subject, interval]
        likelihood = ended * np.log(hazard) + (1 - ended) * np.log(1 - hazard)
        return np.bincount(subject, exposure * likelihood, len(hours))

    def still_open(self, hours: np.ndarray) -> "ResolveChances":
        """Return the chances of those that are still open after n hours."""
        return ResolveChances(self.grid, self.grid.remaining(self.mass, hours))
