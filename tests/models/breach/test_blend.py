"""Blend of estimators: weights that known outcomes give, and a mean put right."""

import json

import numpy as np
import pytest

from models.breach.blend import MIN_WEIGHT, UNCALIBRATED, BreachBlend, blended
from models.breach.catalog import breach_estimators
from models.breach.contract import summed_by_meaning
from models.breach.estimators import known_trees, logistic, raw_trees, resolve_clock, soft_trees
from models.breach.platt import PlattScaling

N = 4_000


@pytest.fixture(scope="module")
def outcomes():
    """Outcomes, and what a good, a noisy and an inverted estimator say of them."""
    random = np.random.default_rng(5)
    truth = random.beta(1, 3, N)
    label = (random.random(N) < truth).astype(float)
    noisy = np.clip(truth + random.normal(0, 0.2, N), 0.01, 0.99)
    return {"good": truth, "noisy": noisy, "inverted": 1 - truth}, label


def blend_of(chances, label, *, calibrate=False, **more):
    members = dict.fromkeys(chances)
    return blended(members, chances, label, np.ones(len(label)), calibrate=calibrate, **more)


def test_weights_sum_to_one(outcomes):
    weights = blend_of(*outcomes).weights

    assert sum(weights.values()) == pytest.approx(1.0)


def test_an_estimator_that_is_worse_than_the_others_gets_the_least_weight(outcomes):
    chances, label = outcomes

    weights = {"inverted": 0.0} | dict(blend_of(chances, label).weights)

    assert min(weights, key=weights.get) == "inverted"
    assert max(weights, key=weights.get) == "good"


def test_equal_estimators_get_equal_weights(outcomes):
    chances, label = outcomes

    weights = blend_of({"a": chances["good"], "b": chances["good"]}, label).weights

    assert dict(weights) == pytest.approx({"a": 0.5, "b": 0.5})


def test_an_estimator_lighter_than_a_twentieth_is_left_out(outcomes):
    chances, label = outcomes
    inverted = {f"inverted {i}": chances["inverted"] for i in range(9)}

    blend = blend_of({"good": chances["good"]} | inverted, label)

    assert list(blend.members) == list(blend.weights) == ["good"]
    assert min(blend.weights.values()) >= MIN_WEIGHT


def test_few_outcomes_leave_the_weights_almost_equal(outcomes):
    chances, label = outcomes
    few = {name: chance[:10] for name, chance in chances.items()}

    weights = blend_of(few, label[:10]).weights

    assert list(weights.values()) == pytest.approx([1 / 3] * 3, abs=0.1)


def test_outcomes_of_no_weight_decide_nothing(outcomes):
    chances, label = outcomes
    first = np.arange(N) < N // 2
    turned = np.where(first, label, 1 - label)

    weighted = blended(
        dict.fromkeys(chances), chances, turned, first.astype(float), calibrate=False
    )

    assert max(weighted.weights, key=weighted.weights.get) == "good"


def test_a_fixed_share_is_kept_whatever_the_outcomes_say(outcomes):
    weights = blend_of(*outcomes, fixed_shares={"inverted": 0.5}).weights

    assert weights["inverted"] >= 0.5


def test_a_share_of_one_serves_alone(outcomes):
    assert dict(blend_of(*outcomes, fixed_shares={"noisy": 1.0}).weights) == {"noisy": 1.0}


def test_without_calibration_the_chance_is_the_weighted_mean(fitted_blend, a_task, times_of):
    rows = a_task(90, 2).rows
    plain = BreachBlend(fitted_blend.members, fitted_blend.weights)

    times = times_of(rows)

    parts = [w * plain.members[n].predict(rows, times) for n, w in plain.weights.items()]
    np.testing.assert_allclose(plain.predict(rows, times), sum(parts), rtol=1e-12)


def test_calibration_is_off_unless_it_is_wanted(outcomes):
    assert blend_of(*outcomes).calibration == UNCALIBRATED


def test_calibration_goes_half_the_way_that_the_outcomes_ask_for(outcomes):
    chances, label = outcomes
    timid = {"timid": 0.5 + 0.2 * (chances["good"] - 0.5)}

    calibration = blend_of(timid, label, calibrate=True).calibration

    whole = PlattScaling.fit(timid["timid"], label)
    assert calibration.shift == pytest.approx(whole.shift / 2)
    assert calibration.slope - 1 == pytest.approx((whole.slope - 1) / 2)


@pytest.fixture(scope="module")
def fitted_blend(a_task):
    members = {name: file.fit(a_task()) for name, file in breach_estimators().items()}
    weights = dict.fromkeys(members, 1 / len(members))
    return BreachBlend(members, weights, PlattScaling(shift=0.3, slope=1.2))


def test_a_blend_read_back_predicts_the_same(fitted_blend, a_task, times_of):
    rows = a_task(90, 2).rows
    values, files = fitted_blend.to_json()

    again = BreachBlend.from_json(json.loads(json.dumps(values)), files)

    times = times_of(rows)
    np.testing.assert_array_equal(again.predict(rows, times), fitted_blend.predict(rows, times))
    assert again.kind == fitted_blend.kind


def test_the_same_weights_serve_estimators_that_were_fitted_anew(fitted_blend, a_task):
    anew = {name: file.fit(a_task(seed=3)) for name, file in breach_estimators().items()}

    blend = fitted_blend.of(anew)

    assert (blend.weights, blend.calibration) == (fitted_blend.weights, fitted_blend.calibration)
    assert dict(blend.members) == anew


@pytest.fixture
def meanings(subject):
    return [f"feature {i}" for i in range(subject.matrix.dense.shape[1])]


@pytest.fixture
def subject(a_task):
    return a_task().rows.take(np.array([3]))


@pytest.mark.parametrize(
    "name", [raw_trees.NAME, soft_trees.NAME, known_trees.NAME, "wide_trees", logistic.NAME]
)
def test_an_estimator_says_what_moved_its_chance(fitted_blend, subject, meanings, name):
    strongest = fitted_blend.members[name].contributions(subject, meanings)[0]

    assert strongest.log_odds != 0


def test_the_reasons_of_trees_on_raw_columns_name_the_value(fitted_blend, subject, meanings):
    contributions = fitted_blend.members[raw_trees.NAME].contributions(subject, meanings)

    texts = {meaning for meaning, _ in contributions}
    assert f"Customer id: {subject.columns['customer_id'][0]}" in texts


def test_the_reasons_of_a_blend_are_those_of_its_members_weighted(fitted_blend, subject, meanings):
    shares = {known_trees.NAME: 0.75, logistic.NAME: 0.25}
    members = {name: fitted_blend.members[name] for name in shares}
    own = {
        n: dict(summed_by_meaning(m.contributions(subject, meanings))) for n, m in members.items()
    }

    blended = BreachBlend(members, shares).contributions(subject, meanings)

    meaning, log_odds = blended[0]
    assert log_odds == pytest.approx(sum(shares[n] * own[n].get(meaning, 0.0) for n in shares))


def test_a_blend_of_the_clock_alone_gives_no_reasons(fitted_blend, subject, meanings):
    members = {resolve_clock.NAME: fitted_blend.members[resolve_clock.NAME]}
    blend = BreachBlend(members, {resolve_clock.NAME: 1.0})

    assert blend.contributions(subject, meanings) == []
    assert blend.importance(meanings) == {}


def test_what_inputs_weigh_is_told_of_the_heaviest_member_that_can_tell(fitted_blend, meanings):
    shares = {resolve_clock.NAME: 0.6, soft_trees.NAME: 0.3, logistic.NAME: 0.1}
    members = {name: fitted_blend.members[name] for name in shares}

    weights = BreachBlend(members, shares).importance(meanings)

    assert weights == members[soft_trees.NAME].importance(meanings)


def test_the_kind_names_the_shares_heaviest_first(fitted_blend):
    shares = {logistic.NAME: 0.3, raw_trees.NAME: 0.7}
    members = {name: fitted_blend.members[name] for name in shares}

    kind = BreachBlend(members, shares).kind

    assert kind == "70% plain LightGBM on the raw columns + 30% logistic regression"
