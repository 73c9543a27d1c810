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


def test_a_product_that_sells_on_one_weekday_is_sold_by_day_as_others_are(history):
    saturdays = rows(pd.date_range("2023-01-07", periods=9, freq="7D"), sku="T")
    saturdays["known_at"] = saturdays["period_start"] + pd.Timedelta(1, "D")
    stored = history(rows(pd.date_range("2023-01-01", periods=60)), saturdays)

    assert str(read_panel(stored, AS_OF).grain) == "day"


def test_the_facts_say_where_an_unusual_period_begins(history):
    by_last_day = history(rows(pd.date_range("2023-01-31", periods=9, freq="ME")))

    assert dict(demand_facts(by_last_day))["grain"] == "month; recorded by its last day"
