"""`python -m serving` as a process: starts, prints its address, survives a kill, stops cleanly."""

import contextlib
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from serving.__main__ import main
from tests.serving.conftest import client_of

ROOT = Path(__file__).parents[2]


def test_a_kill_amid_writes_keeps_all_that_was_answered(start, an_exception):
    process, address = start()
    accepted = {}

    def post():
        with client_of(address) as client, contextlib.suppress(httpx.HTTPError):
            for i in range(10_000):
                answer = client.post("/v1/exceptions", json=an_exception(f"PE-{i}")).json()
                accepted[answer["external_id"]] = answer["id"]
                if i == 5:
                    client.post(f"/v1/exceptions/{answer['id']}/resolve", json={"team": "fraud"})

    poster = threading.Thread(target=post)
    poster.start()
    while len(accepted) < 40 and poster.is_alive():
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    poster.join()
    _, address = start()
    with client_of(address) as client:
        rows = client.get("/v1/worklist?limit=500").json()["rows"]
        ended = client.get(f"/v1/exceptions/{accepted['PE-5']}").json()

    assert set(accepted) - {"PE-5"} <= {row["external_id"] for row in rows}
    assert ended["outcome"]["team"] == "fraud"


def test_an_interrupt_ends_it_cleanly(start):
    process, address = start()
    with client_of(address) as client:
        client.get("/livez")
    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=30) in (0, -signal.SIGINT)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"EXPEDITE_PORT": "many"}, "EXPEDITE_PORT: "),
        ({"EXPEDITE_HOST": "0.0.0.0"}, "EXPEDITE_HOST: 0.0.0.0 can be reached"),
        ({"EXPEDITE_POLICY": "none.toml"}, "none.toml: no such file"),
        ({"EXPEDITE_DATABASE_URL": "nonsense"}, "EXPEDITE_DATABASE_URL: not usable"),
    ],
)
def test_a_setting_that_can_not_be_used_is_named_in_one_line(monkeypatch, wrong, named):
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit, match=f"^{named}"):
        main()
