"""Sentences of why."""

import numpy as np
import pytest

from models.inventory.allocation import allocate
from models.inventory.allocation_reasons import margins, reason
from models.inventory.discrete_demand import DiscreteDemand
from models.inventory.locations import Locations

TEN_EQUAL_STEPS = DiscreteDemand(np.array([0.0, 1.0]), np.tile([0.5, 10.5], (3, 1)))
NAMES = np.array(["York", "Leeds", "Hull"])


def reasons(pool_units: float, **columns) -> list[tuple[str, str]]:
    columns = {
        "sale_value": np.array([10.0, 8.0, 0.5]),
        "leftover_cost": 1.0,
        "name": NAMES,
    } | columns
    result = allocate(Locations(TEN_EQUAL_STEPS, 0, **columns), pool_units)
    return [tuple(reason(margin, "EUR")) for margin in margins(result)]


def test_a_place_is_told_what_the_next_best_would_make_of_its_last_unit():
    # York's 4th is worth 6.70, Leeds' 2nd 7.10 and 3rd 6.20.
    code, text = reasons(6)[0]

    assert code == "worth_more"
    assert text.startswith("The 4th unit sells with 70 %: worth EUR 6.70, more than the EUR 6.20")


def test_a_place_that_gets_nothing_is_told_who_makes_more_of_it():
    code, text = reasons(6)[2]

    assert code == "worth_less"
    assert text == (
        "The first unit would sell with 100 %: worth EUR 0.50, "
        "less than the EUR 6.70 that York makes of its last."
    )


def test_of_an_empty_pool_nothing_is_left():
    assert reasons(0)[0] == (
        "pool_used_up",
        "The first unit would sell with 100 %: worth EUR 10. The pool has none left for it.",
    )


@pytest.mark.parametrize(
    ("pool_units", "columns", "codes"),
    [
        (100, {}, ["enough", "enough", "enough"]),
        (100, {"cap": 5}, ["cap", "cap", "enough"]),
        (6, {"cap": np.array([9, 9, 0])}, ["worth_more", "worth_more", "cap"]),
        (6, {"reserve": np.array([0, 0, 5])}, ["worth_more", "worth_less", "reserve"]),
        (6, {"reserve": 3}, ["short_of_reserves"] * 3),
        (6, {"placing_cost": np.array([0, 0, 2])}, ["worth_more", "worth_more", "not_worth_it"]),
    ],
)
def test_each_limit_has_its_reason(pool_units, columns, codes):
    assert [code for code, _ in reasons(pool_units, **columns)] == codes


def test_no_places_have_no_reasons():
    none = Locations(TEN_EQUAL_STEPS.take(slice(0, 0)), 0, 1.0)

    assert margins(allocate(none, 5)) == []
