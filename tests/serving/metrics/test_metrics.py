"""Metrics: what alert rules and the dashboard name is there, and workers of one port are added."""

import json
import re
import shutil
import signal
import subprocess
import time
from collections import namedtuple
from pathlib import Path

import httpx
import pytest

from models.forecast_book.store import write_book
from serving import health_routes
from serving.jobs.drift_figures import drift_figures
from serving.metrics.service_state import JobCounts, _jobs
from tests.serving.test_several_processes import address_of, ended, started

DEPLOY = Path(__file__).parents[3] / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "expedite.json"
NAME = re.compile(r"\bexpedite_[a-z_]+")
Disk = namedtuple("Disk", "free")


def names(text):
    return {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in NAME.findall(text)}


def test_each_metric_of_the_alerts_and_the_dashboard_exists(books, a_book, client, an_exception):
    write_book(books, a_book())
    client.timeout = 60
    client.post("/v1/exceptions", json=an_exception()).raise_for_status()
    while client.app.state.service.forecast_book.book is None:
        time.sleep(0.01)
    shown = client.get("/metrics").text
    expressions = [
        target["expr"]
        for panel in json.loads(DASHBOARD.read_text())["panels"]
        for target in panel["targets"]
    ]
    rules = re.findall(r"expr: (.*)", ALERTS.read_text())

    assert len(rules) >= 10
    assert names(" ".join(expressions + rules)) - names(shown) == set()


def test_a_queue_is_shown_by_team_with_its_age_and_what_an_hour_costs(client, clock, an_exception):
    client.post("/v1/exceptions", json=an_exception()).raise_for_status()
    clock.pass_hours(1)
    shown = client.get("/metrics").text

    assert 'expedite_queue_length{team="addresses"} 1.0' in shown
    oldest = re.search(r'expedite_queue_oldest_seconds{team="addresses"} (.*)', shown)
    lost = re.search(r'expedite_queue_loss_per_hour{team="addresses"} (.*)', shown)
    assert float(oldest[1]) == pytest.approx(3 * 3600 + 47 * 60 - 2, abs=1)
    assert float(lost[1]) >= 0
    assert 'expedite_stage_seconds_count{stage="score"}' in shown
    assert "expedite_ledger_events_behind" in shown


def test_a_score_without_a_model_is_counted(without_champion, an_exception):
    def count():
        shown = without_champion.get("/metrics").text
        return float(re.search(r"(?m)^expedite_degraded_scores_total (.*)", shown)[1])

    before = count()
    without_champion.post("/v1/score", json=an_exception()).raise_for_status()
    assert count() == before + 1


def test_alert_rules_are_valid():
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    done = subprocess.run([promtool, "check", "rules", ALERTS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_it_is_not_ready_on_a_full_disk_or_before_the_champion_was_looked_for(client, monkeypatch):
    assert client.get("/readyz").status_code == 200
    with monkeypatch.context() as patch:
        patch.setattr(health_routes, "disk_usage", lambda _path: Disk(1_000))
        full = client.get("/readyz")
    champion = client.app.state.service.scorer.champion
    monkeypatch.setattr(type(champion), "was_looked_for", property(lambda _: False))
    early = client.get("/readyz")

    assert (full.status_code, full.json()["status"]) == (503, "the disk of the ledger is full")
    assert (early.status_code, early.json()["status"]) == (503, "the champion is looked for")


@pytest.mark.slow
def test_calls_of_all_workers_of_a_port_are_counted_together(tmp_path):
    process = started(f"sqlite:///{tmp_path / 'ledger.sqlite'}", tmp_path, "--workers", "2")
    try:
        address = address_of(process)
        for _ in range(60):  # a connection of its own each: both workers take some
            with httpx.Client(transport=httpx.HTTPTransport(retries=50), timeout=60) as client:
                client.get(f"{address}/livez").raise_for_status()
        with httpx.Client(timeout=60) as client:
            shown = client.get(f"{address}/metrics").text
    finally:
        ended(process, signal.SIGINT)
    assert 'expedite_calls_total{route="/livez",status="200"} 60.0' in shown


def test_figures_of_the_last_drift_job_are_gauges(tmp_path):
    report = tmp_path / "drift.json"
    side = {"labelled": 900, "promised": 0.2, "seen": 0.3, "error": 0.11, "by_chance": 0.02}
    cost = {"label": "breach", "reference": side | {"error": 0.03}, "current": side}
    report.write_text(json.dumps({"drift": True, "calibration": {"breach": cost}}))
    families = {f.name: f for f in _jobs(JobCounts({}, {}, drift_figures(report)))}
    before = [f for f in _jobs(JobCounts({}, {})) if f.samples]
    damaged = tmp_path / "damaged.json"
    damaged.write_text("[]")

    assert families["expedite_drift"].samples[0].value == 1
    (error,) = families["expedite_calibration_error"].samples
    assert (error.labels, error.value) == ({"label": "breach"}, 0.11)
    assert families["expedite_calibration_error_by_chance"].samples[0].value == 0.02
    assert before == []
    assert drift_figures(damaged) is drift_figures(tmp_path / "none") is None
