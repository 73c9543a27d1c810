"""Priorities by what the people on shift can do."""

from dataclasses import replace

import numpy as np
import pytest

from data.policy.policy import DEFAULT_POLICY, Policy, PriorityTerms
from data.ticks import MS_PER_HOUR
from models.ranking.pricing import rank_by_policy
from models.ranking.urgency import Urgency

SATURDAY_NOON = 1_772_884_800_000  # 2026-03-07T12:00:00Z
WEEK = """
[shifts.teams.desk]
people = 1
weekdays = ["mon", "tue", "wed", "thu", "fri"]
opens = "08:00"
closes = "18:00"
"""
MONDAY_NOON = SATURDAY_NOON + 48 * MS_PER_HOUR


@pytest.fixture
def policy_with(tmp_path):
    """The policy that is shipped, with shifts."""

    def read(shifts):
        text = DEFAULT_POLICY.read_text(encoding="utf-8")
        path = tmp_path / "policy.toml"
        path.write_text(text.replace("[promises] ", shifts + "[promises] ", 1), encoding="utf-8")
        return Policy.read(path)

    return read


@pytest.fixture
def priority_of(an_item_of, policy_with):
    """Priorities of items of one team, for which time counts round the clock."""

    def tell(team=None, now=MONDAY_NOON, reached=None, **columns):
        policy = policy_with(WEEK)
        n = len(next(iter(columns.values())))
        items = an_item_of(n, late_share=[0.3] * n, **columns)
        ranking = rank_by_policy(items, policy, degraded=False)
        urgency = Urgency(policy, now, reached or {})
        return urgency.priorities(ranking, np.array([team] * n, object)).tolist()

    return tell


def test_what_is_due_before_the_next_turn_is_p1_and_what_is_due_in_the_shift_p2(priority_of):
    assert priority_of(hours_to_due=[3.0, 7.0, 100.0]) == ["p1", "p2", "p3"]


def test_what_loses_nothing_by_waiting_is_p4(priority_of):
    assert priority_of(hours_to_due=[np.nan], curve=[np.zeros(11)]) == ["p4"]


def test_what_is_overdue_and_can_be_saved_is_for_this_shift_and_what_is_lost_p4(priority_of):
    assert priority_of(hours_to_due=[-2.0, -900.0]) == ["p2", "p4"]


def test_what_the_people_on_shift_do_not_get_to_is_not_p1(priority_of):
    assert priority_of("desk", hours_to_due=[3.0], reached={"desk": 1e9}) == ["p2"]


def test_nothing_is_p1_while_nobody_is_there(priority_of):
    assert priority_of("desk", SATURDAY_NOON, hours_to_due=[3.0]) == ["p2"]


def test_what_a_rule_puts_first_is_p1(priority_of):
    first = priority_of(hours_to_due=[np.nan], curve=[np.zeros(11)], always_first=[True])

    assert first == ["p1"]


def test_a_policy_can_tell_priorities_by_money(an_item_of, policy_with):
    policy = policy_with(WEEK).model_copy(update={"priority": PriorityTerms(by="money")})
    ranking = rank_by_policy(an_item_of(2), policy, degraded=False)
    scored = replace(ranking, score=np.array([policy.bands.p1, 0.0]))

    told = Urgency(policy, MONDAY_NOON, {}).priorities(scored, np.array([None, None]))

    assert told.tolist() == ["p1", "p4"]
