"""The calendar of a panel's periods."""

from dataclasses import replace

import numpy as np

from features.demand.calendar import calendar_columns
from features.demand.grain import Grain


def of_country(panel, country):
    return replace(panel, attributes={"country": np.full(panel.series, country, object)})


def test_days_to_christmas_are_counted_where_it_is_a_holiday(planted_demand):
    panel = of_country(planted_demand(series=1, periods=360), "GB")

    _, table = calendar_columns(panel, 0)
    to_next = table[0, np.flatnonzero(panel.periods == np.datetime64("2024-12-22"))[0], 3]

    assert to_next == 3


def test_an_unknown_country_has_no_holidays(planted_demand):
    _, table = calendar_columns(of_country(planted_demand(series=1, periods=30), "Atlantis"), 0)

    assert (table[0, 15, 3:5] == 15).all()


def test_series_without_a_country_stand_beside_those_with_one(planted_demand):
    panel = planted_demand(series=2, periods=30)
    panel = replace(panel, attributes={"country": np.array([None, "DE"], object)})

    codes, table = calendar_columns(panel, 7)

    assert table[codes].shape[:2] == (2, 37)


def test_weeks_count_the_holidays_in_them(planted_demand):
    panel = of_country(planted_demand(series=1, periods=60, grain=Grain.WEEK), "DE")

    _, table = calendar_columns(panel, 0)
    christmas = np.flatnonzero(panel.periods == np.datetime64("2024-12-23"))[0]

    assert table[0, christmas, 2] == 2
