import numpy as np
import pandas as pd
import pytest

from data.domain import BadInputError
from data.history.history import History
from data.ingest.readers import read_r_file
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.sources import source_folder

TERMS = ImportTerms("test", pd.Timestamp("2025-01-01", tz="UTC"))
WEEKS = ("2024-04-01", "2024-04-08", "2024-04-15")


@pytest.fixture
def files(tmp_path):
    """Write CSV files by name; all of them import."""

    def _files(**frames):
        folder = tmp_path / "files"
        folder.mkdir(exist_ok=True)
        for name, rows in frames.items():
            pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
        return folder

    return _files


@pytest.fixture
def imported(tmp_path):
    """Import a folder; the history and the report."""

    def _imported(folder, source):
        report = import_files([folder], source_folder(source), tmp_path / "history", TERMS)
        return History.open(tmp_path / "history"), report

    return _imported


def by_week(weeks, values, store="0"):
    return {"Store": [store], "Product": ["126"]} | {
        w: [v] for w, v in zip(weeks, values, strict=True)
    }


def challenge(weeks=WEEKS, units=(3, 0, 5), flags=("True", "False", "True"), name="week0"):
    """The files of the inventory challenge, of one product in one shop."""
    master = {"Store": ["0"], "Product": ["126"], "ProductGroup": ["301202"], "Division": ["3012"]}
    master |= {
        "Department": ["30"],
        "DepartmentGroup": ["11"],
        "StoreFormat": ["1"],
        "Format": ["13"],
    }
    state = {"Store": ["0"], "Product": ["126"], "End Inventory": [3]}
    return {
        f"{name}_sales": by_week(weeks, units),
        "week0_in_stock": by_week(weeks, flags),
        "week0_master": master,
        "week0_initial_state": state | {"In Transit W+1": [1], "In Transit W+2": [2]},
    }


def test_flags_after_the_last_true_ones_are_not_taken_for_stock(files, imported):
    demand = imported(files(**challenge()), "vn2")[0].table("demand")

    np.testing.assert_array_equal(demand["in_stock_share"], [1, 0, np.nan])


def test_a_week_is_known_with_its_last_moment(files, imported):
    history = imported(files(**challenge()), "vn2")[0]
    monday = pd.Timestamp("2024-04-08", tz="UTC")

    assert len(history.table("demand", known_before=monday)) == 1
    assert history.table("demand")["known_at"].max() < pd.Timestamp("2024-04-22", tz="UTC")


def test_the_opening_stock_is_that_of_week_0_whatever_weeks_came_later(files, imported):
    stock = imported(files(**challenge()), "vn2")[0].table("stock").iloc[0]

    assert (stock["on_hand"], stock["inbound"]) == (3, 3)
    assert str(stock["counted_at"])[:19] == "2024-04-14 23:59:59"
    assert str(stock["inbound_at"])[:10] == "2024-04-22"


def test_a_later_release_corrects_the_weeks_that_it_holds(files, imported):
    later = by_week((*WEEKS, "2024-04-22"), (3, 1, 5, 2))
    history, report = imported(files(**challenge(), week1_sales=later), "vn2")

    assert history.table("demand")["units"].tolist() == [3, 1, 5, 2]
    assert report.counts["demand"].quarantined == 0


@pytest.mark.parametrize(
    ("changed", "refused", "emptied"),
    [({"units": (3, "many", -1)}, 2, 0), ({"flags": ("True", "perhaps", "2")}, 0, 1)],
)
def test_units_of_the_challenge_that_are_none_are_refused_and_flags_are_left_empty(
    files, imported, changed, refused, emptied
):
    _, report = imported(files(**challenge() | challenge(**changed)), "vn2")
    counts = report.counts["demand"]

    assert (counts.read, counts.accepted, counts.quarantined) == (3, 3 - refused, refused)
    assert sum(counts.emptied.values()) == emptied


def test_a_column_that_is_no_week_is_refused(files, imported, quarantined):
    report = imported(files(**challenge(weeks=("2024-04-01", "total", "2024-04-08"))), "vn2")[1]

    assert "total" in quarantined(report)["reason"].iloc[0]


def test_a_week_that_is_not_over_is_not_known(files, imported):
    report = imported(files(**challenge(weeks=("2024-04-01", "2024-04-08", "2024-12-30"))), "vn2")[
        1
    ]

    assert report.counts["demand"].quarantined == 1


def day(**changed):
    """A shop's day of a product, in the words of the development set."""
    row = {"city_id": 0, "store_id": 7, "management_group_id": 2, "first_category_id": 3}
    row |= {"second_category_id": 21, "third_category_id": 221, "product_id": 686}
    row |= {
        "date": "2024-03-28",
        "sales_scaled": 0.4,
        "stockout_hours": 8,
        "stockout_hours_6_22": 4,
    }
    return row | {"discount": 0.8, "holiday_flag": 0, "activity_flag": 1} | changed


def test_only_hours_in_which_shops_sell_count_as_out_of_stock(files, imported):
    history = imported(files(daily=[day()]), "freshretail")[0]
    row = history.table("demand").iloc[0]

    assert (row["units"], row["in_stock_share"], row["price"], row["promotion"]) == (
        0.4,
        0.75,
        0.8,
        1,
    )
    assert history.table("sites").iloc[0][["site", "country", "region"]].tolist() == [
        "7",
        "CN",
        "0",
    ]


def test_the_public_names_of_the_columns_are_read_too(files, imported):
    public = {
        "date": "dt",
        "sales_scaled": "sale_amount",
        "stockout_hours_6_22": "stock_hour6_22_cnt",
    }
    rows = [{public.get(name, name): value for name, value in day().items()}]

    assert (
        imported(files(train=rows), "freshretail")[0].table("demand")["in_stock_share"][0] == 0.75
    )


def test_a_price_of_nothing_is_no_price(files, imported):
    assert (
        imported(files(daily=[day(discount=0)]), "freshretail")[0]
        .table("demand")["price"]
        .isna()[0]
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"sales_scaled": -1},
        {"sales_scaled": "much"},
        {"date": "soon"},
        {"date": "2025-01-01"},
    ],
)
def test_a_day_with_wrong_sales_or_a_wrong_date_is_refused(files, imported, changed):
    rows = [day(date="2024-03-27"), day(**changed)]
    counts = imported(files(daily=rows), "freshretail")[1].counts["demand"]

    assert (counts.read, counts.accepted, counts.quarantined) == (2, 1, 1)


@pytest.mark.parametrize(
    "changed",
    [{"stockout_hours_6_22": 17}, {"stockout_hours_6_22": "some"}, {"discount": "half"}],
)
def test_another_wrong_value_of_a_day_is_left_empty(files, imported, changed):
    rows = [day(date="2024-03-27"), day(**changed)]
    counts = imported(files(daily=rows), "freshretail")[1].counts["demand"]

    assert (counts.read, counts.accepted, sum(counts.emptied.values())) == (2, 2, 1)


def parts(values, times=("1998-01-01", "1998-02-01", "1998-03-01")):
    return {"time": times, "10055165": values, "21029627": (0, 1, 2)}


def test_a_month_without_a_value_has_no_row(files, imported):
    demand = imported(files(carparts=parts((1, "NA", None))), "carparts")[0].table("demand")

    assert len(demand) == 4
    assert demand["site"].unique().tolist() == ["all"]
    assert str(demand["known_at"].max())[:19] == "1998-03-31 23:59:59"


def test_a_month_with_a_wrong_value_is_refused(files, imported):
    counts = imported(files(carparts=parts((1, "x", -1))), "carparts")[1].counts["demand"]

    assert (counts.read, counts.quarantined) == (6, 2)


SOURCES = {
    "vn2": challenge(),
    "freshretail": {"daily": [day(), day(date="2024-03-29")]},
    "carparts": {"carparts": parts((1, 2, 3))},
}


@pytest.mark.parametrize("source", SOURCES)
def test_the_same_files_twice_change_nothing(files, imported, source):
    folder = files(**SOURCES[source])
    first, _ = imported(folder, source)
    second, report = imported(folder, source)

    assert not report.changed
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize(
    ("source", "column"),
    [("vn2", "End Inventory"), ("freshretail", "product_id"), ("carparts", "time")],
)
def test_a_missing_column_is_named(files, imported, source, column):
    frames = {name: pd.DataFrame(rows) for name, rows in SOURCES[source].items()}
    frames = {name: rows.drop(columns=column, errors="ignore") for name, rows in frames.items()}

    with pytest.raises(BadInputError, match=column):
        imported(files(**frames), source)


def test_a_time_series_of_r_has_its_months(real_data):
    table = read_r_file(next((real_data / "carparts").glob("*.rda")))

    assert table.shape == (51, 2_675)
    assert (table["time"][0].as_py(), table["time"][50].as_py()) == ("1998-01-01", "2002-03-01")


def test_a_damaged_file_of_r_says_so(tmp_path, real_data):
    whole = next((real_data / "carparts").glob("*.rda")).read_bytes()
    (tmp_path / "carparts.rda").write_bytes(whole[:5_000])

    with pytest.raises(BadInputError, match="no file of R"):
        read_r_file(tmp_path / "carparts.rda")


def test_a_file_that_is_not_of_r_says_so(tmp_path):
    (tmp_path / "carparts.rda").write_text("time,1\n1998-01-01,2\n")

    with pytest.raises(BadInputError, match="no file of R"):
        read_r_file(tmp_path / "carparts.rda")
