"""The last days of a history, told to a service: it sees what training saw."""

import numpy as np
import pandas as pd
import pytest

from data.domain import BadInputError
from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history
from data.oms_client.calls import last_days
from data.oms_client.send import send
from data.sources.synthetic import generate
from data.sources.synthetic.shop import SyntheticShop
from features.engine.attributes import attribute_kinds, attribute_rows
from features.exceptions.tables import exception_columns
from serving.scoring.columns import columns_of
from serving.wire.exception_in import exception, resolution

NOW = pd.Timestamp("2026-03-01T12:00:00Z")
DAYS = 30


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    shop = SyntheticShop(orders=2_000, seed=3)
    folder = tmp_path_factory.mktemp("replay") / "history"
    write_history(folder, generate(shop), ImportTerms("synthetic", pd.Timestamp(shop.end)))
    return History.open(folder)


@pytest.fixture(scope="module")
def newest(history):
    return history.table("exceptions")["detected_at"].max()


def quiet(_step, _rows):
    pass


def test_a_service_computes_the_columns_that_training_did(history, newest):
    replayed = last_days(history, days=DAYS, newest_at=newest)
    exceptions, orders, lines = map(history.table, ("exceptions", "orders", "order_lines"))
    kinds = attribute_kinds(attribute_rows(exceptions["attributes"]))
    late = exceptions[exceptions["detected_at"] > newest - pd.Timedelta(days=DAYS)]
    late = late.sort_values("detected_at", kind="stable")
    offline = exception_columns(late, orders, lines, kinds)
    online = columns_of([exception(item.exception) for item in replayed], kinds)

    assert len(replayed) > 20
    assert offline.keys() == online.keys()
    for name, column in offline.items():
        np.testing.assert_array_equal(online[name], column, err_msg=name)


def test_the_newest_is_detected_at_the_moment_asked_for_and_the_others_keep_their_distance(
    history, newest
):
    replayed = last_days(history, days=DAYS, newest_at=NOW)
    moments = pd.to_datetime([item.exception["detected_at"] for item in replayed])
    late = history.table("exceptions")["detected_at"].sort_values().dt.floor("ms")

    assert moments[-1] == NOW
    distances = (NOW - moments).tolist()
    assert distances == (newest.floor("ms") - late.iloc[-len(replayed) :]).tolist()


def test_only_what_ended_before_the_newest_was_detected_has_an_end(history, newest):
    replayed = last_days(history, days=DAYS, newest_at=newest)
    outcomes = history.table("outcomes")
    ended = set(outcomes[outcomes["resolved_at"] <= newest]["exception_id"])

    ends = {item.exception["external_id"]: item.resolution for item in replayed}
    assert {item for item, end in ends.items() if end is not None} == ended & ends.keys()


def test_every_end_is_one_that_a_service_takes(history, newest):
    ends = [item.resolution for item in last_days(history, days=DAYS, newest_at=newest)]
    assert all(resolution(end) for end in ends if end is not None)


def test_what_has_not_ended_is_open_on_the_service_that_was_told(history, client):
    replayed = last_days(history, days=DAYS, newest_at=NOW)
    sent = send(replayed, str(client.base_url), quiet)
    open_still = sum(item.resolution is None for item in replayed)

    assert (sent.accepted, sent.refusals) == (len(replayed), [])
    assert sent.resolved == len(replayed) - open_still
    assert client.get("/v1/worklist").json()["total"] == open_still


def test_people_end_a_case_before_later_ones_come_in(history, client, monkeypatch):
    monkeypatch.setattr("data.oms_client.send.MAX_EXCEPTIONS_PER_REQUEST", 10)
    replayed = last_days(history, days=DAYS, newest_at=NOW)
    steps = []
    send(replayed, str(client.base_url), lambda step, _rows: steps.append(step))

    last_batch = len(steps) - 1 - steps[::-1].index("exceptions")
    assert 0 < steps[:last_batch].count("resolutions") < steps.count("resolutions")
    first_ends = sum(
        call.resolution is not None
        and call.resolution["resolved_at"] <= replayed[9].exception["detected_at"]
        for call in replayed[:10]
    )
    assert steps[1 : 2 + first_ends].count("resolutions") == first_ends


def test_what_a_service_refuses_is_told_and_the_rest_goes_on(history, client):
    replayed = last_days(history, days=2, newest_at=NOW)
    replayed[0].exception["detected_at"] = "yesterday"
    sent = send(replayed, str(client.base_url), quiet)

    assert sent.accepted == len(replayed) - 1
    assert replayed[0].exception["external_id"] in sent.refusals[0]


def test_an_address_where_nothing_answers_is_told_with_the_cure(history):
    replayed = last_days(history, days=2, newest_at=NOW)
    with pytest.raises(BadInputError, match="python -m serving"):
        send(replayed, "http://127.0.0.1:1", quiet)


def test_what_is_no_address_is_told(history):
    with pytest.raises(BadInputError, match="is not an address"):
        send([], "ftp://somewhere", quiet)
