"""A pool is shared by what units are worth, and the answer adds up."""

from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from serving.inventory.allocate import AllocationOut

EURO = {"currency": "EUR"}


def share(client, **body):
    return client.post("/v1/allocations", json={"sku": "A-00001", "units": 20} | body)


def shared(client, **body):
    answer = share(client, **body)
    assert answer.status_code == 200, answer.text
    return TypeAdapter(AllocationOut).validate_python(answer.json())


def units_of(answer):
    return {location["site"]: location["units"] for location in answer["locations"]}


def test_what_is_placed_and_what_is_kept_back_are_the_pool(demand_client):
    answer = shared(demand_client, units=20)

    assert sum(units_of(answer).values()) == answer["placed"]
    assert answer["placed"] + answer["kept_back"] == answer["units"] == 20


def test_what_is_expected_of_the_places_adds_up_to_what_is_expected_of_all(demand_client):
    answer = shared(demand_client)
    for field in ("demand", "sold", "leftover"):
        parts = sum(location["expected"][field] for location in answer["locations"])
        assert answer["expected"][field] == pytest.approx(parts, abs=0.02)


def test_units_go_where_they_are_missing(demand_client):
    locations = [{"site": "north", "stock": 0}, {"site": "south", "stock": 1_000}]

    assert units_of(shared(demand_client, locations=locations))["south"] == 0


def test_a_dearer_sale_draws_units(demand_client):
    def locations(amount):
        return [
            {"site": "north", "stock": 0, "sale_value": {"amount": amount, **EURO}},
            {"site": "south", "stock": 0, "sale_value": {"amount": "8.00", **EURO}},
        ]

    cheap, dear = (
        units_of(shared(demand_client, units=30, locations=locations(amount)))["north"]
        for amount in ("4.00", "16.00")
    )
    assert dear > cheap


def test_reserves_caps_packs_and_minima_are_kept(demand_client):
    locations = [
        {"site": "north", "reserve": 5, "cap": 7},
        {"site": "south", "stock": 0, "pack_size": 6, "min_order": 12},
    ]
    units = units_of(shared(demand_client, units=40, locations=locations))

    assert 5 <= units["north"] <= 7
    assert units["south"] % 6 == 0
    assert units["south"] == 0 or units["south"] >= 12


def test_a_larger_pool_has_a_price_that_is_not_higher(demand_client):
    prices = [
        Decimal(shared(demand_client, units=n)["shadow_price"]["amount"]) for n in (0, 5, 20, 400)
    ]

    assert prices == sorted(prices, reverse=True)
    assert prices[-1] == 0


def test_each_place_is_given_a_reason(demand_client):
    assert all(location["why"]["text"] for location in shared(demand_client)["locations"])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"locations": [{"site": "west"}]}, "/locations/0/site"),
        ({"locations": [{"site": "north"}, {"site": "north"}]}, "/locations/1/site"),
        ({"locations": []}, "/locations"),
        ({"units": -1}, "/units"),
        ({"periods": 99}, "/periods"),
        ({"locations": [{"site": "north", "reserve": 5, "cap": 2}]}, "/locations/0"),
        ({"sale_value": {"amount": "7,5", **EURO}}, "/sale_value/amount"),
        ({"sale_value": {"amount": "7.5", "currency": "USD"}}, "/sale_value/currency"),
        (
            {"locations": [{"site": "north", "sale_value": {"amount": "1", "currency": "USD"}}]},
            "/locations/0/sale_value/currency",
        ),
    ],
)
def test_what_is_wrong_is_pointed_at(demand_client, body, pointer):
    answer = share(demand_client, **body)

    assert answer.status_code == 422
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [pointer]


def test_a_sku_without_a_forecast_is_not_found(demand_client):
    assert share(demand_client, sku="B-1").status_code == 404


def test_without_a_book_there_is_a_problem_that_says_what_to_run(client):
    answer = share(client)

    assert answer.status_code == 503
    assert "python -m training forecast" in answer.json()["detail"]
