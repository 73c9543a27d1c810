"""Reason why one exception stands above another: terms of the rule, and the one that decides."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ranking.comparison import ComparedRow, Decider, decider, ratios, sentences
from models.ranking.rule import Tier

money = st.floats(0.01, 1_000)


def side_of(loss, cost_of_an_hour, hours, tier=Tier.OPEN):
    score = cost_of_an_hour / hours
    return ComparedRow(
        tier, "by its score", score, loss, loss / 5, cost_of_an_hour, hours, "due in 3 h"
    )


PLAIN = side_of(100.0, 20.0, 0.5)


@pytest.mark.parametrize(
    ("better", "by"),
    [
        (side_of(300.0, 60.0, 0.5), Decider.LOSS),
        (side_of(100.0, 60.0, 0.5), Decider.HAZARD),
        (side_of(100.0, 20.0, 0.1), Decider.HOURS),
        (side_of(300.0, 90.0, 0.5), Decider.LOSS),
        (side_of(50.0, 40.0, 0.4), Decider.HAZARD),
        (replace(PLAIN, tier=Tier.RULE), Decider.TIER),
        (side_of(101.0, 20.2, 0.5), Decider.AGE),
    ],
)
def test_the_term_that_is_so_much_better_decides(better, by):
    assert decider(better, PLAIN, rerank_band=0.15) is by


def test_without_a_model_the_time_left_decides():
    blind = replace(PLAIN, score=None, cost_of_an_hour=None, lost_now=None)

    assert decider(blind, blind, rerank_band=0.15) is Decider.SLACK


def test_nothing_at_stake_is_beaten_by_anything_at_stake():
    idle = side_of(0.0, 0.05, 0.5)

    assert decider(PLAIN, idle, rerank_band=0.15) is Decider.LOSS
    assert ratios(PLAIN, idle).loss is None


@given(row=st.builds(side_of, money, money, money), other=st.builds(side_of, money, money, money))
def test_the_ratio_of_scores_is_the_product_of_its_terms(row, other):
    result = ratios(row, other)

    assert result.score == pytest.approx(result.loss * result.hazard / result.hours)


@given(row=st.builds(side_of, money, money, money), other=st.builds(side_of, money, money, money))
def test_what_decides_speaks_for_the_one_that_stands_above(row, other):
    above, below = (row, other) if row.score >= other.score else (other, row)
    result = ratios(above, below)
    speaks = {
        Decider.LOSS: result.loss,
        Decider.HAZARD: result.hazard,
        Decider.HOURS: 1 / result.hours,
        Decider.AGE: 1.0,
    }

    assert speaks[decider(above, below, rerank_band=0.15)] >= 1 - 1e-9


def test_what_decides_is_said_first():
    assert "work that it takes" in sentences(PLAIN, PLAIN, Decider.HOURS, "EUR")[0]


def test_what_stands_above_a_score_is_said_in_its_words():
    lost = replace(PLAIN, tier=Tier.LOST, tier_words="the deadline has passed")

    assert '"by its score" against "the deadline has passed"' in sentences(
        PLAIN, lost, Decider.TIER, "EUR"
    )


def test_without_a_model_no_score_and_no_hazard_is_told():
    blind = replace(PLAIN, score=None, cost_of_an_hour=None, lost_now=None)
    text = " ".join(sentences(PLAIN, blind, Decider.SLACK, "EUR"))

    assert "hour of work saves" not in text
    assert "waiting takes" not in text


def test_terms_that_hardly_differ_are_about_the_same():
    near = side_of(103.0, 20.6, 0.5)

    assert "EUR 103 at stake against EUR 100: about the same" in sentences(
        near, PLAIN, Decider.AGE, "EUR"
    )
