import pandas as pd
import pytest

from data.domain import BadInputError
from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history

TERMS = ImportTerms("test", pd.Timestamp("2025-01-01", tz="UTC"))


def test_an_unparsable_date_is_refused_with_its_file_row_and_value(write, orders, quarantined):
    broken = orders.assign(placed_at=["2024-03-01", "31/02/2024", "2024-03-03"])
    refused = quarantined(write(orders=broken.assign(_file="may.csv", _row=[7, 8, 9])))

    assert refused[["reason", "file", "row", "placed_at"]].to_numpy().tolist() == [
        [
            "placed_at: '31/02/2024' is not a time between 1900 and 2200",
            "may.csv",
            "8",
            "31/02/2024",
        ]
    ]


def test_negative_units_are_refused(write, orders, reason, an_order_line):
    report = write(orders=orders, order_lines=an_order_line(units=-3))

    assert reason(report) == "units: '-3.0' is below 0"


def test_what_is_known_only_after_the_import_is_refused(write, orders, reason):
    late = orders.assign(known_at=["2024-03-01", "2024-03-03", "2025-01-02"])

    assert reason(write(orders=late)) == (
        "known_at: '2025-01-02 00:00:00+00:00' is after the moment of the import"
    )


def test_what_is_known_before_it_happened_is_refused(write, orders, reason):
    early = orders.assign(known_at=["2024-02-01", None, None])

    assert reason(write(orders=early)) == (
        "known_at: '2024-02-01 00:00:00+00:00' is before placed_at"
    )


def test_times_without_an_offset_are_read_in_the_zone_of_the_import(tmp_path, orders):
    terms = ImportTerms("test", TERMS.imported_at, timezone="America/Sao_Paulo")
    write_history(tmp_path, [("orders", orders)], terms)

    placed = History.open(tmp_path).table("orders").set_index("order_id")["placed_at"]
    assert placed.map(str).to_dict() == {
        "A": "2024-03-01 03:00:00+00:00",
        "B": "2024-03-02 10:00:00+00:00",
        "C": "2024-03-03 08:00:00+00:00",
    }


def test_a_column_that_mixes_zones_is_told(write, orders):
    assert write(orders=orders).notices == [
        "orders.placed_at mixes times with and without an offset: those without are read in UTC."
    ]


def test_a_column_that_the_contract_does_not_know_is_told(write, orders):
    notices = write(orders=orders.assign(colour="red")).notices

    assert "orders.colour is not in the contract and is left out." in notices


def test_a_missing_required_column_touches_nothing(write, history, orders):
    write(orders=orders)
    before = history().fingerprint

    with pytest.raises(BadInputError, match="orders: column 'placed_at' is missing"):
        write(orders=orders.drop(columns="placed_at"))
    assert history().fingerprint == before


def test_a_table_that_always_needs_known_at_says_so(write):
    with pytest.raises(BadInputError, match=r"column 'known_at' is missing.*1970-01-01"):
        write(products=pd.DataFrame({"sku": ["S"]}))


@pytest.mark.parametrize("text", ["{", "[1]", "red"])
def test_attributes_that_are_no_json_object_are_left_empty(write, exceptions, history, text):
    report = write(exceptions=exceptions.assign(attributes=[text, '{"colour": "red"}']))

    assert report.counts["exceptions"].emptied == {"attributes: is not a JSON object": 1}
    stored = history().table("exceptions")["attributes"]
    assert stored.isna().tolist() == [True, False]


def test_attributes_of_orders_are_checked_like_those_of_exceptions(write, orders):
    report = write(orders=orders.assign(attributes=["red", '{"incoterm": "FOB"}', None]))

    assert report.counts["orders"].emptied == {"attributes: is not a JSON object": 1}


def test_an_optional_value_that_can_not_be_read_costs_only_the_value(write, orders, history):
    broken = orders.assign(
        country=["Germany", "DE", "Spain"],
        promised_at=["soon", "2024-03-05", ""],
        total=["x", "-1", "3"],
    )
    report = write(orders=broken)

    counts = report.counts["orders"]
    assert (counts.read, counts.accepted, counts.quarantined) == (3, 3, 0)
    assert (
        counts.emptied[
            "country: is not a code of two letters; in the query, country_of(x) reads it"
        ]
        == 2
    )
    assert sum(n for kind, n in counts.emptied.items() if kind.startswith("total")) == 2
    assert (
        counts.examples["promised_at: is not a time between 1900 and 2200"]
        == "'soon' in test row 1"
    )
    stored = history().table("orders").set_index("order_id")
    assert stored["country"].isna().tolist() == [True, False, True]
    assert stored["total"].dropna().tolist() == [3.0]
    assert history().manifest.imports[-1].emptied == {"orders": dict(counts.emptied)}


def test_an_event_of_handling_that_has_no_such_word_is_refused(write, exceptions, reason):
    step = {"exception_id": ["E1"], "occurred_at": ["2024-04-02"], "event": ["pondered"]}

    assert "event: 'pondered' is not one of" in reason(
        write(exceptions=exceptions, exception_events=pd.DataFrame(step))
    )


def test_all_reasons_of_a_row_are_told(write, orders, reason, an_order_line):
    line = an_order_line(units=-1, sku=None)

    assert (
        reason(write(orders=orders, order_lines=line)) == "sku: is empty; units: '-1.0' is below 0"
    )


@pytest.mark.parametrize("word", ["Total", "Grand total:", "SUMME", "合计", "Итого"])
def test_a_line_of_totals_has_a_reason_of_its_own(write, orders, reason, word):
    total = pd.DataFrame({"order_id": [word], "placed_at": [None], "total": [1234.0]})
    report = write(orders=pd.concat([orders, total]))

    assert (report.counts["orders"].accepted, report.counts["orders"].quarantined) == (3, 1)
    assert reason(report) == f"order_id: '{word}' names a line of totals"


def test_an_order_that_is_called_total_and_is_whole_is_accepted(write, orders):
    named = orders.assign(order_id=["Total", "B", "C"])

    assert write(orders=named).counts["orders"].accepted == 3


@pytest.mark.parametrize(
    ("column", "values", "call"),
    [
        ("total", ["0,50", "1.234,50", "17,1"], "number_of(x, ',')"),
        ("total", ["1,234.50", "1,234", "2,000,000"], "number_of(x, '.')"),
        ("placed_at", ["46027.5", "46028", "46029"], "time_of_serial(x)"),
        ("placed_at", ["31.12.2023", "1.1.2024", "02.01.2024"], "time_of(x, '%d.%m.%Y')"),
        ("placed_at", ["1704067200", "1704067201", "1704067202"], "time_of_seconds(x)"),
    ],
)
def test_the_word_that_reads_a_column_is_named(write, orders, column, values, call):
    counts = write(orders=orders.assign(**{column: values})).counts["orders"]

    problems = [*counts.reasons, *counts.emptied]
    assert [problem.split("; ")[-1] for problem in problems] == [f"in the query, {call} reads it"]


def test_codes_in_small_letters_are_read_as_the_service_reads_them(write, orders, history):
    write(orders=orders.assign(currency=" jpy", country="de"))
    stored = history().table("orders")

    assert set(stored["currency"]) == {"JPY"}
    assert set(stored["country"]) == {"DE"}


def test_a_currency_that_can_not_be_read_is_counted_and_its_money_is_never_the_company_s(
    write, orders, history
):
    report = write(orders=orders.assign(currency="US dollars", total=15_000.0))
    opened = history()

    assert report.counts["orders"].emptied.most_common(1)[0][0].startswith("currency: ")
    assert opened.table("orders")["total"].eq(15_000).all()
    assert opened.in_currency("EUR", {"USD": 0.9}).table("orders")["total"].isna().all()


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("rate", 0, "is not above 1e-12"),
        ("rate", -1, "is not above 1e-12"),
        ("rate", 1e-300, "is not above 1e-12"),
        ("currency", "Dollar", "is not a code of three letters"),
        ("to_currency", "Euro", "is not a code of three letters"),
    ],
)
def test_a_rate_that_can_not_count_is_refused(write, reason, column, value, problem):
    rate = {"day": "2024-01-01", "currency": "usd", "to_currency": "eur", "rate": 0.9}

    assert problem in reason(write(rates=pd.DataFrame([rate | {column: value}])))
