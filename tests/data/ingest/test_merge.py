from itertools import count

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history

COUNT = count()
TERMS = ImportTerms("test", pd.Timestamp("2025-01-01", tz="UTC"))


def test_the_same_row_twice_counts_once(write, orders):
    counts = write(orders=pd.concat([orders, orders])).counts["orders"]

    assert (counts.read, counts.accepted, counts.quarantined) == (6, 3, 3)


def test_rows_that_contradict_each_other_are_all_refused(write, history, orders):
    write(orders=pd.concat([orders, orders.iloc[:1].assign(total=99.0)]))

    assert history().table("orders")["order_id"].tolist() == ["B", "C"]


def test_an_order_line_without_its_order_is_refused(write, orders, reason, an_order_line):
    report = write(orders=orders, order_lines=an_order_line(order_id="Z"))

    assert reason(report) == "order_id: 'Z' is not in orders"


def test_an_order_line_whose_order_was_refused_is_refused(write, history, orders, an_order_line):
    refused = orders.assign(placed_at=["soon", "2024-03-02", "2024-03-03"])
    write(orders=refused, order_lines=an_order_line())

    assert history().rows["order_lines"] == 0


def test_an_order_line_finds_its_order_in_an_earlier_import(write, history, orders, an_order_line):
    write(orders=orders)
    write(order_lines=an_order_line())

    assert history().rows["order_lines"] == 1


def test_exceptions_of_refused_orders_stay_and_are_counted(write, orders, exceptions):
    refused = orders.assign(placed_at=["soon", "2024-03-02T10:00Z", "2024-03-03T10:00Z"])
    report = write(orders=refused, exceptions=exceptions.assign(order_id=["A", "B"]))

    assert report.counts["exceptions"].accepted == 2
    (notice,) = report.notices
    assert notice == (
        "exceptions: 1 of 2 name a row of orders that was refused or is in no file, e.g. 'E1' "
        "names 'A'. They stay, without what orders would say of them."
    )


def test_an_outcome_before_its_exception_is_refused(write, exceptions, reason):
    outcome = pd.DataFrame({"exception_id": ["E1"], "known_at": ["2024-03-31T23:59"]})
    report = write(exceptions=exceptions, outcomes=outcome)

    assert reason(report) == (
        "known_at: 2024-03-31 23:59:00+00 is before the detected_at (2024-04-01 08:00:00+00) "
        "of its row in exceptions"
    )


def test_a_step_before_its_order_is_refused(write, orders, reason):
    step = pd.DataFrame({"order_id": ["A"], "stage": ["paid"], "occurred_at": ["2024-02-01"]})

    assert "is before the placed_at" in reason(write(orders=orders, order_events=step))


def test_a_line_is_known_when_its_order_is(write, history, orders, an_order_line):
    write(orders=orders, order_lines=an_order_line(order_id="B"))

    assert history().table("order_lines")["known_at"].tolist() == [
        pd.Timestamp("2024-03-02T10:00Z")
    ]


def test_two_imports_are_as_good_as_one(tmp_path, orders):
    write_history(tmp_path / "one", [("orders", orders)], TERMS)
    write_history(tmp_path / "two", [("orders", orders.iloc[2:])], TERMS)
    write_history(tmp_path / "two", [("orders", orders.iloc[:2])], TERMS)

    assert History.open(tmp_path / "two").fingerprint == History.open(tmp_path / "one").fingerprint


def test_the_newer_import_wins_and_is_counted(write, history, orders):
    write(orders=orders)
    counts = write(orders=orders.assign(total=[10.0, 21.0, None])).counts["orders"]

    assert (counts.new, counts.updated, counts.unchanged) == (0, 1, 2)
    assert history().table("orders").set_index("order_id")["total"]["B"] == 21.0


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(days=st.permutations([1, 2, 3, 4]), cut=st.integers(0, 4))
def test_any_order_and_any_parting_of_imports_ends_in_the_newest_row(tmp_path, days, cut):
    into = tmp_path / f"history-{next(COUNT)}"
    rows = pd.DataFrame(
        {
            "order_id": "A",
            "placed_at": "2024-03-01",
            "status": [f"state {day}" for day in days],
            "known_at": [f"2024-03-0{day}" for day in days],
        }
    )
    for part in (rows.iloc[:cut], rows.iloc[cut:]):
        if len(part):
            write_history(into, [("orders", part)], TERMS)

    assert History.open(into).table("orders")["status"].tolist() == ["state 4"]


def test_a_row_that_is_older_than_the_history_is_counted_and_named(write, orders):
    dated = orders.assign(known_at="2024-06-01")
    write(orders=dated)
    report = write(orders=dated.assign(known_at=["2024-05-01", "2024-06-01", "2024-07-01"]))

    counts = report.counts["orders"]
    assert (counts.accepted, counts.late, counts.unchanged, counts.updated) == (3, 1, 1, 1)
    assert report.notices[-1] == (
        "orders: late rows, which change nothing: 1, e.g. test row 1, "
        "known at 2024-05-01 00:00:00+00; the row of the same key that stays is of "
        "2024-06-01 00:00:00+00. If known_at was wrong before, import all files into a new folder."
    )


def test_a_row_that_does_not_say_when_it_was_known_is_ordered_by_its_arrival(
    write, history, orders
):
    write(orders=orders.assign(known_at="2024-06-01"))
    write(orders=orders.assign(placed_at="2024-02-01", total=5.0))

    assert set(history().table("orders")["total"]) == {5.0}


def test_a_row_known_in_the_future_shuts_nothing_out(write, history, orders):
    write(orders=orders.assign(known_at="2099-01-01"))
    write(orders=orders.assign(known_at="2024-06-01"))

    assert set(history().table("orders")["known_at"]) == {pd.Timestamp("2024-06-01", tz="UTC")}
