import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.domain import BadInputError
from features.demand.grain import Grain
from features.demand.panel import next_periods
from features.demand.periods import PeriodCalendar, read_periods
from features.demand.rhythm import rhythm_of

FIRST = np.datetime64("2023-01-02")
GRAINS = st.one_of(
    st.integers(1, 100).map(lambda days: Grain(days=days)),
    st.sampled_from([Grain(months=months) for months in (1, 2, 3, 4, 6, 12, 24)]),
)
DAYS_OF_MONTH = st.integers(0, 26)  # 28 February may be a last day
ALL_DAYS = np.arange(np.datetime64("1968-11-30"), np.datetime64("1974-03-02"))


def days(*texts):
    return np.array(texts, "datetime64[D]")


def month_ends(first, count, months=1):
    starts = np.datetime64(first, "M") + months * np.arange(1, count + 1)
    return starts.astype("datetime64[D]") - 1


@given(grain=GRAINS, later=DAYS_OF_MONTH)
def test_each_day_lies_in_the_period_that_begins_last_before_it(grain, later):
    calendar = PeriodCalendar.from_day(grain, np.datetime64("2021-02-01") + later)
    number = calendar.number(ALL_DAYS)

    assert (calendar.first_day(number) <= ALL_DAYS).all()
    assert (calendar.first_day(number + 1) > ALL_DAYS).all()


@given(grain=GRAINS, later=DAYS_OF_MONTH, count=st.integers(4, 40), data=st.data())
def test_regular_periods_are_read_as_they_are_with_some_missing(grain, later, count, data):
    calendar = PeriodCalendar.from_day(grain, np.datetime64("2021-02-01") + later)
    starts = calendar.first_day(np.arange(600, 600 + count))
    inner = data.draw(st.sets(st.integers(2, count - 2), max_size=count // 3 - 1))
    recorded = read_periods(np.delete(starts, list(inner)))

    assert recorded.calendar == calendar
    assert recorded.missing == len(inner)


@given(grain=GRAINS, later=DAYS_OF_MONTH)
def test_the_next_periods_are_those_of_the_calendar(grain, later):
    calendar = PeriodCalendar.from_day(grain, np.datetime64("2021-02-01") + later)
    starts = calendar.first_day(np.arange(50, 56))

    np.testing.assert_array_equal(next_periods(starts[0], grain, 5), starts[1:])


@pytest.mark.parametrize(
    ("starts", "grain"),
    [
        (FIRST + 7 * np.arange(9), "week"),
        (FIRST + 10 * np.arange(9), "10 days"),
        (FIRST + 28 * np.arange(13), "28 days"),
        (days("2023-01-01", "2023-04-01", "2023-07-01"), "quarter"),
        (days("2022-01-01", "2022-07-01", "2023-01-01"), "half-year"),
        (days("2021-04-01", "2022-04-01", "2023-04-01"), "year"),
        (days("2023-01-26", "2023-02-26", "2023-03-26"), "month"),
        (days("2023-01-02", "2023-01-05", "2023-01-06"), "day"),
    ],
)
def test_the_grain_is_read_from_all_periods(starts, grain):
    assert str(read_periods(starts).calendar.grain) == grain


@pytest.mark.parametrize(
    ("months", "grain", "first"), [(1, "month", "2023-01-01"), (3, "quarter", "2023-01-01")]
)
def test_months_recorded_by_their_last_day_are_the_months_that_end_on_it(months, grain, first):
    recorded = read_periods(month_ends("2023-01", 9, months))

    assert str(recorded.calendar.grain) == grain
    assert recorded.by_last_day
    number = recorded.calendar.number(days("2023-01-31"))
    assert str(recorded.calendar.first_day(number)[0]) == first


@pytest.mark.parametrize(
    "starts",
    [
        pytest.param(FIRST + np.cumsum([0, 28, 28, 35, 28, 28, 35]), id="4-4-5 weeks"),
        pytest.param(
            days("2023-01-01", "2023-01-11", "2023-01-21", "2023-02-01", "2023-02-11"), id="thirds"
        ),
        pytest.param(FIRST + np.append(28 * np.arange(13), 28 * 13 + 7), id="a 53rd week"),
        pytest.param(days("2023-01-30", "2023-02-28", "2023-03-30"), id="nearly the last day"),
        pytest.param(np.append(FIRST + 7 * np.arange(20), FIRST + 66), id="a slip in a week"),
        pytest.param(
            np.append(days(*(f"2023-{month:02}-01" for month in range(1, 13))), days("2023-05-02")),
            id="a slip in a month",
        ),
    ],
)
def test_irregular_periods_are_refused_with_the_cure(starts):
    with pytest.raises(BadInputError, match="Give periods of one length"):
        read_periods(starts)


def test_a_single_period_is_of_the_grain_that_was_asked_for():
    assert read_periods(days("2023-01-02"), Grain.parse("28 days")).calendar.grain.days == 28
    assert read_periods(days("2023-01-02")).calendar.grain == Grain.DAY


@pytest.mark.parametrize(
    ("text", "grain"),
    [
        ("week", Grain(days=7)),
        ("4 weeks", Grain(days=28)),
        ("Quarter", Grain(months=3)),
        ("2 years", Grain(months=24)),
        ("1 month", Grain(months=1)),
        ("10 days", Grain(days=10)),
    ],
)
def test_a_grain_is_read_in_words(text, grain):
    assert Grain.parse(text) == grain
    assert Grain.parse(str(grain)) == grain


@pytest.mark.parametrize("text", ["", "0 days", "-7 days", "fortnight", "3", "week of 7"])
def test_a_text_that_is_no_grain_is_refused(text):
    with pytest.raises(ValueError, match="use day, week"):
        Grain.parse(text)


@given(grain=GRAINS)
def test_a_rhythm_looks_further_back_with_each_window(grain):
    rhythm = rhythm_of(grain)

    assert len(rhythm.windows) >= 3
    assert all(np.diff(rhythm.windows) > 0)
    assert all(np.diff(rhythm.averages) > 0)
    assert min(rhythm.season, rhythm.level, rhythm.year, rhythm.fewest, rhythm.horizon) >= 1


def test_weeks_go_into_months_but_periods_of_28_days_do_not():
    weeks = PeriodCalendar.of(Grain.WEEK)

    assert weeks.coarser(Grain.MONTH) is not None
    assert PeriodCalendar.of(Grain(days=28)).coarser(Grain.MONTH) is None
    assert weeks.coarser(Grain.DAY) is None


def test_longer_periods_begin_where_one_of_the_given_ones_does():
    wednesdays = PeriodCalendar.from_day(Grain.WEEK, np.datetime64("2024-01-03"))
    longer = wednesdays.coarser(Grain(days=28))

    assert longer is not None
    assert np.isin(longer.first_day(np.arange(9)), wednesdays.first_day(np.arange(50))).all()
