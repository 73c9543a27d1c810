"""A policy that does not fit is refused by the name of what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.domain import BadInputError, Priority
from data.policy import DEFAULT_POLICY, Policy


@pytest.fixture
def policy_with(tmp_path):
    """Read the default policy with one text replaced by another."""

    def read(old, new):
        text = DEFAULT_POLICY.read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "policy.toml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return Policy.read(path)

    return read


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("share_of_order = 0.30", "share_of_order = -1", "losses.share_of_order"),
        ("handling_helps = 0.9", "handling_helps = 1.5", "losses.handling_helps"),
        ("handling_helps = 0.9", "", "losses.handling_helps"),
        ("safe_risk = 0.10", 'safe_risk = "some"', "guards.safe_risk"),
        ("look_ahead_minutes = 6.0", "look_ahead_minutes = 0", "guards.look_ahead_minutes"),
        ("p1 = 200.0", "p1 = 200.0\np0 = 1.0", "bands.p0"),
        ('currency = "EUR"', 'currency = "euro"', "currency"),
        ("fixed = 2.0", "fixed = -2.0", "losses.categories.data_error.fixed"),
        ("touch_minutes_p50 = 12.0", "touch_minutes_p50 = nan", "handling.touch_minutes_p50"),
    ],
)
def test_the_error_names_file_and_field(policy_with, old, new, field):
    with pytest.raises(BadInputError) as error:
        policy_with(old, new)

    assert error.value.problem.startswith(f"{field}:")
    assert error.value.where.endswith("policy.toml")


def test_a_file_that_is_no_toml_is_refused(policy_with):
    with pytest.raises(BadInputError, match="not TOML"):
        policy_with("[losses]", "[losses")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="no such file"):
        Policy.read(tmp_path / "none.toml")


def test_a_changed_file_has_another_label(policy_with):
    assert policy_with("fixed = 10.0", "fixed = 11.0").label != Policy.read().label


def test_the_same_file_has_the_same_label():
    assert Policy.read().label == Policy.read().label


def test_a_category_without_a_line_is_priced_as_the_rest():
    losses = Policy.read().losses

    expected = (losses.share_of_order * 200 + losses.fixed) * losses.handling_helps
    assert losses.preventable("never heard of", 200.0) == pytest.approx(expected)


def test_a_category_takes_what_its_line_leaves_out_from_the_rest():
    losses = Policy.read().losses

    assert losses.preventable("fraud_risk", 200.0) == pytest.approx((200 + 10) * 0.9)


@given(value=st.floats(0, 1e9), more=st.floats(0, 1e9))
def test_a_dearer_order_never_costs_less_and_never_more_than_the_largest(value, more):
    losses = Policy.read().losses

    assert losses.preventable("x", value) <= losses.preventable("x", value + more)
    assert losses.preventable("x", value + more) <= losses.largest


@pytest.mark.parametrize(
    ("score", "band"),
    [(200.0, Priority.P1), (199.9, Priority.P2), (1.0, Priority.P3), (0.0, Priority.P4)],
)
def test_the_band_of_a_score_is_the_first_it_reaches(score, band):
    assert Policy.read().bands.priority(score) == band
