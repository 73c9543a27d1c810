"""The touch time is learned where work can be foreseen, and said not to be where it can't."""

import numpy as np
import pytest

from data.ticks import tick_of
from models.raw_columns.tuned_trees import KIND
from models.triage.touch_time import ONE_FOR_ALL
from training.triage.evaluation import report, score_period
from training.triage.final_fit import fit_final
from training.triage.fit import TrainingRows
from training.triage.model_card.figures import judged_labels, rehearsed_figures
from training.triage.rehearsal import rehearse
from training.triage.touch.rehearse_touch import rehearse_touch
from training.triage.window import RehearsalWindow


@pytest.fixture(scope="module")
def alike(shop, a_history, prepared):
    """The shop, its work drawn anew: as long as it takes on average, whatever the case."""
    tables = shop.tables
    worked = (tables["outcomes"]["touch_minutes"] > 0).to_numpy()
    random = np.random.default_rng(3)
    outcomes = tables["outcomes"].copy()
    outcomes.loc[worked, "touch_minutes"] = 30 * random.lognormal(0, 0.5, worked.sum())
    history = a_history(tables | {"outcomes": outcomes})
    return prepared(history, shop.end)


def rehearsed(prepared):
    window = RehearsalWindow.of(prepared.dataset)
    return rehearse_touch(prepared, TrainingRows.before(prepared.dataset, window.cut), window)


def pinball(figures):
    return figures["pinball"]["value"]


def test_work_that_differs_by_what_is_known_is_learned(shop, prepared):
    result = rehearsed(prepared(shop.history, shop.end))

    assert result.judged.is_learned
    assert result.served.is_learned
    assert result.losses[result.judged.kind] < 0.9 * result.losses[ONE_FOR_ALL]
    assert f"on {len(result.evidence.minutes):,} known touch times" in result.reason


@pytest.mark.long
def test_on_a_later_window_it_beats_one_set_of_quantiles_for_all(shop, fit):
    triage = fit(shop.history, shop.as_of)

    figures = report(score_period(triage, shop.history, shop.as_of, shop.end), triage)

    touch = figures["touch_minutes"]
    assert touch["learned"] is True
    assert pinball(touch["model"]) < pinball(touch["quantiles of all known before"])
    assert pinball(touch["model"]) < pinball(touch[KIND])


def test_minutes_are_those_of_cases_that_somebody_worked_on(shop, prepared):
    result = rehearsed(prepared(shop.history, shop.end))

    assert (result.evidence.minutes > 0).all()


def test_work_that_is_alike_is_not_learned(alike):
    result = rehearsed(alike)

    assert not result.judged.is_learned
    assert not result.served.is_learned
    assert result.reason.startswith(f"not learned, {ONE_FOR_ALL}")


def test_the_figures_and_the_final_model_say_that_it_is_not_learned(alike):
    rehearsal = rehearse(alike, labels=())

    assert "touch" in rehearsal.use_baseline
    figures = rehearsed_figures(alike, judged_labels(alike, rehearsal))
    assert figures["touch"]["learned"] is False
    assert {"model", ONE_FOR_ALL, "plain LightGBM"} <= figures["touch"].keys()
    assert not fit_final(alike, rehearsal).touch.is_learned


def test_only_touch_times_known_in_the_window_judge(shop, prepared):
    everything = prepared(shop.history, shop.end)
    window = RehearsalWindow.of(everything.dataset)

    rows = rehearsed(everything).evidence.rows

    known_at = everything.dataset.labels.ended_known_at[rows]
    assert (known_at < window.end).all()
    assert (everything.dataset.detected_at[rows] >= window.middle).all()
    assert window.end <= tick_of(shop.end)
