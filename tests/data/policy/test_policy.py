"""A policy that does not fit is refused by the name of what is wrong."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.domain import BadInputError
from data.policy.policy import DEFAULT_POLICY, Policy


@pytest.fixture
def policy_with(tmp_path):
    """Read the default policy with the first line that begins so replaced by another."""

    def read(begins, line):
        text = DEFAULT_POLICY.read_text(encoding="utf-8")
        path = tmp_path / "policy.toml"
        changed, n = re.subn(f"(?m)^{re.escape(begins)}.*", line, text, count=1)
        assert n == 1
        path.write_text(changed, encoding="utf-8")
        return Policy.read(path)

    return read


@pytest.mark.parametrize(
    ("begins", "line", "field"),
    [
        ("share_of_order", "share_of_order = -1", "losses.share_of_order"),
        ("handling_helps", "handling_helps = 1.5", "losses.handling_helps"),
        ("handling_helps", "", "losses.handling_helps"),
        ("safe_risk", 'safe_risk = "some"', "guards.safe_risk"),
        ("look_ahead_minutes", "look_ahead_minutes = 0", "guards.look_ahead_minutes"),
        ("[bands]", "[bands]\np0 = 1.0", "bands.p0"),
        ("currency", 'currency = "euro"', "currency"),
        (
            "[handling]",
            "[losses.categories.x]\nfixed = -2.0\n[handling]",
            "losses.categories.x.fixed",
        ),
        ("touch_minutes_p50", "touch_minutes_p50 = nan", "handling.touch_minutes_p50"),
        ("margin_share", "margin_share = 1.2", "stock.margin_share"),
        ("keep_days", "keep_days = 0", "stock.keep_days"),
        ("team", 'team = ""', "stock.team"),
    ],
)
def test_the_error_names_file_and_field(policy_with, begins, line, field):
    with pytest.raises(BadInputError) as error:
        policy_with(begins, line)

    assert error.value.problem.startswith(f"{field}:")
    assert error.value.where.endswith("policy.toml")


def test_a_file_that_is_no_toml_is_refused(policy_with):
    with pytest.raises(BadInputError, match="not TOML"):
        policy_with("[losses]", "[losses")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="no such file"):
        Policy.read(tmp_path / "none.toml")


def test_a_changed_file_has_another_label(policy_with):
    assert policy_with("fixed", "fixed = 11.0").label != Policy.read().label


def test_the_same_file_has_the_same_label():
    assert Policy.read().label == Policy.read().label


def test_a_category_without_a_line_is_priced_as_the_rest():
    losses = Policy.read().losses

    expected = (losses.share_of_order * 200 + losses.fixed) * losses.handling_helps
    assert losses.preventable("never heard of", 200.0) == pytest.approx(expected)


def test_a_category_takes_what_its_line_leaves_out_from_the_rest():
    losses = Policy.read().losses
    own = losses.categories["fraud_risk"]
    assert own.fixed is None

    expected = (own.share_of_order * 200 + losses.fixed) * losses.handling_helps
    assert losses.preventable("fraud_risk", 200.0) == pytest.approx(expected)


@given(value=st.floats(0, 1e9), more=st.floats(0, 1e9))
def test_a_dearer_order_never_costs_less_and_never_more_than_the_largest(value, more):
    losses = Policy.read().losses

    assert losses.preventable("x", value) <= losses.preventable("x", value + more)
    assert losses.preventable("x", value + more) <= losses.largest


def test_the_band_of_a_score_is_the_first_it_reaches():
    bands = Policy.read().bands
    scores = [bands.p1, 0.999 * bands.p1, bands.p2, bands.p3, 0.999 * bands.p3, 0.0]

    assert bands.priorities(np.array(scores)).tolist() == ["p1", "p2", "p2", "p3", "p4", "p4"]


@pytest.mark.parametrize(
    ("company", "shifts", "zone"),
    [
        ("", "", "UTC"),
        ('timezone = "Asia/Kolkata"', "", "Asia/Kolkata"),
        ('timezone = "Asia/Kolkata"', 'timezone = "Europe/Lisbon"', "Europe/Lisbon"),
    ],
)
def test_shifts_are_in_the_zone_of_the_company_unless_they_name_one(company, shifts, zone):
    lines = [line for line in DEFAULT_POLICY.read_text().splitlines() if "timezone =" not in line]
    text = "\n".join(lines).replace("[rates]", f"{company}\n[rates]", 1)
    text = text.replace("[shifts]", f"[shifts]\n{shifts}\n#", 1)

    assert Policy.of_text(text, "test").shifts.timezone == zone


def test_an_unknown_zone_of_the_company_is_refused():
    text = DEFAULT_POLICY.read_text().replace('timezone = "UTC"', 'timezone = "Mars"', 1)
    with pytest.raises(BadInputError, match="there is no time zone 'Mars'"):
        Policy.of_text(text, "test")
