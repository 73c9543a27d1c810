"""The rule keeps to what was promised of it, whatever the items."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ranking.inputs import RankingInputs
from models.ranking.rule import Tier, rank, rank_by_slack

RULE = {"look_ahead_hours": 4.0, "oldest_hours": 336.0, "safe_risk": 0.1}
SLACK = {"oldest_hours": 336.0, "deadline_hours": 48.0}
TEXTS = ("ids",)
FLAGS = ("lost", "always_first")

rises = st.lists(st.floats(0, 0.3), min_size=11, max_size=11)
an_item = st.fixed_dictionaries(
    {
        "age_hours": st.floats(0, 400),
        "hours_to_due": st.one_of(st.just(np.nan), st.floats(-20, 200)),
        "loss": st.floats(0, 5_000),
        "curve": rises.map(lambda steps: np.minimum(np.cumsum(steps), 1.0)),
        "curve_scale": st.floats(0.01, 30),
        "late_share": st.floats(0, 1),
        "late_hours": st.floats(0.1, 500),
        "touch_p50_minutes": st.floats(0.5, 300),
        "touch_p90_minutes": st.floats(1.05, 8),  # times the median
        "waiting_cost_per_hour": st.floats(0, 2),
        "lost": st.booleans(),
        "always_first": st.sampled_from([False, False, False, True]),
    }
)
some_items = st.lists(an_item, min_size=1, max_size=8).map(lambda items: items_of(items))


def items_of(result):
    n = len(result)
    columns = {name: np.array([item[name] for item in result]) for name in result[0]}
    columns["touch_p90_minutes"] = columns["touch_p50_minutes"] * columns["touch_p90_minutes"]
    return RankingInputs(ids=np.array([f"E{i:02}" for i in range(n)], object), **columns)


def place_of(ranking):
    """The place of each item, 0 for the first."""
    return np.argsort(ranking.order)


@given(items=some_items)
def test_every_item_has_one_place(items):
    assert sorted(rank(items, **RULE).order.tolist()) == list(range(len(items.ids)))


@given(items=some_items)
def test_scores_are_finite_and_not_negative(items):
    ranking = rank(items, **RULE)

    assert np.isfinite(ranking.score).all()
    assert (ranking.score >= 0).all()


@given(items=some_items)
def test_tiers_stand_above_the_score(items):
    ranking = rank(items, **RULE)

    assert (np.diff(ranking.tier[ranking.order]) >= 0).all()


@given(items=some_items)
def test_within_a_tier_the_higher_score_goes_first(items):
    ranking = rank(items, **RULE)
    tier, score = ranking.tier[ranking.order], ranking.score[ranking.order]

    same = np.diff(tier) == 0
    assert (np.diff(score)[same] <= 0).all()


@given(items=some_items)
def test_work_already_lost_goes_last(items):
    ranking = rank(items, **RULE)

    lost = items.is_lost
    assert (ranking.tier[lost & ~items.always_first] == Tier.LOST).all()
    assert (ranking.tier[~lost] != Tier.LOST).all()


@given(items=some_items)
def test_older_than_the_limit_and_not_lost_goes_before_all_but_the_rules(items):
    ranking = rank(items, **RULE)

    old = (items.age_hours > 336) & ~items.always_first & ~items.is_lost
    assert (ranking.tier[old] == Tier.OLDEST).all()
    assert (ranking.tier[items.always_first] == Tier.RULE).all()


@given(items=some_items, factor=st.floats(1, 4))
def test_a_larger_loss_never_lowers_the_place(items, factor):
    loss = items.loss.copy()
    loss[0] *= factor

    before, after = rank(items, **RULE), rank(replace(items, loss=loss), **RULE)

    assert place_of(after)[0] <= place_of(before)[0]


@given(items=some_items, share=st.floats(0, 1), touch=st.floats(1, 60), spread=st.floats(1.05, 8))
def test_a_nearer_deadline_never_lowers_the_place_as_long_as_the_work_fits(
    items, share, touch, spread
):
    # It fits while the 90 % quantile of the touch time is left; once it does not, the item is ever
    # less worth the hour.
    far, fits = 200.0, touch / 60 * spread + 1e-6
    due, minutes, slowest = (getattr(items, name).copy() for name in _TIMES)
    due[0], minutes[0], slowest[0] = far, touch, touch * spread
    later = replace(
        items,
        hours_to_due=due,
        touch_p50_minutes=minutes,
        touch_p90_minutes=slowest,
        late_share=np.ones(len(due)),  # else what is late may still be worth the most
    )
    nearer = due.copy()
    nearer[0] = fits + share * (far - fits)
    sooner = replace(later, hours_to_due=nearer)

    assert place_of(rank(sooner, **RULE))[0] <= place_of(rank(later, **RULE))[0]


_TIMES = ("hours_to_due", "touch_p50_minutes", "touch_p90_minutes")


@given(items=some_items, shuffled=st.randoms(use_true_random=False))
def test_another_name_moves_nothing_but_ties(items, shuffled):
    names = list(items.ids)
    shuffled.shuffle(names)

    before = rank(items, **RULE)
    after = rank(replace(items, ids=np.array(names, object)), **RULE)

    for first, other in zip(before.order, after.order, strict=True):
        assert before.tier[first] == before.tier[other]
        assert before.score[first] == before.score[other]
        assert items.age_hours[first] == items.age_hours[other]


@given(items=some_items)
def test_the_order_of_the_items_does_not_matter(items):
    backwards = items.take(np.arange(len(items.ids))[::-1])

    first, other = rank(items, **RULE), rank(backwards, **RULE)

    assert items.ids[first.order].tolist() == backwards.ids[other.order].tolist()


@given(items=some_items)
def test_one_item_alone_has_the_values_it_has_among_others(items):
    together = rank(items, **RULE)

    for i in range(len(items.ids)):
        alone = rank(items.take(np.array([i])), **RULE)
        for name in ("tier", "score", "loss_now", "loss_deferred", "safe_start_hours"):
            result, expected = getattr(alone, name)[0], getattr(together, name)[i]
            assert result == pytest.approx(expected, rel=1e-9, abs=1e-9), name


@given(items=some_items)
def test_to_wait_never_lowers_the_expected_loss(items):
    ranking = rank(items, **RULE)

    assert (ranking.loss_deferred >= ranking.loss_now).all()
    assert (ranking.loss_now >= 0).all()
    assert (ranking.loss_deferred <= items.loss * (1 + 1e-12)).all()


@given(items=some_items)
def test_without_a_model_there_is_no_score(items):
    ranking = rank_by_slack(items, **SLACK)

    for name in ("score", "loss_now", "loss_deferred"):
        assert np.isnan(getattr(ranking, name)).all()


@given(items=some_items)
def test_without_a_model_lost_work_goes_last_and_least_slack_first(items):
    ranking = rank_by_slack(items, **SLACK)
    due = np.where(np.isnan(items.hours_to_due), 48 - items.age_hours, items.hours_to_due)
    slack = (due - items.touch_p50_minutes / 60)[ranking.order]
    tier = ranking.tier[ranking.order]

    assert (np.diff(tier) >= 0).all()
    assert (np.diff(slack)[np.diff(tier) == 0] >= 0).all()
