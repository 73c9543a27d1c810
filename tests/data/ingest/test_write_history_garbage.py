import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.verify import faults
from data.ingest.write_history import write_history

TERMS = ImportTerms("test", pd.Timestamp("2025-01-01", tz="UTC"))
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


@pytest.mark.long
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
    emptied = (garbage & (kind == 1)).sum()

    assert sum(c.quarantined for c in counts.values()) == garbage.sum() - emptied
    assert sum(c.accepted for c in counts.values()) == (~garbage).sum() + emptied
    assert sum(sum(c.emptied.values()) for c in counts.values()) == emptied
