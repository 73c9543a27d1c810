"""Scores of forecasts, held to examples that were computed by hand."""

import numpy as np
import pandas as pd
import pytest

from models.demand.level_sets import M5_PROBABILITIES
from training.demand.scores import (
    demand_classes,
    figures,
    histories,
    mean_step,
    pinball_sum,
    series_scores,
    spl_saved,
    volumes,
)

NAN = np.nan
PAST = np.array([[0.0, 2.0, 0.0, 4.0]])  # steps 2, 2, 4: mean 8 / 3, mean square 8
EVERYWHERE = np.full((1, 2, 9), 3.0)


def scored(actual, quantiles=EVERYWHERE, mean=None, past=PAST, season=2):
    actual = np.array([actual])
    mean = quantiles[:, :, 4] if mean is None else np.array([mean])
    return series_scores(past, actual, quantiles, mean, season).iloc[0]


def perfect(actual):
    return np.repeat(actual[:, :, None], 9, axis=2)


def many(series=40, origins=3, seed=3):
    """Scores of Poisson demand, forecast by its true quantiles; a row a series and origin."""
    rng = np.random.default_rng(seed)
    rate = rng.uniform(1, 9, (series, 1))
    draws = np.sort(rng.poisson(rate, (series, 999)), axis=1)
    quantiles = draws[:, (M5_PROBABILITIES * 999).astype(int)]
    parts = []
    for origin in range(origins):
        past, actual = rng.poisson(rate, (series, 30)), rng.poisson(rate, (series, 5))
        spread = np.repeat(quantiles[:, None, :], 5, axis=1).astype(float)
        mean = np.repeat(rate, 5, axis=1)
        part = series_scores(past.astype(float), actual.astype(float), spread, mean, 7)
        parts.append(part.assign(series=np.arange(series), origin=origin))
    return pd.concat(parts, ignore_index=True)


def test_the_mean_step_counts_only_pairs_of_which_both_are_known():
    past = np.array([[1.0, NAN, 5.0, 6.0, 8.0]])

    assert mean_step(past, 1) == pytest.approx([1.5])
    assert mean_step(past, 1, power=2) == pytest.approx([2.5])
    assert mean_step(past, 2) == pytest.approx([3.5])


def test_a_past_that_never_moves_gives_no_scale():
    assert np.isnan(mean_step(np.array([[2.0, 2.0], [NAN, 1.0]]), 1)).all()


def test_a_season_longer_than_the_past_gives_no_scale():
    assert np.isnan(mean_step(np.array([[2.0, 3.0]]), 7)).all()


def test_the_pinball_loss_is_as_computed_by_hand():
    # Short by 1 everywhere: the mean of the nine probabilities, which are even about 1/2.
    assert pinball_sum(np.array([[4.0]]), np.full((1, 1, 9), 3.0)) == pytest.approx([0.5])


def test_the_pinball_loss_weighs_a_miss_by_its_side():
    quantiles = np.zeros((1, 1, 9))
    quantiles[0, 0, 8] = 10.0  # .995, over by 10: costs .005 of it

    assert pinball_sum(np.array([[0.0]]), quantiles) == pytest.approx([0.05 / 9])


def test_spl_is_the_pinball_loss_over_the_mean_step():
    assert scored([4.0, 2.0])["spl"] == pytest.approx(0.5 / (8 / 3))


def test_rmsse_is_the_root_of_the_squared_error_over_the_squared_step():
    assert scored([4.0, 3.0], mean=[2.0, 3.0])["rmsse"] == pytest.approx(np.sqrt(2 / 8))


def test_mase_compares_the_median_with_the_season():
    assert scored([4.0, 3.0])["mase"] == pytest.approx(0.5 / 1.0)  # changes over 2: 0 and 2


def test_a_perfect_forecast_scores_nothing():
    actual = np.array([[3.0, 0.0]])
    result = scored([3.0, 0.0], quantiles=perfect(actual))

    assert result[["spl", "rmsse", "mase", "error", "absolute_error"]].tolist() == [0.0] * 5


def test_a_target_that_is_out_of_stock_is_not_scored():
    result, alone = scored([4.0, NAN], mean=[3.0, 500.0]), scored([4.0, 4.0])

    assert result["targets"] == 1
    assert result["spl"] == pytest.approx(alone["spl"])
    assert result["error"] == pytest.approx(-1.0)


def test_a_target_that_is_out_of_stock_counts_in_no_coverage():
    assert scored([4.0, NAN]).filter(regex="covers|below|inside").eq(0).all()


def test_a_series_without_a_target_has_no_score():
    assert np.isnan(scored([NAN, NAN])["spl"])


def test_an_actual_on_the_quantile_is_covered_but_not_below():
    result = scored([3.0, 3.0])

    assert result["covers_0.5"] == 2
    assert result["below_0.5"] == 0
    assert result["inside_95"] == 2


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        ([5, 6, 5, 6], "smooth"),
        ([1, 20, 1, 1], "erratic"),
        ([0, 5, 0, 5], "intermittent"),
        ([0, 1, 0, 20, 0, 1, 0, 1], "lumpy"),
        ([0, 0, NAN, NAN], "unsold"),
    ],
)
def test_a_series_is_classed_by_how_often_and_how_evenly_it_sells(past, expected):
    assert demand_classes(np.array([past], float)).tolist() == [expected]


def test_periods_out_of_stock_do_not_make_demand_seldom():
    assert demand_classes(np.array([[5.0, NAN, NAN, 5.0]])).tolist() == ["smooth"]


def test_volumes_are_thirds_of_the_series():
    past = np.array([[9.0], [1.0], [5.0], [7.0], [2.0], [NAN]])

    assert volumes(past).tolist() == ["high", "low", "middle", "high", "middle", "low"]


def test_a_series_is_established_once_it_sold_in_ten_periods():
    past = np.zeros((2, 30))
    past[0, :10], past[1, :9] = 1, 500

    assert histories(past).tolist() == ["established", "scarce"]


def test_errors_are_taken_over_all_units():
    scores = pd.concat(
        [scored([8.0, 2.0], mean=[6.0, 3.0]), scored([NAN, 10.0], mean=[1.0, 12.0])], axis=1
    ).T.assign(series=[0, 1], origin=0)
    result = figures(scores)

    assert result["wape"].value == pytest.approx(5 / 20)
    assert result["bias"].value == pytest.approx(1 / 20)


def test_every_interval_holds_its_figure():
    for name, figure in figures(many()).items():
        assert figure.low <= figure.value <= figure.high, name


def test_true_quantiles_cover_what_they_promise():
    result = figures(many(series=400))

    for probability in M5_PROBABILITIES:
        below, covers = (result[f"{n}_{probability:g}"].value for n in ("below", "covers"))
        assert below - 0.02 <= probability <= covers + 0.02


def test_spl_saved_is_a_share_of_the_others():
    scores = many()
    saved = spl_saved(scores, scores.assign(spl=2 * scores["spl"]))

    assert (saved.value, saved.low, saved.high) == pytest.approx((0.5, 0.5, 0.5))
