"""Nothing that was acknowledged is lost, and nothing is done twice, in kills under load."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import httpx
import orjson
import pytest
from sqlalchemy import func, select

from data.ledger.ledger import Ledger
from data.ledger.tables import EVENTS, EXCEPTIONS, IDEMPOTENCY

ROOT = Path(__file__).parents[2]


class Campaign(NamedTuple):
    """Kills, and calls that must be acknowledged between two of them."""

    kills: int
    min_acknowledged: int


FEW = Campaign(20, 3)
MANY = Campaign(200, 25)


@pytest.fixture
def forker(each_ledger_url, tmp_path):
    """A process that starts a service for each line; its port stays the same."""
    settings = {
        "EXPEDITE_DATABASE_URL": each_ledger_url,
        "EXPEDITE_MLRUNS": str(tmp_path / "mlruns"),
        "EXPEDITE_STARTUP_WAIT_SECONDS": "0",
        "EXPEDITE_LOG_LEVEL": "error",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.serving.forked_services"],
        cwd=ROOT,
        env=os.environ | settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.stdin.close()
    process.kill()
    process.wait()
    process.stdout.close()


class Poster:
    """Posts exceptions one after the other, each until it is acknowledged, and resolves some."""

    def __init__(self, port, an_exception):
        self.acknowledged = {}
        self.resolved = set()
        self.is_done = False
        self._url = f"http://127.0.0.1:{port}/v1/exceptions"
        self._an_exception = an_exception
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        number = 0
        while not self.is_done:
            name = f"PE-{number}"
            answer = self._send(self._url, self._an_exception(name), f"send {name}")
            if answer is None:
                continue
            self.acknowledged[name] = answer["id"]
            if number % 5 == 0:
                url = f"{self._url}/{answer['id']}/resolve"
                if self._send(url, {"team": "fraud"}, f"resolve {name}") is not None:
                    self.resolved.add(answer["id"])
            number += 1

    def _send(self, url, body, key):
        with contextlib.suppress(httpx.HTTPError):
            headers = {"Idempotency-Key": key}
            answer = httpx.post(url, json=body, headers=headers, timeout=20, trust_env=False)
            assert answer.status_code < 300, answer.text
            return answer.json()
        return None


def started(forker):
    forker.stdin.write("\n")
    forker.stdin.flush()
    return int(forker.stdout.readline())


@pytest.mark.slow
@pytest.mark.parametrize("each_ledger_url", ["sqlite"], indirect=True)
def test_twenty_kills_lose_nothing_that_was_acknowledged(forker, each_ledger_url, an_exception):
    kill_and_check(FEW, forker, each_ledger_url, an_exception)


@pytest.mark.long
def test_two_hundred_kills_lose_nothing_on_either_database(forker, each_ledger_url, an_exception):
    kill_and_check(MANY, forker, each_ledger_url, an_exception)


def kill_and_check(campaign, forker, ledger_url, an_exception):
    """Post, kill at random moments, start again; then compare the ledger with the answers."""
    chance = random.Random(7)
    poster = Poster(int(forker.stdout.readline()), an_exception)
    process_id = started(forker)
    poster.thread.start()
    for _ in range(campaign.kills):
        enough = len(poster.acknowledged) + campaign.min_acknowledged
        end = time.monotonic() + 60
        while len(poster.acknowledged) < enough:
            assert time.monotonic() < end
            time.sleep(0.002)
        time.sleep(chance.random() * 0.02)
        os.kill(process_id, signal.SIGKILL)
        process_id = started(forker)
    poster.is_done = True
    poster.thread.join(timeout=60)
    os.kill(process_id, signal.SIGKILL)

    assert len(poster.acknowledged) >= campaign.kills * campaign.min_acknowledged
    check_ledger(ledger_url, poster)


def check_ledger(url, poster):
    """All that was acknowledged is there under its id, once; the file is whole."""
    ledger = Ledger.open(url)
    with ledger.reading() as connection:
        stored = dict(connection.execute(select(EXCEPTIONS.c.external_id, EXCEPTIONS.c.id)).all())
        created = select(func.count()).select_from(EVENTS).where(EVENTS.c.kind == "created")
        assert connection.execute(created).scalar_one() == len(stored)
        ended = select(EVENTS.c.exception_id).where(EVENTS.c.kind == "resolved")
        resolved = list(connection.execute(ended).scalars())
        answers = connection.execute(select(IDEMPOTENCY.c.key, IDEMPOTENCY.c.answer)).all()
        is_sqlite = connection.dialect.name == "sqlite"
        check = "pragma integrity_check" if is_sqlite else "select 'ok'"
        integrity = connection.exec_driver_sql(check).scalar_one()
    ledger.close()
    assert {name: stored.get(name) for name in poster.acknowledged} == poster.acknowledged
    assert len(resolved) == len(set(resolved))
    assert poster.resolved <= set(resolved)
    sent = {key: orjson.loads(text)["id"] for key, text in answers if key.startswith("send ")}
    assert sent == {f"send {name}": exception_id for name, exception_id in stored.items()}
    assert integrity == "ok"
