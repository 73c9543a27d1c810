"""The page of a drift report says what the terminal says."""

from training.drift.page import drift_page


def test_the_page_begins_with_the_verdict():
    assert "<strong>No drift that costs: a &lt; b.</strong>" in drift_page(
        "triage-1", "No drift that costs: a < b.", [], []
    )


def test_the_page_has_a_title():
    assert "<title>Drift of triage-1</title>" in drift_page("triage-1", "Drift.", [], [])
