"""What a soak of garbage broke: each kind with the smallest call that showed it."""

import asyncio
import logging

import pytest

from serving.app import create_app
from serving.incidents.page import MAX_BARS, arrivals_chart
from tests.soak.in_process import Call, InProcess


def nested(levels):
    value = 1
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.mark.parametrize("name", [nested(252), "x" * 1_000_000, [1], {"a": 1}])
@pytest.mark.parametrize("path", ["/v1/exceptions", "/v1/score"])
def test_a_refused_item_is_answered_whatever_it_calls_itself(client, an_exception, path, name):
    batch = [an_exception("a"), an_exception("b", source=name), an_exception(external_id=name)]

    answer = client.post(path, json={"exceptions": batch})

    assert answer.status_code == 200
    assert answer.json()["refused"] == 2
    assert answer.json()["results"][1]["source"] is None
    assert len(answer.content) < 100_000


@pytest.mark.parametrize("path", ["/v1/replenishments", "/v1/forecasts/query"])
def test_a_refused_series_is_answered_whatever_it_calls_itself(demand_client, path):
    answer = demand_client.post(path, json={"series": [{"sku": nested(252)}, {"sku": "A-00001"}]})

    assert answer.status_code == 200
    assert answer.json()["refused"][0]["sku"] is None


@pytest.mark.parametrize("path", ["/v1/score", "/v1/exceptions", "/v1/allocations"])
def test_a_caller_who_hangs_up_leaves_no_traceback(settings, shelf, clock, caplog, path):
    async def hang_up():
        async with InProcess.started(create_app(settings, lambda: shelf, clock)) as service:
            return await service.send(Call("POST", path, body=b'{"sou', hangs_up=True))

    with caplog.at_level(logging.ERROR):
        assert asyncio.run(hang_up()).status in (499, 503)

    assert not [record for record in caplog.records if record.exc_info]


def test_members_detected_ages_before_the_others_have_no_bar():
    chart = arrivals_chart([-(2**63), 1_772_366_400_000, 1_772_366_460_000], 1.0)

    assert 0 < len(chart["bars"]) <= MAX_BARS + 1


@pytest.mark.parametrize("item", [[], ["x"], "2026-02-30", 7, None, [[]]])
def test_an_item_that_is_no_object_costs_itself_alone(client, an_exception, item):
    batch = {"exceptions": [an_exception("a"), item]}

    answer = client.post("/v1/exceptions", json=batch)

    assert (answer.status_code, answer.json()["refused"]) == (200, 1)
