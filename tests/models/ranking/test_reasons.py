"""Reasons in words and money."""

from dataclasses import replace

import pytest

from models.ranking.reasons import ReasonInputs, reasons
from models.ranking.rule import Tier


@pytest.fixture
def case():
    return ReasonInputs(
        currency="EUR",
        stake=58.0,
        lost_if_started_now=0.34,
        lost_by_turn=21.5,
        score=108.0,
        touch_minutes=12.0,
        hours_to_due=3.34,
        age_hours=1.0,
        category="out_of_stock",
        probability=0.82,
        tier=Tier.OPEN,
    )


def codes(case):
    return [reason.code for reason in reasons(case)]


def test_the_money_at_stake_is_named_first(case):
    assert codes(case)[0] == "money_at_stake"


def test_what_stands_above_the_score_is_named_before_the_money(case):
    assert codes(replace(case, tier=Tier.RULE))[:2] == ["rule", "money_at_stake"]


def test_of_lost_work_no_chance_is_told(case):
    result = codes(replace(case, tier=Tier.LOST, hours_to_due=-2.0))

    assert not {"chance", "cost_of_waiting"} & set(result)


def test_without_a_model_nothing_is_told_that_only_a_model_knows(case):
    blind = replace(case, lost_if_started_now=None, lost_by_turn=None, score=None, category=None)

    assert codes(blind) == ["money_at_stake", "touch_time", "deadline"]


def test_an_overdue_one_says_for_how_long(case):
    texts = [reason.text for reason in reasons(replace(case, hours_to_due=-2.5))]

    assert "overdue by 2 h 30 min" in texts


def test_what_was_computed_gives_its_grounds_instead_of_a_deadline(case):
    texts = [reason.text for reason in reasons(replace(case, grounds="A-17 runs out on 3 March"))]

    assert "A-17 runs out on 3 March" in texts
    assert not any(text.startswith("due in") for text in texts)


def test_an_overdue_one_says_how_much_can_still_be_saved(case):
    texts = [reason.text for reason in reasons(replace(case, hours_to_due=-2.5))]

    assert "EUR 38 of it can still be saved" in texts
