import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.checking import Terms
from data.domain import BadInputError, UnknownChoiceError
from data.history import History
from data.importing import write_history
from data.verifying import faults

TERMS = Terms("test", pd.Timestamp("2025-01-01", tz="UTC"))


def lines(**changed):
    columns = {"order_id": ["A"], "line_id": ["1"], "sku": ["S"], "units": [1]}
    return pd.DataFrame(columns | {name: [value] for name, value in changed.items()})


def reason_for(report, quarantined):
    (reason,) = quarantined(report)["reason"]
    return reason


def test_good_rows_are_taken(write, history, orders):
    write(orders=orders)

    assert history().rows["orders"] == 3


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


def test_the_same_row_twice_counts_once(write, orders):
    counts = write(orders=pd.concat([orders, orders])).counts["orders"]

    assert (counts.read, counts.accepted, counts.quarantined) == (6, 3, 3)


def test_rows_that_contradict_each_other_are_all_refused(write, history, orders):
    write(orders=pd.concat([orders, orders.iloc[:1].assign(total=99.0)]))

    assert history().table("orders")["order_id"].tolist() == ["B", "C"]


def test_an_order_line_without_its_order_is_refused(write, orders, quarantined):
    report = write(orders=orders, order_lines=lines(order_id="Z"))

    assert reason_for(report, quarantined) == "order_id: 'Z' is not in orders"


def test_an_order_line_whose_order_was_refused_is_refused(write, history, orders):
    write(orders=orders.assign(total=[-1.0, 1.0, 1.0]), order_lines=lines())

    assert history().rows["order_lines"] == 0


def test_an_order_line_finds_its_order_in_an_earlier_import(write, history, orders):
    write(orders=orders)
    write(order_lines=lines())

    assert history().rows["order_lines"] == 1


def test_negative_units_are_refused(write, orders, quarantined):
    report = write(orders=orders, order_lines=lines(units=-3))

    assert reason_for(report, quarantined) == "units: '-3.0' is below 0"


def test_an_outcome_before_its_exception_is_refused(write, exceptions, quarantined):
    outcome = pd.DataFrame({"exception_id": ["E1"], "known_at": ["2024-03-31T23:59"]})
    report = write(exceptions=exceptions, outcomes=outcome)

    assert reason_for(report, quarantined) == (
        "known_at: 2024-03-31 23:59:00+00 is before the detected_at (2024-04-01 08:00:00+00) "
        "of its row in exceptions"
    )


def test_a_step_before_its_order_is_refused(write, orders, quarantined):
    step = pd.DataFrame({"order_id": ["A"], "stage": ["paid"], "occurred_at": ["2024-02-01"]})

    assert "is before the placed_at" in reason_for(
        write(orders=orders, order_events=step), quarantined
    )


def test_what_is_known_only_after_the_import_is_refused(write, orders, quarantined):
    late = orders.assign(known_at=["2024-03-01", "2024-03-03", "2025-01-02"])

    assert reason_for(write(orders=late), quarantined) == (
        "known_at: '2025-01-02 00:00:00+00:00' is after the moment of the import"
    )


def test_what_is_known_before_it_happened_is_refused(write, orders, quarantined):
    early = orders.assign(known_at=["2024-02-01", None, None])

    assert reason_for(write(orders=early), quarantined) == (
        "known_at: '2024-02-01 00:00:00+00:00' is before placed_at"
    )


def test_a_line_is_known_when_its_order_is(write, history, orders):
    write(orders=orders, order_lines=lines(order_id="B"))

    assert history().table("order_lines")["known_at"].tolist() == [
        pd.Timestamp("2024-03-02T10:00Z")
    ]


def test_times_without_an_offset_are_read_in_the_zone_of_the_import(tmp_path, orders):
    terms = Terms("test", TERMS.imported_at, timezone="America/Sao_Paulo")
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


def test_an_unknown_table_is_named(write, orders):
    with pytest.raises(UnknownChoiceError, match="no table 'order'"):
        write(order=orders)


def test_importing_twice_changes_nothing(write, tmp_path, orders):
    rows = {"orders": pd.concat([orders, orders.assign(total=-1.0)]), "order_lines": lines()}
    write(**rows)
    before = {f: f.read_bytes() for f in (tmp_path / "history").rglob("*") if f.is_file()}

    assert not write(**rows).changed
    after = {f: f.read_bytes() for f in (tmp_path / "history").rglob("*") if f.is_file()}
    assert after == before


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


def test_a_second_import_at_the_same_time_is_refused(write, tmp_path, orders):
    write(orders=orders)
    with (tmp_path / "history" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BadInputError, match="another import is running"):
            write(orders=orders)


def test_a_folder_of_other_things_is_not_written_to(tmp_path, orders):
    (tmp_path / "letter.txt").write_text("Dear all")

    with pytest.raises(BadInputError, match="is no order history but holds other files"):
        write_history(tmp_path, [("orders", orders)], TERMS)


def test_a_source_that_breaks_leaves_no_trace(tmp_path, orders):
    def rows():
        yield "orders", orders
        raise BadInputError("source", "breaks", "Mend it.")

    with pytest.raises(BadInputError):
        write_history(tmp_path / "h", rows(), TERMS)
    assert [f.name for f in (tmp_path / "h").iterdir()] == [".lock"]


def test_an_old_reader_keeps_its_files_through_the_next_import(write, history, orders):
    write(orders=orders.iloc[:1])
    old = history()
    write(orders=orders)

    assert len(old.table("orders")) == 1


SWITCHED = "after replace 4"  # the fourth file is the manifest
MOMENTS = [
    *(f"step {n}" for n in range(1, 6)),
    *(f"before replace {n}" for n in range(1, 5)),
    SWITCHED,
]
KILL_AT_EVERY_MOMENT = """
import os, signal, sys
from pathlib import Path
import pandas as pd
from data.checking import Terms
from data.importing import write_history

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def run(folder, moment):
    told = {"step": 0, "replace": 0}
    replace = Path.replace

    def watch(step, rows):
        told["step"] += 1
        if moment == f"step {told['step']}":
            die()

    def replaced(self, target):
        told["replace"] += 1
        if moment == f"before replace {told['replace']}":
            die()
        replace(self, target)
        if moment == f"after replace {told['replace']}":
            die()

    Path.replace = replaced
    days = ["2024-05-01", "2024-05-02", "?"]
    orders = pd.DataFrame({"order_id": ["A", "D", "E"], "placed_at": days})
    lines = pd.DataFrame({"order_id": ["D"], "line_id": ["1"], "sku": ["S"], "units": [1]})
    terms = Terms("test", pd.Timestamp("2025-01-01", tz="UTC"))
    write_history(folder, iter([("orders", orders), ("order_lines", lines)]), terms, watch=watch)

base, moments = Path(sys.argv[1]), sys.argv[2:]
for moment in moments:
    child = os.fork()
    if child == 0:
        run(base / moment, moment)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(moment, os.waitstatus_to_exitcode(status), sep=": ")
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """One history for each moment, killed there in its second import; and how each one ended."""
    base = tmp_path_factory.mktemp("killed")
    orders = pd.DataFrame({"order_id": ["A", "B"], "placed_at": ["2024-03-01", "2024-03-02"]})
    write_history(base / "former", [("orders", orders)], TERMS)
    for moment in [*MOMENTS, "never"]:
        shutil.copytree(base / "former", base / moment)
    command = [sys.executable, "-c", KILL_AT_EVERY_MOMENT, str(base), *MOMENTS, "never"]
    root = Path(__file__).parents[2]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    ends = dict(line.rsplit(": ", 1) for line in told.stdout.splitlines())
    return base, ends


def test_every_moment_of_the_kill_test_is_reached(killed):
    _, ends = killed

    assert ends == dict.fromkeys(MOMENTS, "-9") | {"never": "0"}


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_import_killed_at_any_moment_leaves_a_whole_history(killed, moment):
    base, _ = killed
    former, new = (History.open(base / name).fingerprint for name in ("former", "never"))
    survivor = History.open(base / moment)

    assert survivor.fingerprint == (new if moment == SWITCHED else former)
    assert list(faults(base / moment, TERMS)) == []


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_import_after_a_kill_sweeps_and_succeeds(killed, moment, tmp_path):
    base, _ = killed
    folder = tmp_path / "h"
    shutil.copytree(base / moment, folder)
    orders = pd.DataFrame({"order_id": ["Z"], "placed_at": ["2024-06-01"]})
    write_history(folder, [("orders", orders)], TERMS)
    write_history(folder, [("orders", orders)], TERMS)

    kept = {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}
    named = {".lock", "manifest.json", *History.open(folder).manifest.files()}
    assert kept == named


CELLS = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(
        ["", " ", "A", "B", "-1", "1", "nan", "inf", "2024-01-01", "2024-13-01", "true"]
    ),
)
GARBAGE = st.lists(
    st.fixed_dictionaries(
        dict.fromkeys(("order_id", "placed_at", "total", "country", "known_at"), CELLS)
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25)
@given(rows=GARBAGE)
def test_accepted_and_quarantined_are_what_was_read_whatever_comes(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("garbage")
    frame = pd.DataFrame(rows, dtype="str")
    report = write_history(folder, [("orders", frame)], TERMS)
    counts = report.counts["orders"]
    refused = sum(len(pd.read_csv(file, dtype=str)) for file in report.quarantine)

    assert counts.read == len(rows)
    assert (counts.accepted, counts.quarantined) == (
        History.open(folder).rows["orders"],
        refused,
    )
    assert list(faults(folder, TERMS)) == []


@pytest.mark.slow
def test_a_million_rows_with_one_percent_garbage_are_sorted_out(tmp_path, read_files):
    rows = 1_000_000
    random = np.random.default_rng(3)
    garbage = random.random(rows) < 0.01
    kind = random.integers(0, 4, rows)
    placed = pd.Series(pd.date_range("2023-01-01", periods=rows, freq="20s").astype(str))
    frame = pd.DataFrame({"order_id": np.arange(rows).astype(str), "placed_at": placed})
    frame["total"] = random.integers(1, 100, rows).astype(str)
    frame.loc[garbage & (kind == 0), "placed_at"] = "yesterday"
    frame.loc[garbage & (kind == 1), "total"] = "-5"
    frame.loc[garbage & (kind == 2), "order_id"] = ""
    frame.loc[garbage & (kind == 3), "total"] = "5,too,many"
    text = frame["order_id"] + "," + frame["placed_at"] + "," + frame["total"]
    (tmp_path / "orders.csv").write_text("order_id,placed_at,total\n" + "\n".join(text) + "\n")

    counts = read_files(tmp_path / "orders.csv").counts

    assert sum(c.quarantined for c in counts.values()) == garbage.sum()
    assert sum(c.accepted for c in counts.values()) == (~garbage).sum()
