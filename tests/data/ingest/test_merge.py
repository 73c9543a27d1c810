import pandas as pd

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history

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
