"""The chance of a breach as it serves: a blend or one rate, the curve, and champions of before."""

import json

import numpy as np
import pytest

from data.ticks import MISSING_TICK, MS_PER_HOUR
from models.breach.blend import BreachBlend
from models.breach.breach_label import DEADLINE_GROUP, BreachByLateness, ClosedExceptions
from models.breach.clock import due_hours
from models.breach.contract import BreachTask
from models.breach.estimators import resolve_clock, soft_trees
from models.breach.platt import PlattScaling
from models.loss_curve import ages_of
from models.triage.breach_risk import BreachRisk
from models.triage.resolve_time import ResolveTime


@pytest.fixture(scope="module")
def clock():
    hours = np.linspace(0, 100, 200)
    return BreachByLateness.fit(ClosedExceptions(np.full(200, "", object), hours, hours > 48), 1.0)


@pytest.fixture(scope="module")
def resolve(a_sample):
    sample = a_sample()
    n = sample.rows.n
    return ResolveTime.fit(sample.rows, sample.hours, np.full(n, True), np.ones(n))


@pytest.fixture(scope="module")
def members(a_sample, clock):
    sample = a_sample()
    late, n = (sample.hours > 48).astype(float), sample.rows.n
    task = BreachTask(
        rows=sample.rows,
        label=late,
        label_weight=np.ones(n),
        soft_label=np.clip(late, 0.02, 0.98),
        weight=np.ones(n),
        clock=clock,
        word_columns=list(sample.words),
    )
    return {file.NAME: file.fit(task) for file in (soft_trees, resolve_clock)}


@pytest.fixture(scope="module")
def halves(members, clock):
    return BreachRisk(BreachBlend(members, dict.fromkeys(members, 0.5)), 0.25, clock)


def test_a_breach_is_expected_where_it_came_before(halves, resolve, a_sample):
    rows = a_sample(300, 2).rows

    chance = halves.predict(rows, resolve.chances(rows))

    late = rows.columns["type"] == "late"
    assert chance[late].min() > chance[~late].max()


def test_one_rate_is_the_same_for_all(clock, a_sample):
    chance = BreachRisk(None, 0.25, clock).predict(a_sample(3, 2).rows, None)

    assert chance.tolist() == [0.25] * 3


def test_the_curve_rises_to_near_certainty(halves, a_sample):
    curve = halves.curve(a_sample(5, 2).rows.columns).chance

    assert curve.shape == (5, 11)
    assert (np.diff(curve, axis=1) >= 0).all()
    assert (curve[:, -1] > 0.9).all()


def test_the_curve_counts_from_the_deadline_where_it_is_known(a_sample):
    rows = a_sample(4, 2).rows
    detected = rows.columns["detected_at"]
    due = detected + np.array([10, 30, 50, 90]) * MS_PER_HOUR
    hours = np.linspace(-50, 50, 200)
    clock = BreachByLateness.fit(
        ClosedExceptions(np.full(200, DEADLINE_GROUP, object), hours, hours > 0), 0.0
    )

    curve = BreachRisk(None, 0.5, clock).curve({**rows.columns, "due_at": due})

    ages, first = ages_of(curve.scale), (curve.chance > 0.5).argmax(axis=1)
    assert all(ages[row, first[row] - 1] < limit for row, limit in enumerate([10, 30, 50, 90]))
    assert all(ages[row, first[row]] > limit - 1 for row, limit in enumerate([10, 30, 50, 90]))


def test_without_recorded_times_there_is_no_curve(a_sample):
    assert BreachRisk(None, 0.5, None).curve(a_sample(3, 2).rows.columns) is None


def test_hours_to_a_deadline_that_is_not_known_are_not_a_number():
    columns = {"due_at": np.full(3, MISSING_TICK), "detected_at": np.zeros(3, np.int64)}

    assert np.isnan(due_hours(columns)).all()


@pytest.mark.parametrize("learned", [True, False], ids=["blend", "one rate"])
@pytest.mark.parametrize("timed", [True, False], ids=["clock", "no clock"])
def test_a_chance_read_back_predicts_the_same(halves, resolve, a_sample, clock, learned, timed):
    risk = BreachRisk(halves.blend if learned else None, 0.25, clock if timed else None)
    rows = a_sample(90, 2).rows
    values, files = risk.to_json()

    again = BreachRisk.from_json(json.loads(json.dumps(values)), files)

    times = resolve.chances(rows)
    np.testing.assert_array_equal(again.predict(rows, times), risk.predict(rows, times))
    assert (again.kind, again.clock is None) == (risk.kind, risk.clock is None)


def stored_before(halves, **values):
    """Return a champion as it was stored before blends were learned."""
    files = halves.blend.members[soft_trees.NAME].to_json().files
    return {"clock": halves.clock.to_json(), "rate": 0.25, **values}, files


def test_a_champion_of_before_is_read_as_half_and_half(halves, resolve, a_sample):
    rows = a_sample(90, 2).rows
    numbers = PlattScaling(shift=0.4, slope=0.8)

    again = BreachRisk.from_json(*stored_before(halves, calibration=numbers.to_json()))

    times = resolve.chances(rows)
    np.testing.assert_allclose(
        again.predict(rows, times), numbers.apply(halves.predict(rows, times)), rtol=1e-12
    )


def test_a_champion_of_before_that_was_never_recalibrated_is_read(halves, resolve, a_sample):
    rows = a_sample(90, 2).rows

    again = BreachRisk.from_json(*stored_before(halves))

    times = resolve.chances(rows)
    np.testing.assert_allclose(again.predict(rows, times), halves.predict(rows, times), rtol=1e-12)


def test_a_constant_champion_of_before_is_read_as_one_rate(halves, a_sample):
    values, _ = stored_before(halves, calibration={"shift": 0.0, "slope": 1.0})

    again = BreachRisk.from_json(values, {})

    assert again.predict(a_sample(3, 2).rows, None).tolist() == [0.25] * 3


@pytest.mark.parametrize("times", [1 / 1000, 30.0])
def test_a_history_of_other_times_has_the_same_curve_on_its_own_scale(a_sample, times):
    columns = a_sample(50, 2).rows.columns
    random = np.random.default_rng(4)
    hours = random.lognormal(3, 1, 600)
    breached = random.random(600) < 1 / (1 + np.exp(-(hours - 40) / 10))
    group = np.where(np.arange(600) % 2, "high", "low").astype(object)

    def curve(factor):
        clock = BreachByLateness.fit(
            ClosedExceptions(group, hours * factor, breached), 2.0 * factor
        )
        stored = BreachRisk.from_json(*BreachRisk(None, 0.5, clock).to_json())
        return stored.curve(columns)

    plain, other = curve(1.0), curve(times)
    at = np.geomspace(0.1, 5_000, 50)

    np.testing.assert_allclose(other.scale, plain.scale * times)
    np.testing.assert_allclose(other.at(at * times), plain.at(at), atol=1e-9)
    assert np.ptp(plain.chance, axis=1).min() > 0.9


def test_a_champion_of_before_is_read_with_the_former_ages(a_sample, clock):
    plain, files = BreachRisk(None, 0.5, clock).to_json()
    del plain["clock"]["scale"]

    curve = BreachRisk.from_json(plain, files).curve(a_sample(5, 2).rows.columns)

    assert curve.scale.tolist() == [1.0] * 5
