import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from features.demand.grain import Grain
from features.demand.matrix import DemandMatrix, coarser, lived, share_covered
from features.demand.panel import Panel
from features.demand.periods import PeriodCalendar

DAYS, WEEKS, MONTHS = (PeriodCalendar.of(grain) for grain in (Grain.DAY, Grain.WEEK, Grain.MONTH))
FIRST_DAYS = st.integers(0, 60).map(lambda day: np.datetime64("2024-02-20") + day)
CELL = st.one_of(st.just(np.float32("nan")), st.integers(0, 9).map(np.float32))


def panel_of(units, first="2024-01-01", grain=Grain.DAY, **columns):
    units = np.asarray(units, np.float32)
    calendar = PeriodCalendar.of(grain)
    number = int(calendar.number(np.array([first], "datetime64[D]"))[0])
    return Panel(
        grain=grain,
        periods=calendar.first_day(np.arange(number, number + units.shape[1])),
        sku=np.array(["S"] * len(units), object),
        site=np.array(["A"] * len(units), object),
        units=units,
        in_stock=columns.pop("in_stock", np.ones(units.shape, np.float32)),
        **columns,
    )


def test_a_series_without_a_life_sign_is_nowhere_observed():
    units = lived(np.array([1, 4]), np.array([2, -1]), 4)

    np.testing.assert_array_equal(units, [[np.nan, 0, 0, np.nan], [np.nan] * 4])


def test_a_sheet_without_a_value_takes_no_memory():
    sheet = DemandMatrix((2, 3))
    sheet.put(np.array([0, 1]), np.array([0, 7]), np.array([np.nan, 1.0]))

    assert sheet.matrix is None


@given(cuts=st.lists(st.floats(-2, 8, width=16), max_size=8))
def test_shares_are_those_of_the_intervals_added_up_one_by_one(cuts):
    cuts = sorted(set(cuts))[: len(set(cuts)) // 2 * 2]
    start, end = np.array(cuts[::2]), np.array(cuts[1::2])
    covered = share_covered(np.zeros(len(start), np.int64), start, end, (2, 6))

    for period in range(6):
        overlaps = np.minimum(end, period + 1) - np.maximum(start, period)
        assert covered[0, period] == pytest.approx(np.maximum(overlaps, 0).sum(), abs=1e-6)
    assert not covered[1].any()


@given(
    units=npst.arrays(np.float32, (2, 75), elements=CELL),
    shares=npst.arrays(np.float32, (2, 75), elements=st.sampled_from([0.0, 0.5, 1.0])),
    first=FIRST_DAYS,
    calendar=st.sampled_from(
        [
            WEEKS,
            PeriodCalendar.from_day(Grain.WEEK, np.datetime64("2024-01-04")),
            MONTHS,
        ]
    ),
)
def test_a_longer_period_holds_what_its_days_do(units, shares, first, calendar):
    whole = coarser(panel_of(units, first, in_stock=shares), DAYS, calendar)

    days = np.arange(first, first + 75)
    for column, begins in enumerate(whole.periods):
        number = calendar.number(np.array([begins]))
        inside = calendar.number(days) == number
        assert inside.sum() == (calendar.first_day(number + 1) - begins).astype(int)
        observed = ~np.isnan(units[:, inside])
        sums = np.where(observed.any(axis=1), np.nansum(units[:, inside], axis=1), np.nan)
        np.testing.assert_array_equal(whole.units[:, column], sums)
        for row in range(2):
            lived_in = shares[row, inside][observed[row]]
            mean = lived_in.mean() if len(lived_in) else 1
            assert whole.in_stock[row, column] == pytest.approx(mean)


def test_no_whole_period_makes_no_panel():
    assert coarser(panel_of(np.ones((1, 6))), DAYS, WEEKS) is None


def test_the_price_of_a_week_is_what_its_units_were_paid():
    price = np.array([[1, 2, np.nan, np.nan, np.nan, np.nan, np.nan]], np.float32)
    units = [[3, 1, 5, 0, 0, 0, 0]]
    week = coarser(panel_of(units, price=price), DAYS, WEEKS)

    np.testing.assert_allclose(week.price, [[1.25]])


def test_the_price_of_a_week_without_sales_is_the_mean_price():
    price = np.array([[1, 2, np.nan, np.nan, np.nan, np.nan, np.nan]], np.float32)
    week = coarser(panel_of(np.zeros((1, 7)), price=price), DAYS, WEEKS)

    np.testing.assert_allclose(week.price, [[1.5]])


def test_planned_days_make_planned_weeks():
    promotion = np.zeros((1, 21), np.float32)
    promotion[0, 7:10] = 1
    week = coarser(panel_of(np.ones((1, 9)), promotion=promotion), DAYS, WEEKS)

    np.testing.assert_allclose(week.promotion, [[0, 3 / 7, 0]], rtol=1e-6)
    assert week.length == 1


def test_a_week_counts_in_the_month_that_it_begins_in():
    units = np.ones((1, 14))  # Mondays from 1 January to 1 April 2024
    months = coarser(panel_of(units, grain=Grain.WEEK), WEEKS, MONTHS)

    assert months.periods.astype(str).tolist() == ["2024-01-01", "2024-02-01", "2024-03-01"]
    np.testing.assert_array_equal(months.units, [[5, 4, 4]])
