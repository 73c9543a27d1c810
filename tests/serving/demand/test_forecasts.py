"""Forecasts are read from the newest sound book; the service is never without the last one."""

import threading
import time

import orjson
import pytest
from pydantic import TypeAdapter

from models.forecast_book.store import write_book
from serving.demand.forecast_view import ForecastQueryOut

LATER_MS = 1_772_340_000_000


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def ask(client, **parameters):
    return client.get("/v1/forecasts", params=parameters)


def forecast_of(client, **parameters):
    return ask(client, sku="A-00001", site="south", **parameters).json()


def test_a_series_is_forecast_by_period_and_quantile(demand_client, book):
    answer = forecast_of(demand_client, quantiles="0.5,0.1", horizon=2)
    row = book.row("A-00001", "south")
    forecast = answer["forecasts"][0]

    assert answer["periods"] == ["2026-03-01", "2026-03-08"]
    assert list(forecast["quantiles"]) == ["0.1", "0.5"]
    assert forecast["mean"] == pytest.approx(book.forecast.mean[row, :2], abs=1e-3)
    expected = book.forecast.take([row]).quantiles([0.1, 0.5])[0, :2, 1]
    assert forecast["quantiles"]["0.5"] == pytest.approx(expected, abs=2e-3)


def test_every_answer_says_by_which_model_and_as_of_when(demand_client):
    answer = forecast_of(demand_client)

    assert answer["model_version"] == "demand-1"
    assert answer["as_of"] == "2026-03-01T00:00:00.000Z"
    assert answer["stale"] is False


def test_a_blank_parameter_is_one_that_is_left_out(demand_client):
    blank = ask(demand_client, sku="A-00001", site="", quantiles="", horizon=" ").json()

    assert blank["forecasts"] == ask(demand_client, sku="A-00001").json()["forecasts"]


def test_without_a_site_all_sites_of_the_sku_are_told(demand_client):
    answer = ask(demand_client, sku="A-00001").json()

    assert [forecast["site"] for forecast in answer["forecasts"]] == ["north", "south"]


@pytest.mark.parametrize(("kind", "key"), [("site", "north"), ("total", "")])
def test_a_sum_is_forecast_too(demand_client, book, kind, key):
    answer = ask(demand_client, aggregate=kind, key=key, quantiles="0.5").json()
    row = book.aggregates.rows[kind, key]

    assert answer["forecasts"][0]["mean"] == pytest.approx(book.aggregates.mean[row], abs=1e-3)


@pytest.mark.parametrize(
    "parameters",
    [{"sku": "B-1"}, {"sku": "A-00001", "site": "west"}, {"aggregate": "site", "key": "west"}],
)
def test_what_is_not_forecast_is_not_found(demand_client, parameters):
    answer = ask(demand_client, **parameters)

    assert answer.status_code == 404
    assert "no forecast of" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({}, "query/sku"),
        ({"sku": "A-00001", "quantiles": "0.5,x"}, "query/quantiles"),
        ({"sku": "A-00001", "quantiles": "0.5,1.5"}, "query/quantiles"),
        ({"sku": "A-00001", "quantiles": "0.1,nan,0.5"}, "query/quantiles"),
        ({"sku": "A-00001", "horizon": "0"}, "query/horizon"),
        ({"sku": "A-00001", "horizon": "5"}, "query/horizon"),
        ({"sku": "A-00001", "horizon": "two"}, "query/horizon"),
        ({"aggregate": "country"}, "query/aggregate"),
    ],
)
def test_a_wrong_parameter_is_pointed_at(demand_client, parameters, pointer):
    answer = ask(demand_client, **parameters)

    assert answer.status_code == 422
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [pointer]


def test_without_any_book_the_problem_says_what_to_run(client):
    answer = ask(client, sku="A-00001")

    assert answer.status_code == 503
    assert "python -m training forecast" in answer.json()["detail"]
    assert answer.headers["retry-after"]


def test_a_book_of_last_week_is_flagged_and_answered(demand_client, clock):
    clock.pass_hours(24 * 7)
    due = forecast_of(demand_client)["stale"]
    clock.pass_hours(24 * 4)

    assert (due, forecast_of(demand_client)["stale"]) == (False, True)


def test_a_new_book_is_taken_over_without_a_failed_call(demand_client, books, a_book):
    answers, stopping = [], threading.Event()

    def call():
        while not stopping.is_set():
            answers.append(ask(demand_client, sku="A-00001"))

    caller = threading.Thread(target=call)
    caller.start()
    for version in range(2, 7):
        write_book(books, a_book(model_version=f"demand-{version}", made_at_ms=LATER_MS + version))
        wait_until(lambda v=version: forecast_of(demand_client)["model_version"] == f"demand-{v}")
    stopping.set()
    caller.join()

    assert {answer.status_code for answer in answers} == {200}


def test_a_broken_book_is_refused_and_the_one_before_stays(
    demand_client, books, a_book, tmp_path, caplog
):
    elsewhere = tmp_path / "elsewhere"
    broken = write_book(elsewhere, a_book(model_version="demand-2", made_at_ms=LATER_MS))
    file = elsewhere / broken.name / "forecast.mean.npy"
    file.write_bytes(file.read_bytes()[:-1])
    with caplog.at_level("WARNING", "expedite.forecasts"):
        (elsewhere / broken.name).rename(books / broken.name)
        (elsewhere / "current.json").rename(books / "current.json")
        wait_until(lambda: "refused" in demand_client.get("/v1/health").json()["forecasts"])

    assert forecast_of(demand_client)["model_version"] == "demand-1"
    assert "forecast.mean.npy is not the file" in caplog.text


def query(client, body, **headers):
    return client.post("/v1/forecasts/query", json=body, headers=headers)


def test_a_query_answers_what_is_known_and_names_what_is_not(demand_client):
    series = [
        {"sku": "A-00001", "site": "north"},
        {"sku": "B-1"},
        {"sku": "A-00002"},
        {"site": "north"},
        7,
    ]
    answer = query(demand_client, {"series": series, "quantiles": [0.9, 0.5]}).json()
    TypeAdapter(ForecastQueryOut).validate_python(answer)

    answered = [(item["sku"], item["site"]) for item in answer["forecasts"]]
    assert answered == [("A-00001", "north"), ("A-00002", "north"), ("A-00002", "south")]
    assert [(item["sku"], item["status"]) for item in answer["refused"]] == [
        ("B-1", 404),
        (None, 422),
        (None, 422),
    ]
    assert answer["refused"][1]["errors"][0]["pointer"] == "/series/3/sku"


def test_a_query_of_nothing_known_is_an_empty_list(demand_client):
    assert query(demand_client, {"series": [{"sku": "B-1"}]}).json()["forecasts"] == []


def test_without_series_all_are_told(demand_client, book):
    assert len(query(demand_client, {}).json()["forecasts"]) == book.forecast.series


def test_a_query_and_a_read_say_the_same(demand_client):
    series = [{"sku": "A-00001", "site": "south"}]

    assert (
        query(demand_client, {"series": series}).json()["forecasts"]
        == forecast_of(demand_client)["forecasts"]
    )


def test_lines_are_sent_to_who_takes_them(demand_client):
    answer = query(demand_client, {"series": [{"sku": "A-00001"}]}, accept="application/x-ndjson")
    first, *rows = (orjson.loads(line) for line in answer.text.splitlines())

    assert answer.headers["content-type"] == "application/x-ndjson"
    assert first["model_version"] == "demand-1"
    assert [row["site"] for row in rows] == ["north", "south"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"quantiles": [2]}, "/quantiles/0"),
        ({"horizon": 99}, "/horizon"),
        ({"series": "all"}, "/series"),
    ],
)
def test_a_wrong_query_is_pointed_at(demand_client, body, pointer):
    answer = query(demand_client, body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_ten_thousand_series_come_in_pieces(demand_client, books, a_book):
    write_book(books, a_book(skus=5_000, model_version="demand-9", made_at_ms=LATER_MS))
    wait_until(lambda: forecast_of(demand_client)["model_version"] == "demand-9")
    series = [{"sku": f"A-{i:05d}"} for i in range(5_000)]
    largest, rows = 0, 0
    with demand_client.stream(
        "POST",
        "/v1/forecasts/query",
        json={"series": series},
        headers={"accept": "application/x-ndjson"},
    ) as answer:
        for piece in answer.iter_raw():
            largest = max(largest, len(piece))
            rows += piece.count(b"\n")

    assert rows == 1 + 10_000
    assert largest < 500_000
