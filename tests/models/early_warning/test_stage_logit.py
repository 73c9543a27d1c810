"""Scores joined and calibrated, with an offset for each stage."""

import numpy as np
import pytest

from models.early_warning.stage_logit import StageLogit, logit


@pytest.fixture
def joined():
    """Fit on rows whose chance rises with one score and is higher when shipped."""
    dice = np.random.default_rng(0)
    score, noise = dice.normal(size=4_000), dice.normal(size=4_000)
    stage = dice.choice(["placed", "shipped"], 4_000).astype(object)
    chance = 1 / (1 + np.exp(-(score - 2.0 + (stage == "shipped"))))
    happened = dice.random(4_000) < chance
    scores = {"useful": score, "useless": noise}
    return StageLogit.fit(scores, stage, happened, np.ones(4_000))


def ask(model, useful, stage):
    return model.chance({"useful": np.array([useful]), "useless": np.zeros(1)}, np.array([stage]))


def test_the_chance_rises_with_a_useful_score_alone(joined):
    assert joined.slope == pytest.approx([1.0, 0.0], abs=0.15)


def test_each_stage_has_its_own_level(joined):
    gap = joined.offset["shipped"] - joined.offset["placed"]

    assert gap == pytest.approx(1.0, abs=0.25)


def test_a_stage_that_was_never_seen_gets_a_level_between(joined):
    placed, shipped, new = (ask(joined, 0.0, s)[0] for s in ("placed", "shipped", "picked"))

    assert placed < new < shipped


def test_it_is_the_same_after_it_was_kept_as_json(joined):
    again = StageLogit.from_json(joined.to_json())

    assert ask(again, 0.3, "placed") == ask(joined, 0.3, "placed")


def test_log_odds_of_the_unknown_are_low_and_finite():
    assert np.isfinite(logit(np.array([np.nan, 0.0, 1.0]))).all()
    assert logit(np.array([np.nan]))[0] < logit(np.array([0.05]))[0]


def test_a_score_never_counts_against_the_risk_that_it_tells():
    """Two scores tell the same but for noise; freely fitted, one would get a slope below 0."""
    dice = np.random.default_rng(1)
    truth = dice.normal(size=2_000)
    happened = dice.random(2_000) < 1 / (1 + np.exp(-truth))
    scores = {"good": truth, "worse": truth - happened + dice.normal(size=2_000) * 0.1}
    stage = np.full(2_000, "placed", object)

    joined = StageLogit.fit(scores, stage, happened, np.ones(2_000))

    assert min(joined.slope) == 0.0
    assert joined.slope[0] > 0.0


def test_a_surplus_shifts_the_log_odds(joined):
    scores = {"useful": np.zeros(1), "useless": np.zeros(1)}
    usual, shifted = (
        joined.chance(scores, np.array(["placed"]), surplus)[0] for surplus in (0.0, 1.0)
    )

    assert logit(np.array([shifted])) - logit(np.array([usual])) == pytest.approx(1.0)
