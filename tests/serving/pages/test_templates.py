"""House rule: every page template is rendered by a test. Plain HTTP; no browser."""

import re

import orjson
import pyarrow as pa
import pytest

from models.forecast_book.store import write_book
from models.loss_curve import CURVE_AGES_HOURS
from serving.demand import page_routes as demand_pages
from serving.forecast_book import FOLDER
from serving.http import templates

SHIFTS = """
[shifts]
timezone = "UTC"
[shifts.teams.addresses]
people = 1
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
opens = "08:00"
closes = "12:30"

"""
BY_SCRIPT = {"HX-Request": "true"}
BY_ANA = {"by": "ana"}


@pytest.fixture
def rendered(monkeypatch):
    """The names of all templates that are rendered, included ones too.

    Jinja calls `get_template` for an included template only when that branch is drawn.
    """
    environment, names = templates._templates(), set()
    get_template = environment.get_template

    def recording(name, *rest, **options):
        names.add(name)
        return get_template(name, *rest, **options)

    monkeypatch.setattr(environment, "get_template", recording)
    return names


def get(client, path, **parameters):
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text


def post(client, path, form):
    answer = client.post(path, data=form, headers=BY_SCRIPT)
    assert answer.status_code == 200, answer.text


def stock_exceptions():
    """A stock-out risk, whose facts name no orders, and orders that can't be filled."""
    common = {
        "site": "north",
        "loss": 38.7,
        "curve": [min(hours / 24, 1.0) for hours in CURVE_AGES_HOURS],
        "chance": None,
        "due_at_ms": None,
    }
    risk = {
        "on_hand": 3.0,
        "inbound": 0.0,
        "chance": 0.9,
        "runs_out_on": "2026-03-03",
        "next_delivery_on": "2026-03-09",
        "lost_units": 6.1,
        "lost_margin": 77.4,
    }
    orders = [{"order_id": "o1", "units": 2.0, "loss": 13.0, "fill": False}]
    rows = (
        ("stock_out_risk", "A-00000", risk),
        ("unfillable_orders", "A-00001", {"pool_units": 2.0, "orders": orders}),
    )
    return pa.Table.from_pylist(
        [
            common
            | {"kind": kind, "sku": sku, "message": f"{sku}: {kind}"}
            | {"facts": orjson.dumps(facts).decode()}
            for kind, sku, facts in rows
        ]
    )


def visit_work_list(client, exceptions):
    posted = client.post("/v1/exceptions", json={"exceptions": exceptions}).json()["results"]
    first = posted[0]["id"]
    get(client, "/")
    get(client, f"/exceptions/{first}")
    get(client, f"/exceptions/{first}/strongest")
    get(client, f"/exceptions/{first}/versus", rank=2)
    post(client, f"/exceptions/{first}/claim", BY_ANA)
    post(client, f"/exceptions/{first}/resolve", BY_ANA | {"category": "incorrect_address"})
    raised = [
        row["id"]
        for row in client.get("/v1/worklist").json()["rows"]
        if row["type"] in ("stock_out_risk", "unfillable_orders")
    ]
    assert len(raised) == 2
    for exception_id in raised:
        get(client, f"/exceptions/{exception_id}")


def visit_incident(incidents, burst):
    incidents.post(burst(8))
    incident_id = incidents.wait_for(members=8)["id"]
    get(incidents.client, "/")
    get(incidents.client, f"/incidents/{incident_id}")
    post(incidents.client, f"/incidents/{incident_id}/resolve", BY_ANA)


def visit_demand_and_stock(client):
    get(client, "/demand")
    get(client, "/stock")
    get(client, "/stock/share", sku="A-00001", pool=10, margin=3)


def visit_promises(client):
    get(client, "/promises")
    get(client, "/jobs")
    assert client.get("/nowhere", headers={"Accept": "text/html"}).status_code == 404


def visit_access(client):
    for path in ("/account", "/access", "/actions"):
        get(client, path)
    wrong = client.post("/login", data={"name": "ana", "password": "guess"})
    assert wrong.status_code == 401
    added = client.post("/access/accounts", data={"name": "ana", "role": "viewer"}).text
    get(client, re.search(r"/login/link/[\w-]+", added).group())


def test_every_template_is_rendered(
    rendered,
    settings,
    tmp_path,
    a_book,
    incidents,
    burst,
    monkeypatch,
    clock,
    running,
    an_exception,
):
    visit_incident(incidents, burst)
    visit_demand_and_stock_without_a_book(incidents.client)
    text = settings.policy.read_text()
    policy = tmp_path / "with_shifts.toml"
    policy.write_text(text[: text.index("[shifts]")] + SHIFTS + text[text.index("[promises]") :])
    write_book(tmp_path / "mlruns" / FOLDER, a_book(exceptions=stock_exceptions()))
    monkeypatch.setattr(demand_pages, "ROWS", 2)
    url = f"sqlite:///{tmp_path / 'second.sqlite'}"
    with running(policy=policy, database_url=url) as client:
        visit_work_list(client, [an_exception(name) for name in "abc"])
        visit_promises(client)
        visit_access(client)
        visit_demand_and_stock(client)
        clock.pass_hours(24 * 60)  # the book becomes stale
        get(client, "/demand")
    stored = {str(path.relative_to(templates.PAGES)) for path in templates.PAGES.rglob("*.html")}

    assert rendered & stored == stored


def visit_demand_and_stock_without_a_book(client):
    get(client, "/demand")
    get(client, "/stock")
