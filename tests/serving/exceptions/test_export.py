"""Decisions of people go back into a history: the service, its export, its import, its labels."""

import numpy as np
import pandas as pd
import pytest

from data.domain import BadInputError
from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.sources import source_folder
from data.ingest.verify import faults
from data.ingest.write_history import write_history
from data.ledger.export import export_ledger
from features.engine.attributes import attribute_kinds, attribute_rows
from features.exceptions.tables import exception_columns
from serving.scoring.columns import columns_of
from serving.wire.exception_in import exception
from training.triage.dataset import TriageDataset

TERMS = ImportTerms("expedite", pd.Timestamp("2026-06-01", tz="UTC"))
AS_OF = pd.Timestamp("2026-04-01", tz="UTC")


@pytest.fixture
def exported(client, tmp_path):
    """Export what the service holds; return the history that is made of it, and the report."""

    def export(begin=None, end=None):
        folder, into = tmp_path / "files", tmp_path / "history"
        export_ledger(client.app.state.service.ledger, folder, begin=begin, end=end)
        report = import_files([folder], source_folder("expedite"), into, TERMS)
        return History.open(into), report

    return export


@pytest.fixture
def post(client):
    def post(exception_sent):
        answer = client.post("/v1/exceptions", json=exception_sent)
        assert answer.status_code < 300, answer.text
        return answer.json()["id"]

    return post


@pytest.fixture
def resolve(client):
    def resolve(exception_id, **resolution):
        answer = client.post(f"/v1/exceptions/{exception_id}/resolve", json=resolution)
        assert answer.status_code == 200, answer.text

    return resolve


def full_order(number="1"):
    return {
        "external_id": f"gid://{number}", "order_number": f"#{number}", "channel": "web",
        "placed_at": "2026-03-01T07:12:44.123+01:00", "status": "open", "payment_method": "card",
        "total": {"amount": "184.90", "currency": "eur"},
        "promised_delivery_at": "2026-03-04T18:00:00Z", "ship_by_at": "2026-03-02T15:00:00Z",
        "shipping_address": {"country_code": "de", "postal_code": "01099", "region": "Sachsen"},
        "line_items": [
            {"external_id": "b", "sku": "B-1", "quantity": 1, "site": "south",
             "unit_price": {"amount": "25.00", "currency": "EUR"}},
            {"external_id": "a", "sku": "A-1", "quantity": 2, "site": "north",
             "unit_price": {"amount": "79.95", "currency": "EUR"}},
        ],
        "customer": {"external_id": "c_9", "segment": "returning"},
    }  # fmt: skip


def test_a_history_computes_the_columns_that_the_service_did(post, exported, an_exception):
    payloads = [
        an_exception("a", order=full_order(), type="FRAUD_RISK", severity="high"),
        an_exception("b", order=None, type="Gremlins", reason_code="R1", message=None),
        an_exception(
            "c",
            order=full_order("3"),
            type="other",
            source_value="Imps",
            attributes={"carrier": "x", "n": 3},
        ),
        an_exception("d", order=full_order("2"), due_at=None, type=None),
    ]
    for payload in payloads:
        post(payload)
    history, report = exported()
    exceptions, orders, lines = map(history.table, ("exceptions", "orders", "order_lines"))
    kinds = attribute_kinds(attribute_rows(exceptions["attributes"]))
    offline = exception_columns(exceptions, orders, lines, kinds)
    online = columns_of([exception(payload) for payload in payloads], kinds)

    assert sum(count.quarantined for count in report.counts.values()) == 0
    by_message = np.argsort([str(kind) for kind in offline["type"]])
    expected = np.argsort([str(kind) for kind in online["type"]])
    for name, column in offline.items():
        np.testing.assert_array_equal(column[by_message], online[name][expected], err_msg=name)


def test_training_learns_the_labels_that_people_gave(post, resolve, exported, an_exception):
    loss = {"amount": "12.50", "currency": "EUR"}
    resolutions = {
        post(an_exception("a")): {"category": "fraud_risk", "team": "fraud", "touch_minutes": 7,
                                  "breached": True, "loss": loss},
        post(an_exception("b")): {"category": "incorrect_address", "team": "addresses",
                                  "label_origin": "accepted", "breached": False},
    }  # fmt: skip
    still_open = post(an_exception("c"))
    for exception_id, resolution in resolutions.items():
        resolve(exception_id, **resolution)
    dataset = TriageDataset.read(exported()[0], AS_OF)

    row_of = {exception_id: i for i, exception_id in enumerate(dataset.ids)}
    first, second = (row_of[exception_id] for exception_id in resolutions)
    for label in ("category", "team"):
        names = dataset.labels.classes[label].at(dataset.tick, len(dataset.ids))
        labels = [resolution[label] for resolution in resolutions.values()]
        assert [names[first], names[second]] == labels
        assert names[row_of[still_open]] is None
    assert dataset.labels.accepted["category"].tolist() == [i == second for i in range(3)]
    assert dataset.labels.touch_minutes[first] == 7
    assert dataset.labels.loss[first] == 12.5
    assert (dataset.labels.breached[first], dataset.labels.breached[second]) == (1, 0)


def test_what_nobody_looked_at_is_no_label(post, exported, an_exception):
    exception_id = post(an_exception("a", updated_at="2026-03-01T10:00:00Z"))
    post(an_exception("a", updated_at="2026-03-01T11:00:00Z", status="closed"))
    history, _ = exported()
    outcome = history.table("outcomes").set_index("exception_id").loc[exception_id]

    assert (outcome["category"], outcome["label_origin"]) == ("incorrect_address", "automatic")
    assert "category" not in TriageDataset.read(history, AS_OF).labels.classes


def test_the_hidden_share_is_known_to_training(
    running, policy_with, shelf, a_triage, tmp_path, an_exception
):
    shelf.promote(a_triage())
    with running(policy=policy_with(hidden_share=1.0)) as client:
        created = client.post("/v1/exceptions", json=an_exception()).json()
        client.post(f"/v1/exceptions/{created['id']}/resolve", json={"category": "fraud_risk"})
        export_ledger(client.app.state.service.ledger, tmp_path / "files", begin=None, end=None)
    import_files([tmp_path / "files"], source_folder("expedite"), tmp_path / "h", TERMS)

    assert TriageDataset.read(History.open(tmp_path / "h"), AS_OF).labels.hidden.tolist() == [True]


def test_steps_say_who_had_it_when(client, post, resolve, exported, an_exception, clock):
    exception_id = post(an_exception("a"))
    clock.pass_hours(1)
    client.post(f"/v1/exceptions/{exception_id}/claim", json={"by": "ana"})
    clock.pass_hours(1)
    resolve(exception_id, category="fraud_risk", team="fraud", by="ana")
    steps = exported()[0].table("exception_events").sort_values("occurred_at")

    assert steps["event"].tolist() == ["assigned", "started", "resolved"]
    assert steps["team"].fillna("").tolist() == ["addresses", "", "fraud"]
    assert steps["by"].fillna("").tolist() == ["", "ana", "ana"]


def test_one_order_of_two_exceptions_is_one_order(post, exported, an_exception):
    post(an_exception("a", order=full_order()))
    post(an_exception("b", order=full_order()))
    history, _ = exported()

    assert len(history.table("orders")) == 1
    assert history.table("exceptions")["order_id"].tolist() == ["gid://1"] * 2


def test_only_what_came_in_and_was_known_between_is_taken(
    post, resolve, exported, an_exception, clock
):
    post(an_exception("before"))
    clock.pass_hours(1)
    begin = clock()
    late = post(an_exception("between"))
    clock.pass_hours(1)
    end = clock()
    post(an_exception("after"))
    resolve(late, category="fraud_risk")
    history, _ = exported(begin, end)

    assert history.table("exceptions")["exception_id"].tolist() == [late]
    assert history.rows.get("outcomes", 0) == 0


def test_a_history_of_an_export_keeps_the_contract(post, resolve, exported, an_exception):
    resolve(post(an_exception("a", order=full_order())), category="fraud_risk")
    history, _ = exported()

    assert list(faults(history.path, TERMS)) == []


def test_an_export_again_changes_nothing(post, resolve, exported, an_exception):
    resolve(post(an_exception("a", order=full_order())), category="fraud_risk")
    exported()

    assert not exported()[1].changed


def test_an_empty_ledger_says_so(exported):
    with pytest.raises(BadInputError, match="no exceptions were received"):
        exported()


def test_a_ledger_on_postgresql_is_exported_alike(
    running, shelf, a_triage, postgres_url, tmp_path, an_exception
):
    shelf.promote(a_triage())
    with running(database_url=postgres_url, poll_seconds=1, recent_seconds=60) as client:
        created = client.post("/v1/exceptions", json=an_exception(order=full_order())).json()
        client.post(f"/v1/exceptions/{created['id']}/resolve", json={"category": "fraud_risk"})
        export_ledger(client.app.state.service.ledger, tmp_path / "files", begin=None, end=None)
    import_files([tmp_path / "files"], source_folder("expedite"), tmp_path / "h", TERMS)
    history = History.open(tmp_path / "h")

    assert history.table("outcomes")["category"].tolist() == ["fraud_risk"]
    assert history.table("orders")["total"].tolist() == [184.9]


@pytest.mark.parametrize(
    ("known_at", "stays"), [("2026-03-01T07:00Z", "open"), (None, "from a file")]
)
def test_a_file_after_an_export_replaces_its_order_unless_it_says_that_it_is_older(
    post, exported, an_exception, tmp_path, known_at, stays
):
    placed = {"order_id": ["gid://1"], "placed_at": ["2026-03-01T06:12:44.123Z"]}

    def import_file(status):
        rows = pd.DataFrame(placed | {"status": [status], "known_at": [known_at]})
        write_history(tmp_path / "history", [("orders", rows)], TERMS)

    import_file("new")
    post(an_exception("a", order=full_order()))
    exported()
    import_file("from a file")

    assert History.open(tmp_path / "history").table("orders")["status"].tolist() == [stays]
