"""The calendar of a panel's periods: weekday, part of the year, holidays of the country."""

from typing import NamedTuple

import holidays
import numpy as np
import pandas as pd

from features.demand.grain import Grain
from features.demand.panel import Panel, next_periods

REPEATED_DAYS = 450  # a week of the year that was seen once says nothing about the next one
FAR_DAYS = 15  # beyond that a holiday is neither awaited nor remembered


class CountryCalendars(NamedTuple):
    """Calendar of the countries of a panel's series.

    Attributes:
        country: (n,) row in `columns` of each series' country.
        columns: (countries, T + reach, features) float32.
    """

    country: np.ndarray
    columns: np.ndarray


class HolidayDistances(NamedTuple):
    """Days to the next holiday and since the last one; both 0 on a holiday."""

    ahead: np.ndarray
    behind: np.ndarray


def calendar_columns(panel: Panel, reach: int) -> CountryCalendars:
    """Return the calendar features of each period in each country."""
    periods = np.concatenate([panel.periods, panel.next_periods(reach)])
    names = np.asarray(panel.attributes.get("country", np.full(panel.series, None)), object)
    names = np.where(names == None, "", names).astype(str)  # noqa: E711 (elementwise)
    countries, codes = np.unique(names, return_inverse=True)
    table = [_of_country(periods, panel.grain, country) for country in countries]
    return CountryCalendars(codes, np.stack(table))


def _of_country(periods: np.ndarray, grain: Grain, country: str) -> np.ndarray:
    dates = pd.DatetimeIndex(periods)
    days_inside = np.diff(np.append(periods, next_periods(periods[-1], grain, 1))).astype(int)
    if grain.months:
        return np.stack([dates.month, days_inside], axis=1).astype(np.float32)
    week = dates.isocalendar().week.to_numpy().astype(np.float32)
    if (dates[-1] - dates[0]).days < REPEATED_DAYS:
        week[:] = np.nan
    days = _holidays(dates, country)
    if grain != Grain.DAY:
        inside = [
            (days >= day) & (days < day + grain.days) for day in periods.astype("datetime64[D]")
        ]
        count = np.array([matched.sum() for matched in inside])
        following = np.append(count[1:], 0)
        return np.stack([week, dates.day, count, following], axis=1).astype(np.float32)
    ahead, behind = _distances(periods.astype("datetime64[D]"), days)
    return np.stack([dates.dayofweek, dates.day, week, ahead, behind], axis=1).astype(np.float32)


def _holidays(dates: pd.DatetimeIndex, country: str) -> np.ndarray:
    """Return the country's public holidays around the dates; none if it is not known."""
    years = range(dates[0].year - 1, dates[-1].year + 2)
    try:
        days = sorted(holidays.country_holidays(country, years=years))
    except NotImplementedError:
        days = []
    return np.array(days, "datetime64[D]")


def _distances(days: np.ndarray, holiday: np.ndarray) -> HolidayDistances:
    """Return days to the next and since the last holiday, both 0 on one, `FAR_DAYS` at most."""
    far = np.timedelta64(FAR_DAYS, "D")
    bounds = np.concatenate([[days[0] - far], holiday, [days[-1] + far]])
    bounds = np.unique(bounds)
    after = bounds[np.searchsorted(bounds, days, side="left")]
    before = bounds[np.searchsorted(bounds, days, side="right") - 1]
    day = np.timedelta64(1, "D")
    return HolidayDistances(
        ahead=np.minimum((after - days) / day, FAR_DAYS),
        behind=np.minimum((days - before) / day, FAR_DAYS),
    )
