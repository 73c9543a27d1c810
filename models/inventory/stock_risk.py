"""Stock risk in money: run-outs before the next delivery, and overstock. Pure.

Both come from sample paths of demand and are told in the terms of the ranking rule: the money that
handling can save, and the share of it that is gone by each age if it is left waiting. So they
stand on one list with every other exception.

Before the next delivery nothing arrives, so what is lost by a moment is the demand until then less
what was there. Hours count from the start of the forecast's first period.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from data.ticks import HOURS_PER_YEAR
from features.demand.grain import Grain
from features.demand.panel import next_periods
from models.loss_curve import CURVE_AGES_HOURS

MIN_LOST_UNITS = 0.5
"""Paths are not whole units: less than half a unit is none that anybody misses."""
OVERSTOCK_QUANTILE = 0.95
"""Overstock is what is not sold even where demand is this high."""


@dataclass(frozen=True)
class StockedSeries:
    """Stock of n series; arrays of length n.

    Attributes:
        on_hand: Units when last counted; below 0 is oversold, and nothing is there.
        counted_hours: When that was; what was asked for since then is taken off.
        delivery_hours: When more can be there: the next delivery, else the end of the lead time.
        inbound: Units on their way, 0 or more.
        margin: Money lost with a unit that can't be sold.
        cost: Money that a unit ties up.
    """

    on_hand: np.ndarray
    counted_hours: np.ndarray
    delivery_hours: np.ndarray
    inbound: np.ndarray
    margin: np.ndarray
    cost: np.ndarray

    def take(self, rows: np.ndarray) -> Self:
        """Return some of them."""
        return type(self)(**{name: column[rows] for name, column in vars(self).items()})


@dataclass(frozen=True)
class RunOut:
    """The risk that n series run out before their next delivery; arrays of length n.

    Attributes:
        chance: That a unit is asked for which is not there.
        lost_units: Expected, from now to the next delivery.
        lost_margin: The money of these.
        early_hours: When the shelf is empty in one path of ten, if nothing arrives; infinite where
            that is beyond the forecast.
        median_hours: The same in half of them.
        saving: Of the money what a remedy decided on now still saves, if it works.
        curve: (n, 11) share of `saving` that is gone by each of `CURVE_AGES_HOURS` from now.
    """

    chance: np.ndarray
    lost_units: np.ndarray
    lost_margin: np.ndarray
    early_hours: np.ndarray
    median_hours: np.ndarray
    saving: np.ndarray
    curve: np.ndarray


@dataclass(frozen=True)
class Overstock:
    """Overstock of n series; arrays of length n.

    Attributes:
        chance: That some of it is not sold in time.
        units: Beyond what sells in the time that stock may be kept.
        tied_up: The cost of these.
        holding_per_day: What they cost a day.
        saving: What they cost until they are sold, at most in a year.
        curve: (n, 11) share of it that is gone by each of `CURVE_AGES_HOURS` from now.
    """

    chance: np.ndarray
    units: np.ndarray
    tied_up: np.ndarray
    holding_per_day: np.ndarray
    saving: np.ndarray
    curve: np.ndarray


@dataclass(frozen=True)
class DemandPaths:
    """Demand added up from the first period's start; even within a period.

    Attributes:
        edges_hours: (H + 1,) where periods begin and the last one ends.
        units: (n, S, H + 1) asked for by each edge.
    """

    edges_hours: np.ndarray
    units: np.ndarray

    @classmethod
    def of(cls, paths: np.ndarray, edges_hours: np.ndarray) -> Self:
        """Add up (n, S, H) units a period."""
        n, samples, horizon = paths.shape
        units = np.zeros((n, samples, horizon + 1))
        np.cumsum(paths, axis=2, out=units[:, :, 1:])
        return cls(edges_hours, units)

    def by(self, hours: np.ndarray) -> np.ndarray:
        """Return (n, S, k) units asked for by (n, k) moments; outside the forecast its ends."""
        edges = self.edges_hours
        period = np.clip(np.searchsorted(edges, hours, side="right") - 1, 0, len(edges) - 2)
        share = np.clip((hours - edges[period]) / (edges[period + 1] - edges[period]), 0, 1)
        low = np.take_along_axis(self.units, period[:, None, :], axis=2)
        high = np.take_along_axis(self.units, period[:, None, :] + 1, axis=2)
        return low + share[:, None, :] * (high - low)

    def reached(self, units: np.ndarray) -> np.ndarray:
        """Return (n, S) hours at which so many units, (n, S), were asked for; infinite if never."""
        above = self.units >= units[..., None]
        edge = np.maximum(above.argmax(axis=2), 1)
        low = np.take_along_axis(self.units, edge[..., None] - 1, axis=2)[..., 0]
        high = np.take_along_axis(self.units, edge[..., None], axis=2)[..., 0]
        share = np.clip((units - low) / np.maximum(high - low, 1e-9), 0, 1)
        begin, end = self.edges_hours[edge - 1], self.edges_hours[edge]
        return np.where(above.any(axis=2), begin + share * (end - begin), np.inf)


def edges_hours(periods: np.ndarray, grain: Grain) -> np.ndarray:
    """Return (H + 1,) hours at which periods begin and the last one ends.

    >>> edges_hours(np.array(["2026-02-01", "2026-03-01"], "datetime64[D]"), Grain.MONTH).tolist()
    [0.0, 672.0, 1416.0]
    """
    edges = np.concatenate([periods, next_periods(periods[-1], grain, 1)])
    return (edges - edges[0]) / np.timedelta64(1, "h")


def run_out(
    demand: DemandPaths, series: StockedSeries, *, now_hours: float, remedy_hours: float
) -> RunOut:
    """Return the risk of running out before the next delivery, as far as the forecast reaches.

    Args:
        demand: Of n series.
        series: Of the same.
        now_hours: The moment that everything was known at.
        remedy_hours: How long a remedy takes from the decision to the shelf; what is lost
            until then can't be saved.
    """
    delivery = np.clip(series.delivery_hours, now_hours, demand.edges_hours[-1])[:, None]
    ages = now_hours + remedy_hours + CURVE_AGES_HOURS
    moments = np.concatenate([[now_hours], ages])[None, :]
    moments = np.concatenate([np.minimum(moments, delivery), delivery], axis=1)
    before = demand.by(series.counted_hours[:, None])[:, :, 0]
    there = before + np.maximum(series.on_hand, 0)[:, None]
    lost = np.maximum(demand.by(moments) - there[..., None], 0)
    in_all = lost[:, :, -1] - lost[:, :, 0]
    mean = lost.mean(axis=1)
    saved_units = mean[:, -1] - mean[:, 1]
    gone = mean[:, 1:-1] - mean[:, 1:2]
    hours = np.maximum(demand.reached(there), now_hours)
    # Not interpolated: between a moment and never there is none.
    early, median = np.quantile(hours, [0.1, 0.5], axis=1, method="inverted_cdf")
    return RunOut(
        chance=(in_all >= MIN_LOST_UNITS).mean(axis=1),
        lost_units=in_all.mean(axis=1),
        lost_margin=in_all.mean(axis=1) * series.margin,
        early_hours=early,
        median_hours=median,
        saving=saved_units * series.margin,
        curve=np.minimum(gone / np.maximum(saved_units, 1e-9)[:, None], 1.0),
    )


def overstock(
    demand: DemandPaths,
    series: StockedSeries,
    *,
    now_hours: float,
    keep_hours: float,
    share_per_year: float,
) -> Overstock:
    """Return what is there or on its way and won't be sold in the time that stock may be kept.

    Where the forecast ends before that time, every path goes on at its own pace, so that a series
    that may sell well is not called overstocked.

    Args:
        demand: Of n series.
        series: Of the same.
        now_hours: The moment that everything was known at.
        keep_hours: How long stock may be kept.
        share_per_year: Of its cost, what a unit costs that lies for a year.
    """
    end = min(now_hours + keep_hours, demand.edges_hours[-1])
    moments = [series.counted_hours, *(np.full(len(series.cost), at) for at in (now_hours, end))]
    counted, now, last = np.moveaxis(demand.by(np.stack(moments, axis=1)), 2, 0)
    forecast_hours = max(end - now_hours, 1e-9)
    sold = (now - counted) + (last - now) * (keep_hours / forecast_hours)
    there = np.maximum(series.on_hand, 0) + series.inbound
    units = np.floor(np.maximum(there - np.quantile(sold, OVERSTOCK_QUANTILE, axis=1), 0))
    per_hour = np.maximum((last - now).mean(axis=1) / forecast_hours, 1e-9)
    wait_hours = np.minimum(keep_hours + units / (2 * per_hour), HOURS_PER_YEAR)
    tied_up = units * series.cost
    holding_per_hour = tied_up * share_per_year / HOURS_PER_YEAR
    return Overstock(
        chance=(sold < there[:, None]).mean(axis=1),
        units=units,
        tied_up=tied_up,
        holding_per_day=holding_per_hour * 24,
        saving=holding_per_hour * wait_hours,
        curve=np.minimum(CURVE_AGES_HOURS / wait_hours[:, None], 1.0),
    )
