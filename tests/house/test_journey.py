"""`make demo`, as a newcomer runs it: from nothing to a ranked page, ended by Ctrl-C."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 240


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The demo, run in a folder of its own, and the address that it prints."""
    folder = tmp_path_factory.mktemp("demo")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "training.demo"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: list[str] = []
    for line in process.stdout or ():
        said.append(line)
        found = re.search(r"ranked page is at (http\S+)/", line)
        if found:
            yield process, found.group(1)
            break
    else:
        pytest.fail("the demo ended:\n" + "".join(said[-30:]))
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()


def answer(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as response:
        return response.read()


@pytest.mark.slow
def test_the_demo_serves_a_work_list_ranked_by_its_champion(demo):
    _, address = demo
    worklist = json.loads(answer(f"{address}/v1/worklist"))
    assert worklist["degraded"] is False
    assert worklist["total"] > 0
    assert all(row["score"] is not None for row in worklist["rows"])


@pytest.mark.slow
def test_the_demo_shows_the_page(demo):
    _, address = demo
    assert b"Expedite" in answer(f"{address}/")


@pytest.mark.slow
def test_the_demo_forecasts_demand(demo):
    _, address = demo
    total = json.loads(answer(f"{address}/v1/forecasts?aggregate=total"))
    assert total["stale"] is False
    assert sum(total["forecasts"][0]["mean"]) > 0


@pytest.mark.slow
def test_ctrl_c_ends_the_demo_cleanly(demo):
    process, _ = demo
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=30) == 0
