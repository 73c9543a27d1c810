"""Demand as matrices: series (a SKU at a site) by periods, as it was known at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from features.demand.grain import Grain
from features.demand.periods import PeriodCalendar

FULLY_IN_STOCK = 0.999  # a share that came through rounding still counts as the whole period


@dataclass(frozen=True)
class Panel:
    """n series over T periods. Nothing in it became known at or after the moment it is of.

    Attributes:
        grain: How long a period is.
        periods: (T,) datetime64[D], the first day of each period, without gaps.
        sku: (n,) texts.
        site: (n,) texts.
        units: (n, T) float32, units sold; NaN before the first life sign and after the last one.
        in_stock: (n, T) float32, share of the period in which it could be bought; 1 if not known.
        price: (n, T + plan) float32, NaN where not known; None if the history has no prices. The
            columns after T are planned ones.
        promotion: As `price`.
        attributes: (n,) texts of the SKU and its site by name (department, product_group, region,
            country, ...), None where not known.
        words: (n,) texts of the SKU by the name of a free attribute (product.brand, ...), None
            where not known.
        numbers: (n,) numbers of the SKU and its site by name (cost, product.dose_mg, ...), NaN
            where not known.
        timezone: Of the days, IANA; of several the one in which a day ends last.
    """

    grain: Grain
    periods: np.ndarray
    sku: np.ndarray
    site: np.ndarray
    units: np.ndarray
    in_stock: np.ndarray
    price: np.ndarray | None = None
    promotion: np.ndarray | None = None
    attributes: Mapping[str, np.ndarray] = field(default_factory=dict)
    words: Mapping[str, np.ndarray] = field(default_factory=dict)
    numbers: Mapping[str, np.ndarray] = field(default_factory=dict)
    timezone: str = "UTC"

    @property
    def series(self) -> int:
        """Number of series."""
        return len(self.sku)

    @property
    def length(self) -> int:
        """Number of periods."""
        return len(self.periods)

    def begins_at(self, day: np.datetime64) -> pd.Timestamp:
        """Return the moment at which a day begins in the time zone of the panel.

        Where a clock goes ahead at midnight it is the first moment after the gap.
        """
        return begin_of_day(day, self.timezone)

    def demanded(self) -> np.ndarray:
        """Return (n, T) units of periods that were wholly in stock; NaN elsewhere.

        What was sold while a SKU was missing understates what was wanted.
        """
        return np.where(self.in_stock >= FULLY_IN_STOCK, self.units, np.float32(np.nan))

    def until(self, column: int) -> "Panel":
        """Return the panel of the first periods; prices planned for the later ones go with it.

        Views, not copies. What became known late is not taken out again: a panel as of an earlier
        moment is read from the history.
        """
        return replace(
            self,
            periods=self.periods[:column],
            units=self.units[:, :column],
            in_stock=self.in_stock[:, :column],
        )

    def take(self, rows: np.ndarray | slice) -> "Panel":
        """Return some of the series."""

        def taken(matrix: np.ndarray | None) -> np.ndarray | None:
            return None if matrix is None else matrix[rows]

        return replace(
            self,
            sku=self.sku[rows],
            site=self.site[rows],
            units=self.units[rows],
            in_stock=self.in_stock[rows],
            price=taken(self.price),
            promotion=taken(self.promotion),
            attributes={name: values[rows] for name, values in self.attributes.items()},
            words={name: values[rows] for name, values in self.words.items()},
            numbers={name: values[rows] for name, values in self.numbers.items()},
        )

    def next_periods(self, horizon: int) -> np.ndarray:
        """Return (horizon,) first days of the periods that follow the last one."""
        return next_periods(self.periods[-1], self.grain, horizon)


def begin_of_day(day: np.datetime64, timezone: str) -> pd.Timestamp:
    """Return the first moment of a day in a time zone."""
    midnight = pd.Timestamp(day)
    return midnight.tz_localize(timezone, ambiguous=True, nonexistent="shift_forward")


def next_periods(last: np.datetime64, grain: Grain, count: int) -> np.ndarray:
    """Return the first days of the periods after the one that starts at `last`."""
    return PeriodCalendar.from_day(grain, last).after(last, count)
