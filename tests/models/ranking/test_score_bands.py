"""Bands of scores keep a list calm, and remember nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.ranking.score_bands import score_bands

scores = st.lists(st.floats(0, 1e6), min_size=1, max_size=20).map(np.array)
widths = st.floats(0.01, 1.0)


@given(score=scores, width=widths)
def test_a_higher_score_is_never_in_a_lower_band(score, width):
    rising = np.sort(score)

    assert (np.diff(score_bands(rising, width)) >= 0).all()


@given(score=st.floats(1e-6, 1e6), width=widths)
def test_scores_of_one_band_differ_by_no_more_than_its_width(score, width):
    far = score * (1 + width) * 1.000001

    assert score_bands(np.array([far]), width) > score_bands(np.array([score]), width)


def test_scores_that_creep_within_a_band_are_equal():
    assert len(set(score_bands(np.array([101.0, 105.0, 110.0]), 0.15))) == 1


def test_without_a_width_every_score_counts():
    assert score_bands(np.array([2.0, 2.1]), 0.0).tolist() == [2.0, 2.1]


def test_rows_without_a_score_are_the_lowest():
    band = score_bands(np.array([0.0, 1e-6]), 0.15)

    assert band[0] < band[1]
