"""Orders, the day on which stock runs out, and the risk at each date."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import TypeAdapter

from models.forecast_book.store import write_book
from serving.inventory.order_views import ReplenishmentsOut

SERIES = {"sku": "A-00001", "site": "south"}
EURO = {"currency": "EUR"}


def order(client, item=None, **body):
    series = {} if item is None else {"series": [SERIES | item]}
    return client.post("/v1/replenishments", json={"lead_periods": 2} | series | body)


def ordered(client, item=None, **body):
    answer = order(client, item or {}, **body)
    assert answer.status_code == 200, answer.text
    return TypeAdapter(ReplenishmentsOut).validate_python(answer.json())["replenishments"][0]


def test_a_higher_service_level_orders_no_less(demand_client):
    orders = [
        ordered(demand_client, {"on_hand": 5}, service_level=level)["order"]
        for level in (0.5, 0.8, 0.95, 0.99)
    ]

    assert orders == sorted(orders)
    assert orders[0] < orders[-1]


def test_more_stock_orders_no_more(demand_client):
    orders = [
        ordered(demand_client, {"on_hand": n}, service_level=0.9)["order"] for n in (0, 10, 30, 500)
    ]

    assert orders == sorted(orders, reverse=True)
    assert orders[-1] == 0


def test_what_is_owed_is_ordered_too(demand_client):
    even, owing = (
        ordered(demand_client, {"on_hand": n}, lead_periods=1, service_level=0.9)["order"]
        for n in (0, -7)
    )

    assert owing == even + 7


def test_dearer_shortages_order_no_less(demand_client):
    def of(amount):
        costs = {
            "holding_cost": {"amount": "1.00", **EURO},
            "shortage_cost": {"amount": amount, **EURO},
        }
        return ordered(demand_client, {"on_hand": 0}, **costs)["order"]

    assert of("1.00") < of("9.00")


def test_the_order_comes_in_the_period_of_its_lead(demand_client, book):
    result = ordered(demand_client, {"on_hand": 0}, lead_periods=3)

    assert result["sold_from"] == str(book.forecast.periods[2])


def test_the_order_lowers_the_risk_from_its_coming_on_and_not_before(demand_client):
    result = ordered(demand_client, {"on_hand": 0, "inbound": []}, service_level=0.95)
    before, after = np.array(result["as_it_is"]["risk"]), np.array(result["with_order"]["risk"])

    assert after[0] == before[0]
    assert (after[1:] <= before[1:]).all()
    assert after[1] <= 0.05 < before[1]


def test_it_runs_out_at_once_where_there_is_nothing(demand_client, book):
    result = ordered(demand_client, {"on_hand": 0, "inbound": []})

    assert result["as_it_is"]["runs_out_on"] == str(book.forecast.periods[0])


def test_it_never_runs_out_where_there_is_plenty(demand_client):
    result = ordered(demand_client, {"on_hand": 10_000})

    assert (result["as_it_is"]["runs_out_on"], result["as_it_is"]["safe_until"]) == (None, None)
    assert result["as_it_is"]["fill_rate"] == 1


def test_packs_are_whole(demand_client):
    result = ordered(demand_client, {"on_hand": 0, "pack_size": 12}, service_level=0.9)

    assert result["order"] > 0
    assert result["order"] % 12 == 0


def test_without_series_all_are_answered_whose_stock_is_known(demand_client, book):
    answer = order(demand_client).json()

    assert len(answer["replenishments"]) == book.forecast.series
    assert answer["refused"] == []


def test_series_left_out_as_nobody_counted_them_are_counted(books, a_book, running):
    whole = a_book()
    on_hand = whole.stock.on_hand.copy()
    on_hand[:2] = np.nan
    write_book(books, replace(whole, stock=replace(whole.stock, on_hand=on_hand)))

    with running() as client:
        answer = order(client).json()

    assert answer["stock_unknown"] == 2
    assert len(answer["replenishments"]) == whole.forecast.series - 2


def test_a_series_that_can_not_be_answered_does_not_fail_the_rest(demand_client):
    series = [
        {"sku": "B-1"},
        SERIES | {"lead_periods": 9},
        SERIES | {"holding_cost": {"amount": "1", "currency": "USD"}},
        SERIES,
    ]
    answer = demand_client.post("/v1/replenishments", json={"series": series, "lead_periods": 2})
    body = answer.json()

    assert [item["status"] for item in body["refused"]] == [404, 422, 422]
    assert len(body["replenishments"]) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"service_level": 1}, "/service_level"),
        ({"lead_periods": 0}, "/lead_periods"),
        ({"holding_cost": {"amount": "a bit", **EURO}}, "/holding_cost/amount"),
        ({"holding_cost": {"amount": "1", "currency": "USD"}}, "/holding_cost/currency"),
    ],
)
def test_wrong_terms_are_pointed_at(demand_client, body, pointer):
    answer = order(demand_client, **body)

    assert answer.status_code == 422
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [pointer]


def test_the_same_question_has_the_same_answer(demand_client):
    assert ordered(demand_client) == ordered(demand_client)
