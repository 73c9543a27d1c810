"""The page of a drift report says what the terminal says."""

from training.drift.columns import ColumnDrift
from training.drift.page import drift_page

MAX_BYTES = 2_000_000


def page(verdict: str = "Drift.", columns: int = 0) -> str:
    """Write the page of a comparison of some columns."""
    column = ColumnDrift("weekday", "wasserstein", 0.3, 0.1, "mean", 0.66, 0.22)
    return drift_page("triage-1", verdict, "the rate is < 1", costs=[], columns=[column] * columns)


def test_the_page_begins_with_the_verdict():
    text = page("No drift that costs: a < b.")

    assert "<strong>No drift that costs: a &lt; b.</strong>" in text


def test_the_page_names_what_decided():
    assert "<p>Decided by: the rate is &lt; 1</p>" in page()


def test_the_page_has_a_title():
    assert "<title>Drift of triage-1</title>" in page()


def test_the_page_of_a_thousand_columns_is_small():
    assert page(columns=1_000).count("weekday") == 1_000
    assert len(page(columns=1_000).encode()) < MAX_BYTES
