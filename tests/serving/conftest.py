"""Builders of the service's tests: a clock that stands, small real champions, a running service."""

import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI

from data.domain import NoChampionError
from data.ledger.ledger import Ledger
from data.policy.policy import DEFAULT_POLICY
from data.settings import Settings
from data.ticks import MS_PER_HOUR
from features.engine.compute import Features
from features.engine.feature_set import FeaturePlan
from features.exceptions.features import FEATURES
from models.automation.conformal_sets import SetThresholds
from models.automation.evidence import CalibrationCounts, CalibrationRows
from models.classifiers.calibration import Calibration
from models.classifiers.classifier import CalibratedClassifier
from models.classifiers.estimators.lookup import LookupClassifier
from models.forecast_book.book import Book
from models.forecast_book.store import write_book
from models.triage.touch_time import TouchTime
from models.triage.triage import Triage
from serving.app import create_app
from serving.wire.formats import rfc3339

ROOT = Path(__file__).parents[2]
NOON_MS = 1_772_366_400_000  # 2026-03-01T12:00:00Z
PATIENCE_SECONDS = 60.0


@dataclass
class Clock:
    """Stands until it is moved."""

    ms: int = NOON_MS

    def __call__(self) -> int:
        return self.ms

    def pass_hours(self, hours: float) -> None:
        self.ms += int(hours * MS_PER_HOUR)


@dataclass
class Shelf:
    """A model store in memory: holds real champions, or one that can't be loaded."""

    champion: Triage | None = None
    broken: Exception | None = None
    version: str | None = None
    loads: list[str] = field(default_factory=list)

    def champion_version(self, model: str) -> str | None:
        assert model == "triage"
        return self.version

    def load_triage(self, version: str | None = None) -> Triage:
        self.loads.append(version or "")
        if self.broken is not None:
            raise self.broken
        if self.champion is None:
            raise NoChampionError("triage", "nothing is promoted")
        return self.champion

    def promote(self, champion: Triage) -> None:
        self.champion, self.version = champion, champion.version

    def promote_broken(self, version: str, error: Exception) -> None:
        self.broken, self.version = error, version


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(scope="session")
def a_triage() -> Callable[..., Triage]:
    def build(version: str = "7", touch_minutes: tuple[float, ...] = (6.0, 10.0, 25.0)) -> Triage:
        entities = {
            e.name: list(e.columns) for e in FEATURES.entities if "attributes" not in e.columns[0]
        }
        features = Features(FEATURES, FeaturePlan(entities=entities, past=list(entities)), {})
        prior = np.array([0.5, 0.5])
        lookup = {
            "incorrect_address": np.array([0.97, 0.03]),
            "fraud_risk": np.array([0.3, 0.7]),
        }
        teams = {"incorrect_address": np.array([0.9, 0.1]), "fraud_risk": np.array([0.1, 0.9])}
        return Triage(
            features,
            past={},
            trained_as_of=NOON_MS - 24 * MS_PER_HOUR,
            classes={
                "category": _class_model("category", CATEGORIES, prior, lookup),
                "team": _class_model("team", TEAMS, prior, teams),
            },
            touch=TouchTime(None, np.zeros(1), np.log1p(np.array([touch_minutes]))),
            evidence={label: _evidence(label, names, sure) for label, names, sure in DECIDED},
            sets={label: _sets(label, names, sure) for label, names, sure in DECIDED},
            version=version,
        )

    return build


CATEGORIES, TEAMS = ("incorrect_address", "fraud_risk"), ("addresses", "fraud")
DECIDED = (("category", CATEGORIES, 0.97), ("team", TEAMS, 0.9))


def _evidence(label: str, names: tuple[str, ...], sure: float) -> CalibrationCounts:
    """Four hundred sure ones of the first class, all right; the unsure are often wrong."""
    probabilities = [[sure, 1 - sure], [0.3, 0.7], [0.5, 0.5]]
    probability = np.repeat(probabilities, [400, 200, 100], axis=0)
    code = np.repeat([0, 1, 0, 1, 0], [400, 140, 60, 50, 50])
    return CalibrationCounts.count(label, names, CalibrationRows.fully_labelled(probability, code))


def _sets(label: str, names: tuple[str, ...], sure: float) -> SetThresholds:
    probability = np.repeat([[sure, 1 - sure], [0.3, 0.7]], [400, 200], axis=0)
    return SetThresholds.fit(label, names, probability, np.repeat([0, 1, 0], [400, 140, 60]))


def _class_model(
    label: str, names: tuple[str, ...], prior: np.ndarray, table: dict[str, np.ndarray]
) -> CalibratedClassifier:
    lookup = LookupClassifier("type", prior, table)
    return CalibratedClassifier(label, names, prior, lookup, Calibration(1.0, 0.0), "for tests")


@pytest.fixture
def an_exception() -> Callable[..., dict[str, Any]]:
    def build(external_id: str = "PE-1", **changes: Any) -> dict[str, Any]:
        plain = {
            "external_id": external_id,
            "source": "shopify:acme",
            "type": "incorrect_address",
            "message": "Postcode does not match city",
            "detected_at": "2026-03-01T09:13:02Z",
            "due_at": "2026-03-01T16:00:00Z",
            "order": {
                "order_number": "#1001",
                "total": {"amount": "184.90", "currency": "EUR"},
                "shipping_address": {"country_code": "DE", "postal_code": "10115"},
                "line_items": [{"external_id": "li_1", "sku": "A-1", "quantity": 2}],
            },
            "attributes": {"carrier": "dhl"},
        }
        return {k: v for k, v in (plain | changes).items() if v is not None}

    return build


@pytest.fixture
def policy_with(tmp_path: Path) -> Callable[..., Path]:
    """Write the policy that is shipped with other values of its section `promises`."""

    def write(**promises: float) -> Path:
        text = DEFAULT_POLICY.read_text()
        for name, value in promises.items():
            text, count = re.subn(rf"(?m)^{name} = \S+", f"{name} = {value}", text)
            assert count == 1, name
        path = tmp_path / "policy.toml"
        path.write_text(text)
        return path

    return write


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite ledger with its tables: to copy it is ten times as fast as to make them."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    Ledger.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def settings(tmp_path: Path, policy_with: Callable[..., Path], empty_ledger: Path) -> Settings:
    """Settings of a service that draws nothing at random."""
    url = f"sqlite:///{shutil.copy(empty_ledger, tmp_path / 'ledger.sqlite')}"
    return Settings(
        database_url=url,
        mlruns=tmp_path / "mlruns",
        policy=policy_with(audit_share=1e-12, hidden_share=0),
        poll_seconds=0.05,
        recent_seconds=0.05,
    )


class Client(httpx.Client):
    """Speaks to one running service, whose application is at hand."""

    app: FastAPI


@contextmanager
def _served(app: FastAPI) -> Iterator[Client]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    try:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with Client(base_url=address, timeout=PATIENCE_SECONDS) as client:
            client.app = app
            yield client
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


Running = Callable[..., AbstractContextManager[Client]]


@pytest.fixture
def running(settings: Settings, shelf: Shelf, clock: Clock) -> Running:
    """Start a service over the same ledger, store and clock; other settings can be given."""

    def start(**changes: Any) -> AbstractContextManager[Client]:
        return _served(create_app(settings.model_copy(update=changes), lambda: shelf, clock))

    return start


@pytest.fixture
def without_champion(running: Running) -> Iterator[Client]:
    with running() as client:
        yield client


@pytest.fixture
def client(running: Running, shelf: Shelf, a_triage: Callable[..., Triage]) -> Iterator[Client]:
    """A service with a champion."""
    shelf.promote(a_triage())
    with running() as client:
        yield client


@pytest.fixture
def books(settings: Settings) -> Path:
    """The folder of forecast books of the service."""
    return settings.mlruns / "forecasts"


@pytest.fixture
def book(books: Path, a_book: Callable[..., Book]) -> Book:
    """The forecast book in use, as of this very day."""
    whole = a_book()
    write_book(books, whole)
    return whole


@pytest.fixture
def demand_client(book: Book, running: Running) -> Iterator[Client]:
    """A service with a forecast book."""
    with running() as client:
        yield client


@pytest.fixture
def usual(an_exception: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    """Nine quiet days until noon, all ended: one an hour, evenly over five carriers."""
    chance = random.Random(5)
    exceptions = []
    for i in range(9 * 24):
        at = rfc3339(NOON_MS - 9 * 24 * MS_PER_HOUR + int((i + chance.random()) * MS_PER_HOUR))
        carrier = {"carrier": ("dhl", "ups", "gls", "dpd", "fedex")[i % 5]}
        exceptions.append(
            an_exception(f"U-{i}", detected_at=at, status="closed", attributes=carrier)
        )
    return exceptions


@pytest.fixture
def burst(an_exception: Callable[..., dict[str, Any]]) -> Callable[..., list[dict[str, Any]]]:
    """So many exceptions of one carrier from noon on, half a minute apart."""

    def build(count: int, begin: int = 0, carrier: str = "dhl") -> list[dict[str, Any]]:
        return [
            an_exception(
                f"B-{carrier}-{i}",
                detected_at=rfc3339(NOON_MS + 30_000 * i),
                due_at="2026-03-01T20:00:00Z",
                attributes={"carrier": carrier},
            )
            for i in range(begin, begin + count)
        ]

    return build


class Incidents:
    """Actions of the tests of incidents on a running service."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def post(self, exceptions: list[dict[str, Any]]) -> list[str]:
        answer = self.client.post("/v1/exceptions", json={"exceptions": exceptions}).json()
        assert answer["refused"] == 0, answer
        return [result["id"] for result in answer["results"]]

    def rows(self, **parameters: str) -> list[dict[str, Any]]:
        parameters = {"limit": "500", **parameters}
        return self.client.get("/v1/worklist", params=parameters).json()["rows"]

    def wait_for(self, members: int) -> dict[str, Any]:
        """Wait for an incident of so many open members."""
        end = time.monotonic() + 60
        while True:
            matches = [row for row in self.rows() if row["members"] == members]
            if matches:
                return matches[0]
            assert time.monotonic() < end, self.rows()
            time.sleep(0.02)


@pytest.fixture
def incidents(client: Client, usual: list[dict[str, Any]], clock: Clock) -> Incidents:
    """A service with a champion that has seen quiet days; it is twenty past noon."""
    doing = Incidents(client)
    doing.post(usual)
    clock.pass_hours(0.34)
    return doing


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Start a service on a free port; returns the process and its address."""
    processes = []

    def start(**environment):
        settings = {
            "EXPEDITE_PORT": "0",
            "EXPEDITE_DATABASE_URL": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
            "EXPEDITE_MLRUNS": str(tmp_path / "mlruns"),
            "EXPEDITE_STARTUP_WAIT_SECONDS": "0",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "serving"],
            cwd=ROOT,
            env=os.environ | settings | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        processes.append(process)
        line = process.stdout.readline()
        return process, line.rsplit(" ", 1)[-1].strip()

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def client_of(address):
    transport = httpx.HTTPTransport(retries=50)
    return httpx.Client(base_url=address, transport=transport, timeout=60)
