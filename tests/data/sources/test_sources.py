import shutil

import duckdb
import pandas as pd
import pytest

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.sources import source_folder
from data.ingest.verify import faults

TERMS = ImportTerms("test", pd.Timestamp("2025-01-01", tz="UTC"))
FOLDERS = {
    "incident_log": "incident_log",
    "olist": "olist",
    "online_retail": "online_retail_ii",
    "freshretail": "freshretail",
    "vn2": "vn2",
    "carparts": "carparts",
    "just_in_time": "just_in_time",
    "helpdesk": "helpdesk",
}
ENCODINGS = {"just_in_time": "latin-1"}


def import_real(files, name, into):
    encoding = ENCODINGS.get(name, "utf-8")
    return import_files(files, source_folder(name), into, TERMS, encoding=encoding)


@pytest.fixture(scope="module")
def imported(real_data, tmp_path_factory):
    """Import a real set once: its history and the report of the import."""
    done = {}

    def _imported(name):
        if name not in done:
            into = tmp_path_factory.mktemp(name) / "history"
            files = [real_data / FOLDERS[name]]
            report = import_real(files, name, into)
            done[name] = (History.open(into), report)
        return done[name]

    return _imported


@pytest.fixture(scope="module")
def incidents(imported):
    return imported("incident_log")[0]


@pytest.fixture(scope="module")
def olist(imported):
    return imported("olist")[0]


@pytest.fixture(scope="module")
def retail(imported):
    return imported("online_retail")[0]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_real_set_imports_with_almost_nothing_refused(imported, name):
    _, report = imported(name)

    for counts in report.counts.values():
        assert counts.accepted + counts.quarantined == counts.read
        assert counts.quarantined <= 0.001 * counts.read


@pytest.mark.parametrize("name", FOLDERS)
def test_a_real_history_is_whole(imported, name):
    assert list(faults(imported(name)[0].path, TERMS)) == []


@pytest.mark.parametrize("name", FOLDERS)
def test_a_real_set_imported_anew_has_the_same_fingerprint(imported, real_data, tmp_path, name):
    import_real([real_data / FOLDERS[name]], name, tmp_path / "h")

    assert History.open(tmp_path / "h").fingerprint == imported(name)[0].fingerprint


def test_a_line_of_the_retailer_reads_as_its_file_does(imported):
    history = imported("just_in_time")[0]
    exceptions = history.table("exceptions").set_index("exception_id")
    outcomes = history.table("outcomes").set_index("exception_id")

    # Ordered on 21 February 2015 at 14:07, four days promised, shipped on the 27th: too late.
    assert exceptions.loc["8793", "detected_at"] == pd.Timestamp("2015-02-21T14:07Z")
    assert exceptions.loc["8793", "due_at"] == pd.Timestamp("2015-02-26T00:00Z")
    assert outcomes.loc["8793", "breached"]


def test_lines_that_were_shipped_in_another_year_are_left_out(imported):
    assert imported("just_in_time")[0].rows["exceptions"] == 26_028


def test_a_ticket_of_the_help_desk_reads_as_its_log_does(imported):
    """Case 1: taken in charge twice, resolved on 25 October, closed by a timer in November."""
    history = imported("helpdesk")[0]
    steps = history.table("exception_events").query("exception_id == 'Case 1'")
    outcome = history.table("outcomes").set_index("exception_id").loc["Case 1"]

    assert list(steps["event"]) == ["assigned", "started", "started", "resolved"]
    assert outcome["resolved_at"] == pd.Timestamp("2012-10-25T11:54:26Z")
    assert pd.isna(outcome["touch_minutes"])  # only completions are logged: work is not


def test_every_ticket_is_there_and_those_resolved_have_an_outcome(imported):
    rows = imported("helpdesk")[0].rows

    assert (rows["exceptions"], rows["outcomes"]) == (4_580, 4_569)


def test_every_incident_is_there_with_its_outcome(incidents):
    assert (incidents.rows["exceptions"], incidents.rows["outcomes"]) == (17_136, 17_136)


def test_an_incident_reads_as_its_log_does(incidents):
    """Number 0000062: moved from team 70 to 23, its priority raised, its SLA broken."""
    steps = incidents.table("exception_events").query("exception_id == '0000062'")
    outcome = incidents.table("outcomes").set_index("exception_id").loc["0000062"]

    assert list(zip(steps["event"], steps["team"], steps["priority"], strict=True)) == [
        ("assigned", "70", "3"),
        ("assigned", "23", "2"),
        ("resolved", "23", "2"),
    ]
    assert (outcome["team"], outcome["breached"], str(outcome["known_at"])) == (
        "23",
        True,
        "2016-03-05 16:00:00+00:00",
    )


def test_the_first_row_of_an_incident_shows_no_question_marks(incidents):
    first = incidents.table("exceptions").set_index("exception_id").loc["0000045"]

    assert (first["type"], first["reason_code"], first["severity"]) == ("55", "170", "3")
    assert not incidents.table("exceptions").eq("?").any(axis=None)
    assert "?" not in first["attributes"]
    assert '"assigned_to"' not in first["attributes"]


def test_march_2016_breaks_its_promises_and_april_does_not(incidents):
    shares = incidents.query("breach_rate_by_month").set_index("month")["breached_share"]

    assert shares["2016-03"] > 0.55
    assert shares["2016-04"] < 0.25


def test_the_log_cut_in_two_files_gives_the_same_history(incidents, real_data, tmp_path):
    whole = pd.read_csv(next((real_data / "incident_log").glob("*.csv.gz")), dtype=str)
    cut = whole["number"].drop_duplicates().iloc[9_000]
    for part, rows in {"1": whole["number"] < cut, "2": whole["number"] >= cut}.items():
        whole[rows].to_csv(tmp_path / f"incident_event_log_{part}.csv", index=False)
    import_files([tmp_path], source_folder("incident_log"), tmp_path / "h", TERMS)

    assert History.open(tmp_path / "h").fingerprint == incidents.fingerprint


def test_the_order_itself_does_not_say_how_it_ended(olist):
    ends = {f"orders.{c}" for c in ("status", "fulfillment_status", "payment_status", "ship_by_at")}

    assert not ends & olist.filled_columns()


def test_the_subset_is_weighted_back_to_the_full_set(olist):
    orders = olist.table("orders")

    assert orders["weight"].value_counts().to_dict() == {18.7: 5_172, 1.0: 2_963}


def test_a_set_of_mostly_delivered_orders_is_not_weighted(real_data, tmp_path):
    for file in (real_data / "olist").glob("*.gz"):
        shutil.copy(file, tmp_path)
    path = tmp_path / "olist_orders_dataset.csv.gz"
    orders = pd.read_csv(path, dtype=str)
    orders[orders["order_status"] == "delivered"].to_csv(path, index=False)
    import_files([tmp_path], source_folder("olist"), tmp_path / "h", TERMS)

    assert History.open(tmp_path / "h").table("orders")["weight"].eq(1).all()


def test_what_went_wrong_with_orders_is_counted_by_type(olist):
    types = olist.table("exceptions")["type"].value_counts()

    assert (types["canceled"], types["unavailable"]) == (625, 609)
    assert types["customer_request"] == 2_234


def test_an_order_is_late_when_the_promised_day_is_over(olist):
    late = olist.table("exceptions").query("type == 'late_shipment'").set_index("order_id")
    promised = olist.table("orders").set_index("order_id")["promised_at"]

    waited = late["detected_at"] - promised.reindex(late.index)
    assert waited.eq(pd.Timedelta(days=1)).all()


def test_no_exception_of_an_order_comes_before_the_order(olist):
    placed = olist.table("orders").set_index("order_id")["placed_at"]
    exceptions = olist.table("exceptions").set_index("order_id")

    assert (exceptions["known_at"] >= placed.reindex(exceptions.index)).all()


def test_complaints_carry_the_words_of_the_customer(olist):
    complaints = olist.table("exceptions").query("type == 'customer_request'")

    assert complaints["message"].str.len().min() > 0
    assert complaints["message"].str.contains("não", case=False).mean() > 0.2


def test_parcels_sent_before_their_order_are_refused(imported, quarantined):
    refused = quarantined(imported("olist")[1])

    assert refused["stage"].tolist() == ["shipped"] * 3


def test_postage_and_fees_are_no_products(retail):
    assert not retail.table("order_lines")["sku"].isin(["POST", "DOT", "M", "D", "C2"]).any()


def test_cancellations_are_steps_of_the_order_that_they_belong_to(retail):
    steps = retail.table("order_events").query("stage == 'after_sales'")
    lines = retail.table("order_lines").set_index(["order_id", "line_id"])
    ordered = lines["units"].reindex(pd.MultiIndex.from_frame(steps[["order_id", "line_id"]]))

    assert len(steps) > 5_000
    assert set(steps["event"]) == {"canceled", "returned"}
    assert ordered.notna().all()


def test_every_cancellation_of_products_is_an_exception(retail, real_data):
    rows = duckdb.read_parquet(str(next((real_data / "online_retail_ii").glob("*.parquet"))))
    invoices = rows.df().query("Quantity < 0 and Invoice.str.startswith('C')")
    products = invoices[invoices["StockCode"].str.match(r"^\d{5}")]["Invoice"].unique()

    assert set(products) <= set(retail.table("exceptions")["exception_id"])


def test_days_that_the_set_holds_twice_count_once(retail, real_data, tmp_path):
    rows = pd.read_parquet(next((real_data / "online_retail_ii").glob("*.parquet")))
    first_days = rows[rows["InvoiceDate"] < "2009-12-03"]
    pd.concat([rows, first_days]).to_csv(tmp_path / "online_retail_II.csv", index=False)
    import_files([tmp_path], source_folder("online_retail"), tmp_path / "h", TERMS)

    assert History.open(tmp_path / "h").fingerprint == retail.fingerprint


@pytest.mark.parametrize(
    ("name", "rows", "series"),
    [("vn2", 94_043, 599), ("freshretail", 380_000, 5_000), ("carparts", 130_252, 2_674)],
)
def test_given_demand_is_there_whole(imported, name, rows, series):
    demand = imported(name)[0].table("demand", columns=["sku", "site"])

    assert len(demand) == rows
    assert len(demand.drop_duplicates()) == series


def test_the_challenge_was_out_of_stock_in_one_week_of_nine(imported):
    shares = imported("vn2")[0].table("demand")["in_stock_share"]

    assert shares.notna().all()
    assert shares.mean() == pytest.approx(0.888, abs=0.001)


def test_every_product_and_shop_of_the_challenge_is_described(imported):
    history = imported("vn2")[0]

    assert history.rows["products"] == 297
    assert history.table("products")["product_group"].notna().all()
    assert history.table("sites")["format"].notna().all()
