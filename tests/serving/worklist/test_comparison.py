"""`GET /v1/exceptions/{a}/versus/{b}`: why one row stands above another."""

import pytest

SOON, LATE = "2026-03-01T12:15:00Z", "2026-03-04T12:15:00Z"


@pytest.fixture
def posted(client, an_exception):
    def post(name, **changes):
        return client.post("/v1/exceptions", json=an_exception(name, **changes)).json()["id"]

    return post


@pytest.fixture
def versus(client):
    def ask(first, other, **parameters):
        return client.get(f"/v1/exceptions/{first}/versus/{other}", params=parameters)

    return ask


def of_value(amount):
    return {"order_number": "#1", "total": {"amount": amount, "currency": "EUR"}}


def test_the_nearer_deadline_is_above_by_its_hazard(posted, versus):
    answer = versus(posted("a", due_at=SOON), posted("b", due_at=LATE)).json()

    assert (answer["above"], answer["decided_by"]) == (True, "hazard")
    assert "how fast it would be lost" in answer["sentences"][0]


def test_the_dearer_of_two_with_one_deadline_is_above_by_its_loss(posted, versus):
    dear, cheap = posted("a", due_at=SOON, order=of_value("900.00")), posted("b", due_at=SOON)

    assert versus(dear, cheap).json()["decided_by"] == "loss"


def test_asked_the_other_way_round_it_says_below(posted, versus):
    answer = versus(posted("b", due_at=LATE), posted("a", due_at=SOON)).json()

    assert (answer["above"], answer["decided_by"]) == (False, "hazard")
    assert answer["ratios"]["score"] < 1


def test_the_score_ratio_is_the_product_of_money_hazard_and_hours(posted, versus):
    dear = posted("a", due_at=SOON, order=of_value("900.00"))

    ratios = versus(dear, posted("b", due_at="2026-03-01T13:00:00Z")).json()["ratios"]

    product = ratios["loss"] * ratios["hazard"] / ratios["hours"]
    assert ratios["score"] == pytest.approx(product)


def test_each_side_is_told_in_money_hazard_and_hours(posted, versus):
    side = versus(posted("a", due_at=SOON), posted("b", due_at=LATE)).json()["one"]

    at_stake = float(side["money_at_stake"]["amount"])
    hour = float(side["cost_of_an_hour"]["amount"])
    assert side["hazard_per_hour"] == pytest.approx(hour / at_stake, abs=0.001)
    assert side["touch_time"].startswith("PT")


def test_a_comparison_of_the_past_is_as_it_was(posted, versus, clock):
    first, other = posted("a", due_at=SOON), posted("b", due_at=LATE)
    before = versus(first, other).json()
    clock.pass_hours(1)

    assert versus(first, other, at="2026-03-01T12:00Z").json() == before
    assert versus(first, other).json() != before


def test_without_a_champion_the_time_left_decides(without_champion, an_exception):
    first, other = (
        without_champion.post("/v1/exceptions", json=an_exception(name, due_at=due)).json()["id"]
        for name, due in (("a", SOON), ("b", LATE))
    )
    answer = without_champion.get(f"/v1/exceptions/{first}/versus/{other}").json()

    assert (answer["decided_by"], answer["one"]["score"]) == ("slack", None)


def test_what_is_not_open_can_not_be_compared(client, posted, versus):
    first, gone = posted("a"), posted("b")
    client.post(f"/v1/exceptions/{gone}/resolve", json={})

    assert versus(first, gone).status_code == 404
