"""Several serving processes on one ledger, as processes: on SQLite and on PostgreSQL alike."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from sqlalchemy import create_engine, text

from tests.serving.conftest import client_of

ROOT = Path(__file__).parents[2]
RACES = 50
FIRST = {"source": "none", "external_id": "first", "detected_at": "2026-01-01T00:00:00Z"}
PATIENCE = 240
"""Seconds in which four processes have started, also beside other tests."""
SECONDS_TO_FOLLOW = 2.0
"""It takes half a second at most; the rest is for a machine that runs other tests."""


class Pair(NamedTuple):
    """Two processes on one ledger, a client of each, and the ledger's address."""

    processes: list[subprocess.Popen]
    clients: list[httpx.Client]
    url: str


def started(url, folder, *options):
    environment = {
        "EXPEDITE_PORT": "0",
        "EXPEDITE_DATABASE_URL": url,
        "EXPEDITE_MLRUNS": str(folder / "mlruns"),
        "EXPEDITE_STARTUP_WAIT_SECONDS": "0",
        "EXPEDITE_DRAIN_SECONDS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "serving", *options],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def address_of(process):
    return process.stdout.readline().rsplit(" ", 1)[-1].strip()


def ended(process, number=signal.SIGKILL):
    process.send_signal(number)
    process.wait(60)
    process.stdout.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def pair(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("new_postgres")()
    processes = [started(url, folder) for _ in range(2)]
    clients = [client_of(address_of(process)) for process in processes]
    for client in clients:
        client.post("/v1/exceptions", json=FIRST).raise_for_status()
        client.get("/v1/worklist").raise_for_status()  # compiles the first time
    yield Pair(processes, clients, url)
    for client in clients:
        client.close()
    for process in processes:
        if process.poll() is None:
            ended(process)


def eventually(check, seconds=SECONDS_TO_FOLLOW):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.02)


def row_of(client, external_id):
    rows = client.get("/v1/worklist", params={"limit": 500}).json()["rows"]
    return next((row for row in rows if row["external_id"] == external_id), None)


def test_what_one_accepts_claims_and_resolves_the_other_shows_soon(pair, an_exception):
    first, second = pair.clients
    id_ = first.post("/v1/exceptions", json=an_exception("followed")).json()["id"]
    eventually(lambda: row_of(second, "followed"))
    first.post(f"/v1/exceptions/{id_}/claim", json={"by": "ana"}).raise_for_status()
    eventually(lambda: row_of(second, "followed")["claimed_by"] == "ana")
    second.post(f"/v1/exceptions/{id_}/release", json={"by": "ana"}).raise_for_status()
    eventually(lambda: row_of(first, "followed")["claimed_by"] is None)
    second.post(f"/v1/exceptions/{id_}/resolve", json={"team": "fraud"}).raise_for_status()
    eventually(lambda: row_of(first, "followed") is None)

    assert row_of(second, "followed") is None


def posts(pair, body_of, headers_of=lambda _: None):
    """Post `RACES` bodies, each to both processes at once; return both answers of each."""

    def post(i, client):
        return client.post("/v1/exceptions", json=body_of(i), headers=headers_of(i))

    with ThreadPoolExecutor(2) as threads:
        return [list(threads.map(post, [i, i], pair.clients)) for i in range(RACES)]


def test_the_same_exception_posted_to_both_at_once_is_one(pair, an_exception):
    answers = posts(pair, lambda i: an_exception(f"race-{i}"))

    statuses = [sorted(answer.status_code for answer in both) for both in answers]
    assert statuses == [[200, 201]] * RACES
    assert all(len({answer.json()["id"] for answer in both}) == 1 for both in answers)


def test_the_same_key_sent_to_both_at_once_has_one_answer(pair, an_exception):
    answers = posts(
        pair,
        lambda i: an_exception(f"key-{i}"),
        lambda i: {"Idempotency-Key": f"{pair.url[:6]}-{i}"},
    )

    assert [both[0].status_code == both[1].status_code == 201 for both in answers] == [True] * RACES
    assert [both[0].content == both[1].content for both in answers] == [True] * RACES


def holder(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        token, name = connection.execute(text("select token, holder from leases")).one()
    engine.dispose()
    return token, name


def test_a_killed_holder_of_the_lease_is_replaced_and_the_other_serves_on(pair, an_exception):
    token, name = holder(pair.url)
    killed = next(i for i in (0, 1) if f":{pair.processes[i].pid}:" in name)
    ended(pair.processes[killed])
    other = 1 - killed

    accepted = pair.clients[other].post("/v1/exceptions", json=an_exception("after"))
    assert accepted.status_code == 201
    eventually(lambda: holder(pair.url)[0] > token, seconds=20)
    assert f":{pair.processes[other].pid}:" in holder(pair.url)[1]


@pytest.mark.long
def test_a_rolling_restart_under_load_fails_no_call(postgres_url, tmp_path, an_exception):
    process = started(postgres_url, tmp_path, "--workers", "2")
    address = address_of(process)
    with httpx.Client(base_url=address, timeout=PATIENCE) as client:
        client.get("/livez").raise_for_status()
    failures, accepted, done = [], [], threading.Event()

    def post(name):
        i = 0
        with httpx.Client(base_url=address, timeout=PATIENCE) as client:
            while not done.is_set():
                try:
                    answer = client.post("/v1/exceptions", json=an_exception(f"{name}-{i}"))
                    accepted.append(answer.json()["id"])
                    if answer.status_code != 201:
                        failures.append(answer.text)
                except httpx.HTTPError as error:
                    failures.append(repr(error))
                i += 1
                time.sleep(0.01)

    before = workers_of(process)
    posters = [threading.Thread(target=post, args=(name,)) for name in "ab"]
    for poster in posters:
        poster.start()
    process.send_signal(signal.SIGHUP)
    eventually(lambda: len(workers_of(process)) == 2 and not workers_of(process) & before, PATIENCE)
    time.sleep(0.2)
    done.set()
    for poster in posters:
        poster.join()
    ended(process, signal.SIGTERM)

    assert failures == []
    assert len(set(accepted)) == len(accepted) > 20


def workers_of(process):
    """The process ids of the children of a process."""
    children = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            pid, _, rest = stat.read_text().partition(" ")
            if rest.rpartition(")")[2].split()[1] == str(process.pid):
                children.add(int(pid))
    return children
