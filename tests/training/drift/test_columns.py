import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon

from data.domain import NotEnoughDataError
from training.drift.columns import ABSENCE, MAX_WORDS_OF_A_COLUMN, chance_distance, compare

N = 1_500


@pytest.fixture(scope="module")
def frame():
    """Build a side; `shift` moves the columns whose names begin with `moved`."""

    def _frame(seed, shift=0.0):
        rng = np.random.default_rng(seed)
        share = 0.2 + 0.4 * shift
        return pd.DataFrame(
            {
                "moved_number": rng.normal(shift, 1, N),
                "moved_words": rng.choice(["a", "b", "c"], N, p=[share, 0.9 - share, 0.1]),
                "moved_two_labels": np.where(rng.random(N) < share, "late", "in time"),
                "still_number": rng.normal(0, 1, N),
                "still_rare_words": [f"w{i}" for i in rng.integers(0, 400, N)],
                "half_missing": np.where(rng.random(N) < 0.5, np.nan, rng.normal(0, 1, N)),
                "vanished": rng.normal(0, 1, N) if shift == 0 else np.full(N, np.nan),
                "all_missing": np.full(N, np.nan),
                "no_word_known": np.full(N, None, object),
                "constant": np.ones(N),
            }
        )

    return _frame


@pytest.fixture(scope="module")
def comparison(frame):
    return compare(frame(1), frame(2, shift=1.0))


@pytest.fixture(scope="module")
def by_name(comparison):
    return {column.name: column for column in comparison.columns}


def test_what_moved_is_called_drift_and_nothing_else(by_name):
    drifted = {name for name, column in by_name.items() if column.drifted}

    assert drifted == {"moved_number", "moved_words", "moved_two_labels", "vanished"}


def test_a_column_that_nothing_can_be_said_of_is_left_out_with_its_reason(comparison):
    assert set(comparison.left_out) == {"all_missing", "no_word_known", "constant"}
    assert comparison.left_out["constant"] == "the same value everywhere"


def test_a_column_that_vanished_is_drift_by_its_missing_share(by_name):
    vanished = by_name["vanished"]

    assert (vanished.method, vanished.reference, vanished.current) == (ABSENCE, 0.0, 1.0)


def test_a_word_is_told_with_its_shares(by_name):
    moved = by_name["moved_two_labels"]

    assert moved.of == "share of in time"
    assert (moved.reference, moved.current) == pytest.approx((0.8, 0.4), abs=0.05)


def test_the_page_loads_nothing_from_anywhere(comparison):
    page = comparison.html

    assert page.lstrip().lower().startswith("<!doctype html>") or "<html" in page[:200]
    assert not any(load in page for load in ("<script src", "<link", "url(http", '@import "http'))


def test_without_any_column_to_compare_the_cure_is_named(frame):
    nothing = frame(1)[["all_missing", "constant"]]

    with pytest.raises(NotEnoughDataError, match="Widen --reference"):
        compare(nothing, nothing)


def test_few_rows_must_differ_by_more_than_many():
    few, many = (pd.Series(np.arange(n, dtype=float)) for n in (100, 10_000))

    assert chance_distance(few, few) > 0.1 > chance_distance(many, many)


@pytest.mark.parametrize("n", [60, 300, 3_000])
def test_samples_of_one_distribution_seldom_differ_by_more_than_chance(n):
    rng = np.random.default_rng(n)
    words = [f"w{i}" for i in range(MAX_WORDS_OF_A_COLUMN)]

    def distance(first, other):
        shares = [
            side.value_counts(normalize=True).reindex(words).fillna(0) for side in (first, other)
        ]
        return jensenshannon(*shares, base=2)

    pairs = [[pd.Series(rng.choice(words, n)) for _ in range(2)] for _ in range(40)]
    beyond = [distance(*pair) > chance_distance(*pair) for pair in pairs]
    assert np.mean(beyond) <= 0.05
