"""Time zones of sources, sites and orders: where an import takes them from."""

import pandas as pd
import pytest

from data.contract.column_types import TIME_ZONES
from data.domain import BadInputError
from data.history.history import History
from data.history.queries import database
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files

IMPORTED_AT = pd.Timestamp("2026-02-01", tz="UTC")
ORDERS = "select order_id, placed_at, timezone, _file, _row from orders"


@pytest.fixture
def imported(tmp_path, source):
    """Import two orders, the second with a time zone of its own, and return them."""

    def _imported(own="", *, of_source="", given=""):
        folder = source(orders=ORDERS)
        entry = f'timezone = "{of_source}"\n' if of_source else ""
        (folder / "inputs.toml").write_text(entry + 'orders = ["orders"]')
        lines = ["order_id,placed_at,timezone", "A,2024-07-01 10:00,", f"B,2024-07-01T10:00Z,{own}"]
        (tmp_path / "orders.csv").write_text("\n".join(lines))
        terms = ImportTerms("shop", IMPORTED_AT, given)
        report = import_files([tmp_path / "orders.csv"], folder, tmp_path / "history", terms)
        orders = History.open(tmp_path / "history").table("orders").set_index("order_id")
        return orders.sort_index(), report

    return _imported


@pytest.mark.parametrize(
    ("of_source", "given", "zone", "hour"),
    [
        ("", "", "", 10),
        ("", "Europe/Berlin", "Europe/Berlin", 8),
        ("Europe/Berlin", "", "Europe/Berlin", 8),
        ("Europe/Berlin", "UTC", "Europe/Berlin", 10),
        ("Europe/Berlin", "America/New_York", "Europe/Berlin", 14),
    ],
)
def test_the_zone_of_a_source_is_of_days_and_that_of_the_import_of_times(
    imported, of_source, given, zone, hour
):
    orders, _ = imported(of_source=of_source, given=given)

    assert orders["timezone"].fillna("").tolist() == [zone, zone]
    assert orders["placed_at"].dt.hour.tolist() == [hour, 10]


def test_an_order_keeps_the_time_zone_that_it_names(imported):
    orders, _ = imported("Asia/Tokyo", of_source="Europe/Berlin")

    assert orders["timezone"].tolist() == ["Europe/Berlin", "Asia/Tokyo"]


def test_an_unknown_time_zone_of_an_order_is_counted_and_that_of_the_source_counts(imported):
    orders, report = imported("Mars/Olympus", of_source="Europe/Berlin")

    assert orders["timezone"].tolist() == ["Europe/Berlin", "Europe/Berlin"]
    kind = "timezone: is not the name of a time zone"
    assert report.counts["orders"].emptied == {kind: 1}
    assert report.counts["orders"].examples[kind] == "'Mars/Olympus' in orders.csv row 2"


def test_an_unknown_time_zone_of_a_source_is_refused_by_name(imported):
    with pytest.raises(BadInputError, match=r"inputs.toml: time zone 'Mars/Olympus' is unknown"):
        imported(of_source="Mars/Olympus")


def test_a_site_is_not_given_the_time_zone_of_a_source(tmp_path, source):
    folder = source(sites="select site, '1970-01-01' as known_at from sites")
    (folder / "inputs.toml").write_text('timezone = "Europe/Berlin"\nsites = ["sites"]')
    (tmp_path / "sites.csv").write_text("site,city\nS,Rome\n")
    terms = ImportTerms("shop", IMPORTED_AT)
    import_files([tmp_path / "sites.csv"], folder, tmp_path / "history", terms)

    assert History.open(tmp_path / "history").table("sites")["timezone"].isna().tolist() == [True]


def test_the_database_has_every_time_zone_that_an_import_takes():
    with database() as con:
        names = con.table_function("pg_timezone_names").fetchall()

    assert {row[0] for row in names} >= TIME_ZONES


def test_describe_counts_rows_by_time_zone(imported, tmp_path):
    imported("Asia/Tokyo", of_source="Europe/Berlin")
    zones = History.open(tmp_path / "history").query("describe/time_zones")

    assert zones.to_numpy().tolist() == [
        ["orders", "Asia/Tokyo", 1],
        ["orders", "Europe/Berlin", 1],
    ]
