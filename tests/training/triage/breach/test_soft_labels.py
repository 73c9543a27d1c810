"""Labels of a breach are chances: open cases count, and more so the longer they last."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.ticks import MISSING_TICK, MS_PER_DAY, tick_of
from models.breach.breach_label import BreachByLateness, ClosedExceptions
from models.time_grid import INTERVALS, ResolveChances, TimeGrid
from training.triage.breach.soft_labels import breach_clock, soft_breach
from training.triage.dataset import TriageDataset
from training.triage.fit import TrainingRows, resolve_hours

GRID = TimeGrid.of(np.geomspace(0.1, 1_000, 300))
HOURS = np.linspace(0, 100, 400)
CLOCK = BreachByLateness.fit(ClosedExceptions(np.full(400, "", object), HOURS, HOURS > 48), 0.0)
EVENLY = np.full(INTERVALS, 1 / INTERVALS)


def soft(hours, resolved):
    n = len(hours)
    columns = {
        "severity": np.full(n, None, object),
        "due_at": np.full(n, MISSING_TICK),
        "detected_at": np.zeros(n, np.int64),
    }
    times = ResolveChances(GRID, np.tile(EVENLY, (n, 1)))
    return soft_breach(columns, CLOCK, times, np.array(hours, float), np.array(resolved))


@given(st.lists(st.tuples(st.floats(0, 4_000), st.booleans()), min_size=1, max_size=20))
def test_soft_labels_are_chances(cases):
    chances = soft([hours for hours, _ in cases], [resolved for _, resolved in cases])

    assert (chances > 0).all()
    assert (chances < 1).all()


def test_a_resolved_case_counts_with_the_chance_at_its_hour():
    assert soft([10.0, 90.0], [True, True]) == pytest.approx([0, 1], abs=0.01)


def test_an_open_case_counts_with_what_may_still_come():
    young, old = soft([1.0, 47.0], [False, False])

    assert 0.2 < young < old
    assert old > 0.95


@given(hours=st.floats(0, 3_000), more=st.floats(0, 500))
def test_to_stay_open_never_lowers_the_chance(hours, more):
    sooner, later = soft([hours, hours + more], [False, False])

    assert later >= sooner - 1e-6


@pytest.fixture(scope="module")
def dataset(shop):
    return TriageDataset.read(shop.history, shop.as_of)


def test_the_clock_of_a_shop_is_learned_from_what_had_ended(shop, dataset):
    assert breach_clock(dataset, tick_of(shop.as_of)) is not None


def test_too_few_ended_cases_give_no_clock(shop, dataset):
    assert breach_clock(dataset, int(np.sort(dataset.labels.ended_known_at)[100])) is None


def test_a_clock_does_not_see_what_ended_at_or_after_the_moment(shop, dataset):
    middle = tick_of(shop.as_of) - 15 * MS_PER_DAY
    before = TriageDataset.read(shop.history, shop.as_of - np.timedelta64(15, "D"))

    assert breach_clock(dataset, middle).to_json() == breach_clock(before, middle).to_json()


def test_every_case_counts_open_ones_as_well(shop, dataset):
    hours, resolved = resolve_hours(dataset, TrainingRows.before(dataset, dataset.tick))

    assert len(hours) == len(dataset.ids)
    assert 0 < resolved.sum() < len(resolved)
    assert (hours >= 0).all()
