"""Events have no key: content and copy number within a file name them, never the moment."""

from collections import Counter
from itertools import count

import duckdb
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history

TERMS = ImportTerms("test", pd.Timestamp("2025-01-01", tz="UTC"))
ORDER = pd.DataFrame({"order_id": ["A"], "placed_at": ["2024-03-01"]})
UNITS = st.sampled_from([1.0, 2.0, None])
EXPORT = st.lists(UNITS, min_size=1, max_size=4)


def returns(*units, file="returns.csv", **more):
    """Rows of one file: returns of one line in one second."""
    columns = {"order_id": "A", "stage": "after_sales", "occurred_at": "2024-03-09T09:00:00Z"}
    rows = pd.DataFrame({"units": list(units), "_row": range(1, len(units) + 1)})
    return rows.assign(**columns, event="returned", line_id="1", _file=file, **more)


def stored_units(folder):
    units = History.open(folder).table("order_events")["units"]
    return Counter(None if pd.isna(value) else value for value in units)


def test_all_returns_in_one_second_of_one_file_count(write, history):
    counts = write(orders=ORDER, order_events=returns(1, 1, 2)).counts["order_events"]

    assert (counts.accepted, counts.quarantined) == (3, 0)
    assert history().table("order_events")["units"].tolist() == [1, 1, 2]


def test_the_same_export_twice_counts_once(write, history):
    write(orders=ORDER, order_events=returns(1, 1))
    counts = write(order_events=returns(1, 1, file="again.csv")).counts["order_events"]

    assert (counts.new, counts.updated, counts.unchanged) == (0, 0, 2)
    assert history().rows["order_events"] == 2


def test_a_larger_export_adds_only_what_it_has_more(write, history):
    write(orders=ORDER, order_events=returns(1, 1))
    counts = write(order_events=returns(2, 1, 1, 1)).counts["order_events"]

    assert (counts.new, counts.updated, counts.unchanged) == (2, 0, 2)
    assert history().table("order_events")["units"].tolist() == [1, 1, 1, 2]


def test_two_files_of_one_import_that_overlap_count_once(write, reason):
    files = pd.concat([returns(1, file="week.csv"), returns(1, 2, file="month.csv")])
    report = write(orders=ORDER, order_events=files)

    assert report.counts["order_events"].accepted == 2
    assert reason(report).endswith("the very same row came before")


def test_the_moment_an_event_was_known_does_not_name_it(write, history):
    files = pd.concat(
        [returns(1, file=f"{day}.csv", known_at=f"2024-03-{day}") for day in (10, 11)]
    )
    write(orders=ORDER, order_events=files)
    counts = write(order_events=returns(1, known_at="2024-03-12")).counts["order_events"]

    assert (counts.new, counts.updated) == (0, 1)
    assert history().rows["order_events"] == 1


def test_a_number_that_the_source_gives_names_the_event(write, history):
    write(orders=ORDER, order_events=returns(1, 1, 1, copy_number=[7, 8, 8]))

    assert history().table("order_events")["copy_number"].tolist() == [7, 8]


def test_units_that_cannot_be_read_do_not_cost_the_event(write, history):
    report = write(orders=ORDER, order_events=returns("two", "1"))

    assert report.counts["order_events"].accepted == 2
    assert history().table("order_events")["units"].isna().sum() == 1


def test_a_history_without_numbers_is_read_and_continued(write, history):
    write(orders=ORDER, order_events=returns(1, 2))
    stored = history().path / history().manifest.tables["order_events"].file
    rows = duckdb.read_parquet(str(stored)).to_arrow_table().drop_columns("copy_number")
    duckdb.from_arrow(rows).write_parquet(str(stored))

    assert history().table("order_events")["copy_number"].tolist() == [0, 0]
    counts = write(order_events=returns(1, 1, 2)).counts["order_events"]
    assert (counts.new, counts.updated, counts.unchanged) == (1, 0, 2)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.lists(EXPORT, min_size=1, max_size=2), min_size=1, max_size=3))
def test_an_event_counts_as_often_as_the_file_with_most_of_it(tmp_path_factory, imports):
    folder, numbers = tmp_path_factory.mktemp("events") / "history", count()
    for exports in imports:
        events = pd.concat([returns(*units, file=f"{next(numbers)}.csv") for units in exports])
        report = write_history(folder, [("orders", ORDER), ("order_events", events)], TERMS)
        counts = report.counts["order_events"]
        assert counts.accepted + counts.quarantined == counts.read == len(events)

    most = Counter()
    for units in (units for exports in imports for units in exports):
        most |= Counter(units)
    assert stored_units(folder) == most


EXCEPTION = pd.DataFrame({"exception_id": ["E"], "detected_at": ["2024-03-01"]})


def moves(*teams, file="steps.csv", **more):
    """Rows of one file: moves of one exception between teams in one second."""
    rows = pd.DataFrame({"team": list(teams), "_row": range(1, len(teams) + 1)})
    columns = {"exception_id": "E", "occurred_at": "2024-03-09T09:00:00Z", "event": "assigned"}
    return rows.assign(**columns, _file=file, **more)


def stored_moves(history):
    return history().table("exception_events").sort_values("step")["team"].tolist()


def test_steps_of_an_exception_in_one_second_count_in_the_order_of_their_file(write, history):
    teams = ["west", "east", "west", "north"]
    counts = write(exceptions=EXCEPTION, exception_events=moves(*teams)).counts["exception_events"]

    assert (counts.accepted, counts.quarantined) == (4, 0)
    assert stored_moves(history) == teams


def test_steps_that_an_export_repeats_in_another_order_count_once(write, history):
    write(exceptions=EXCEPTION, exception_events=moves("west", "east", "west"))
    write(exception_events=moves("east", "west", "west", file="again.csv"))

    assert stored_moves(history) == ["east", "west", "west"]


def test_steps_of_two_files_that_overlap_count_once(write, history):
    files = pd.concat([moves("west", "east", file="1.csv"), moves("east", "north", file="2.csv")])
    write(exceptions=EXCEPTION, exception_events=files)

    assert sorted(stored_moves(history)) == ["east", "north", "west"]


def test_the_order_of_steps_that_a_source_gives_stays(write, history):
    write(exceptions=EXCEPTION, exception_events=moves("west", "east", "east", step=[3, 2, 1]))

    assert stored_moves(history) == ["east", "east", "west"]


def test_steps_stored_without_numbers_are_read_and_continued(write, history):
    write(exceptions=EXCEPTION, exception_events=moves("west", "east", "west"))
    stored = history().path / history().manifest.tables["exception_events"].file
    rows = duckdb.read_parquet(str(stored)).to_arrow_table().drop_columns("copy_number")
    duckdb.from_arrow(rows).write_parquet(str(stored))

    assert Counter(history().table("exception_events")["copy_number"]) == {0: 2, 1: 1}
    counts = write(exception_events=moves("west", "east", "west", "west")).counts
    assert (counts["exception_events"].new, counts["exception_events"].unchanged) == (1, 3)
    assert stored_moves(history) == ["west", "east", "west", "west"]
