import numpy as np
import pandas as pd
import pytest

from data.domain import BadInputError
from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history
from training.demand.dataset import read_panel
from training.demand.describe import demand_facts

TERMS = ImportTerms("test", pd.Timestamp("2026-01-01", tz="UTC"))
AS_OF = pd.Timestamp("2026-01-01", tz="UTC")


def rows(starts, sku="S", site="A"):
    """Rows of 1, 2, 3, ... units, each known when the next period begins."""
    starts = pd.DatetimeIndex(starts)
    return pd.DataFrame(
        {
            "sku": sku,
            "site": site,
            "period_start": starts[:-1],
            "units": np.arange(1.0, len(starts)),
            "known_at": starts[1:],
        }
    )


@pytest.fixture
def history(tmp_path):
    def write(*frames):
        write_history(tmp_path, (("demand", frame) for frame in frames), TERMS)
        return History.open(tmp_path)

    return write


@pytest.mark.parametrize(
    ("freq", "first", "grain"),
    [
        ("28D", "2023-01-02", "28 days"),
        ("10D", "2023-01-02", "10 days"),
        ("QS", "2021-01-01", "quarter"),
        ("6MS", "2019-01-01", "half-year"),
        ("YS", "2012-01-01", "year"),
        ("W-WED", "2023-01-04", "week"),
        ("ME", "2023-01-31", "month"),
        ("QS-FEB", "2020-02-01", "quarter"),
        ("QE-JAN", "2020-01-31", "quarter"),
    ],
)
def test_a_value_stays_in_its_own_period(history, freq, first, grain):
    panel = read_panel(history(rows(pd.date_range(first, periods=14, freq=freq))), AS_OF)

    assert str(panel.grain) == grain
    np.testing.assert_array_equal(panel.units, [np.arange(1, 14)])


def test_a_missing_period_is_without_sales_and_is_counted(history):
    frame = rows(pd.date_range("2023-01-02", periods=14, freq="28D")).drop(index=5)
    stored = history(frame)

    assert read_panel(stored, AS_OF).units[0, 5] == 0
    assert dict(demand_facts(stored))["periods"] == "13, 1 of them without any row"


@pytest.mark.parametrize(("freq", "other"), [("MS", "QS"), ("D", "W-MON"), ("W-MON", "W-SUN")])
def test_series_with_different_periods_are_refused_and_one_is_named(history, freq, other):
    days = pd.date_range("2023-01-01", periods=60, freq=freq)
    later = pd.date_range("2023-01-01", periods=9, freq=other)
    stored = history(rows(days), rows(later, sku="T"))

    with pytest.raises(BadInputError, match="Give periods of one length"):
        read_panel(stored, AS_OF)
    assert dict(demand_facts(stored))["grain"].startswith("none: demand.period_start")


CHANGES = [("7D", "28D"), ("D", "7D"), ("D", "MS"), ("MS", "QS"), ("QS", "MS"), ("7D", "MS")]


def changed(freq, later, **more):
    """Rows in periods of one length, and from some day on in periods of another."""
    first = pd.date_range("2021-01-01", periods=60 if freq == "D" else 13, freq=freq)
    last = pd.date_range(first[-1], periods=10, freq=later)
    return rows(first[:-1].append(last), **more)


@pytest.mark.parametrize(("freq", "later"), CHANGES)
def test_a_length_that_changes_midway_is_refused_with_both_lengths(history, freq, later):
    with pytest.raises(BadInputError, match="Give periods of one length"):
        read_panel(history(changed(freq, later)), AS_OF)


def test_one_series_among_ten_that_changes_its_length_is_named(history):
    weeks = [rows(pd.date_range("2021-01-01", periods=60, freq="7D"), sku=f"S{n}") for n in "123"]
    stored = history(*weeks, changed("7D", "28D", sku="T"))

    with pytest.raises(BadInputError, match=r"'T' at 'A' has a period each 7 days .* each 28 days"):
        read_panel(stored, AS_OF)


def test_a_changed_length_is_read_once_finer_periods_are_summed_up(history):
    frame = changed("7D", "28D")
    calendar = pd.date_range("2021-01-01", periods=20, freq="28D")
    number = calendar.searchsorted(frame["period_start"], side="right") - 1
    frame["period_start"] = calendar[number]
    summed = frame.groupby(["sku", "site", "period_start"], as_index=False).agg(
        {"units": "sum", "known_at": "max"}
    )

    assert str(read_panel(history(summed), AS_OF).grain) == "28 days"


def test_a_product_that_sells_less_often_later_is_sold_by_day_as_before(history):
    days = rows(pd.date_range("2023-01-01", periods=30).append(
        pd.date_range("2023-02-05", periods=9, freq="7D")
    ))  # fmt: skip
    days["known_at"] = days["period_start"] + pd.Timedelta(1, "D")

    assert str(read_panel(history(days), AS_OF).grain) == "day"


@pytest.mark.parametrize("later", [0, 1])
def test_half_months_are_refused_and_months_of_them_are_read(history, later):
    months = pd.date_range("2023-01-01", periods=14, freq="MS")
    halves = months.append(months + pd.Timedelta(14 + later, "D")).sort_values()
    with pytest.raises(BadInputError, match="half-months to months"):
        read_panel(history(rows(halves)), AS_OF)


def test_a_product_that_sells_on_one_weekday_is_sold_by_day_as_others_are(history):
    saturdays = rows(pd.date_range("2023-01-07", periods=9, freq="7D"), sku="T")
    saturdays["known_at"] = saturdays["period_start"] + pd.Timedelta(1, "D")
    stored = history(rows(pd.date_range("2023-01-01", periods=60)), saturdays)

    assert str(read_panel(stored, AS_OF).grain) == "day"


def test_the_facts_say_where_an_unusual_period_begins(history):
    by_last_day = history(rows(pd.date_range("2023-01-31", periods=9, freq="ME")))

    assert dict(demand_facts(by_last_day))["grain"] == "month; recorded by its last day"
