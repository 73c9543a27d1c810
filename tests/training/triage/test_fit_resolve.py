"""Fit of the time to resolve: which open cases tell that a type takes long."""

import numpy as np

from training.triage.fit import ResolveHours
from training.triage.fit_resolve import MIN_OLD_CASES, endless_types


def cases(name, ended, open_hours):
    types = np.full(len(ended) + len(open_hours), name, object)
    hours = np.concatenate([ended, open_hours]).astype(float)
    return types, hours, np.arange(len(types)) < len(ended)


def endless(*groups):
    types, hours, resolved = (np.concatenate(parts) for parts in zip(*groups, strict=True))
    return endless_types(types, ResolveHours(hours, resolved))


QUICK = cases("late", np.linspace(1, 48, 100), [5.0, 60.0])


def test_open_cases_of_a_type_that_is_resolved_tell_that_they_take_long():
    assert endless(QUICK) == set()


def test_a_type_that_never_records_an_end_is_endless():
    complaints = cases("complaint", [], np.full(MIN_OLD_CASES, 900.0))

    assert endless(QUICK, complaints) == {"complaint"}


def test_a_type_of_which_many_are_open_for_longer_than_any_was_is_endless():
    lost = cases("lost", np.linspace(1, 48, 60), np.full(40, 5_000.0))

    assert endless(QUICK, lost) == {"lost"}


def test_young_open_cases_are_no_sign_of_an_endless_type():
    backlog = cases("backlog", np.linspace(1, 48, 60), np.full(400, 30.0))

    assert endless(QUICK, backlog) == set()


def test_a_few_cases_say_nothing_of_a_type():
    rare = cases("rare", [], np.full(MIN_OLD_CASES - 1, 900.0))

    assert endless(QUICK, rare) == set()
