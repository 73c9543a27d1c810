"""The amounts of a row agree with each other, whatever the row and the hour."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
moments = st.integers(-900, 300).map(lambda hours: (NOON + timedelta(hours=hours)).isoformat())
a_case = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["incorrect_address", "fraud_risk", "late_shipment"]),
        "due_at": st.one_of(st.none(), moments),
    }
)


def amount(money):
    return float(money["amount"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=6)
@given(cases=st.lists(a_case, min_size=1, max_size=12))
def test_an_hour_costs_no_more_than_a_day_and_nothing_more_than_is_at_stake(
    client, an_exception, cases
):
    for i, case in enumerate(cases):
        client.post("/v1/exceptions", json=an_exception(f"{i}-{case}", **case))

    for row in client.get("/v1/worklist", params={"limit": 200}).json()["rows"]:
        stake, now = amount(row["money_at_stake"]), amount(row["expected_loss_now"])
        waits = {name: amount(cost) for name, cost in row["cost_of_waiting"].items() if cost}
        assert now <= stake
        assert now <= amount(row["expected_loss_if_deferred"]) <= stake
        assert 0 <= waits["hour"] <= waits["day"] <= waits["never"]
        assert now + waits["never"] <= stake + 0.02
        assert waits["hour"] <= waits.get("shift", waits["day"])
