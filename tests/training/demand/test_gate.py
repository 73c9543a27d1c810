"""The gate of demand: better than the champion beyond the noise, and no less covered."""

import numpy as np
import pandas as pd
import pytest

from training.demand.gate import best_method, decide_demand, implausible

SERIES = 60


def scores(spl, covers=0.975, series=SERIES):
    """Scores of series with a given SPL each, of which one share of the targets is covered."""
    zeros = dict.fromkeys(("units", "error", "absolute_error"), np.zeros(series))
    return pd.DataFrame(
        {
            "series": np.arange(series),
            "origin": 0,
            "history": "established",
            "extreme_targets": 0,
            "spl": spl,
            "rmsse": spl,
            "mase": spl,
            "targets": 1000,
            "covers_0.975": 1000 * covers,
            **zeros,
        }
    )


@pytest.fixture
def usual():
    return np.random.default_rng(5).uniform(0.2, 0.4, SERIES)


def test_better_on_every_series_is_promoted(usual):
    decision = decide_demand(scores(0.9 * usual), scores(usual))

    assert decision.promoted
    assert "10.0% saved" in decision.reason or "10.0%" in decision.reason


def test_the_same_again_is_not_promoted(usual):
    decision = decide_demand(scores(usual), scores(usual))

    assert not decision.promoted
    assert "no better than the champion" in decision.reason


def test_better_by_luck_is_not_promoted(usual):
    noise = np.random.default_rng(6).normal(-0.002, 0.1, SERIES)
    decision = decide_demand(scores(usual + noise - noise.mean() - 0.002), scores(usual))

    assert not decision.promoted
    assert "within the noise" in decision.reason


def test_better_but_covering_less_is_not_promoted(usual):
    decision = decide_demand(scores(0.9 * usual, covers=0.95), scores(usual))

    assert not decision.promoted
    assert "covers 95.0%, the champion's 97.5%" in decision.reason


def test_to_cover_more_than_promised_is_no_fault(usual):
    assert decide_demand(scores(0.9 * usual, covers=0.999), scores(usual)).promoted


def test_too_few_series_to_judge_by_ask_for_a_later_day(usual):
    few = scores(usual[:3], series=3)
    decision = decide_demand(few.assign(spl=0.01), few)

    assert not decision.promoted
    assert "train with a later --as-of" in decision.reason


def test_the_method_of_the_least_loss_serves():
    best, reason = best_method({"trees": scores(0.3), "average": scores(0.2)}, "average")

    assert best == "average"
    assert reason.startswith("average serves: SPL of trees 0.3000, average 0.2000")
    assert "(60 of 60 series, those that sold in 10 periods or more)" in reason


def test_series_that_hardly_sold_decide_nothing_where_others_did():
    many, few = scores(0.3), scores(99.0, series=5).assign(history="scarce")
    trees, average = (pd.concat(both) for both in ((many, few), (scores(0.4), few.assign(spl=0.1))))
    best, _ = best_method({"trees": trees, "average": average}, "average")

    assert best == "trees"


def test_where_nothing_could_be_compared_the_fallback_serves():
    best, reason = best_method({}, "average")

    assert best == "average"
    assert "too short" in reason


def test_series_without_a_scale_do_not_choose():
    assert best_method({"trees": scores(np.nan), "average": scores(0.9)}, "x")[0] == "average"


def test_a_series_with_a_typo_among_its_targets_decides_nothing():
    many = scores(np.append(np.full(SERIES - 1, 0.2), 300_000.0))
    marked = many.assign(extreme_targets=(many["spl"] > 1).astype(int))
    best, reason = best_method({"trees": marked, "average": marked.assign(spl=0.3)}, "average")

    assert best == "trees"
    assert "SPL of trees 0.2000" in reason
    assert "59 of 60 series" in reason
    assert "1 with a suspicious value left out" in reason


def test_periods_that_no_forecast_comes_near_to_judge_nothing(usual):
    decision = decide_demand(scores(usual * 0 + 5_476), scores(usual * 0 + 6_000))

    assert not decision.promoted
    assert "SPL 5,476.0: the last periods are missed by 5,476 usual steps" in decision.reason
    assert "python -m training describe" in decision.reason


def test_many_suspicious_values_judge_nothing(usual):
    marked = scores(usual).assign(extreme_targets=(np.arange(SERIES) < 6).astype(int))

    assert "6 of 60 series have values in the last periods" in implausible(marked)
    assert implausible(scores(usual)) == ""
