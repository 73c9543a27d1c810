"""Rules for ordering, played against each other by `training.stock_replay`."""

from dataclasses import dataclass

import numpy as np

from data.domain import Grain
from features.demand_panel import Panel
from training.stock_replay import Seen

SEASON = {Grain.DAY: 7, Grain.WEEK: 52, Grain.MONTH: 12}
RECENT = {Grain.DAY: 91, Grain.WEEK: 13, Grain.MONTH: 3}


@dataclass(frozen=True)
class Foresight:
    """The oracle: orders what will be short, knowing it. The cost that no policy can go below.

    Attributes:
        demand: (n, N) units of all periods that are played, NaN where not known.
    """

    demand: np.ndarray

    def order(self, seen: Seen) -> np.ndarray:
        """Return exactly what the period of arrival will lack."""
        lead = seen.terms.lead_periods
        begin = self.demand.shape[1] - seen.periods_left
        coming = np.nan_to_num(self.demand[:, begin : begin + lead])
        stock = seen.on_hand
        for k in range(lead - 1):
            stock = np.maximum(stock + seen.inbound[:, k] - coming[:, k], 0)
        return np.maximum(coming[:, -1] - stock, 0)


@dataclass(frozen=True)
class Benchmark:
    """The rule of the organisers of VN2: orders up to L + 1 periods of a seasonal mean.

    One seasonal profile for all series, from the mean units of each period of the season over
    all that is known; the level of a series is the mean of its latest 13 weeks (or as long) in
    stock, each over the profile.
    """

    def order(self, seen: Seen) -> np.ndarray:
        """Return whole units."""
        panel, cover = seen.panel, seen.terms.lead_periods + 1
        profile = _profile(panel, panel.length + cover)
        recent = slice(max(panel.length - RECENT[panel.grain], 0), panel.length)
        level = _mean_known(panel.demanded()[seen.rows, recent] / profile[recent], axis=1)
        wanted = level * profile[panel.length :].sum()
        return np.maximum(np.rint(wanted - seen.on_hand - seen.inbound.sum(axis=1)), 0)


def _profile(panel: Panel, length: int) -> np.ndarray:
    """Return (length,) factors of the season around 1, for known periods and those after them."""
    season = SEASON[panel.grain]
    mean = _mean_known(panel.demanded(), axis=0)
    phase = np.arange(panel.length) % season
    factors = np.ones(season)
    for place in np.unique(phase):
        factors[place] = mean[phase == place].mean()
    seen = factors[np.unique(phase)]
    factors[np.unique(phase)] = np.maximum(seen / max(seen.mean(), 1e-9), 1e-3)
    return factors[np.arange(length) % season]


def _mean_known(units: np.ndarray, axis: int) -> np.ndarray:
    """Return the mean of what is known, 0 where nothing is."""
    known = np.isfinite(units)
    total = np.where(known, units, 0).sum(axis=axis, dtype=float)
    return total / np.maximum(known.sum(axis=axis), 1)
