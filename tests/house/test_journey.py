"""`make demo`, as a newcomer runs it: from nothing to a ranked page, ended by Ctrl-C."""

import json
import os
import re
import signal
import subprocess
import sys
import time
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
def test_the_demo_has_promises_that_are_kept_and_one_that_was_withdrawn(demo):
    _, address = demo
    promises = json.loads(answer(f"{address}/v1/promises"))["promises"]
    by_state = {
        state: [promise for promise in promises if promise["state"] == state]
        for state in ("kept", "suspended")
    }

    assert any(promise["audits"]["n"] for promise in by_state["kept"])
    carrier = next(promise for promise in by_state["suspended"] if promise["name"] == "carrier")
    assert carrier["label"] == "category"
    assert carrier["by"] is None, "its audits withdrew it"
    assert carrier["audits"]["wealth"] >= carrier["audits"]["limit"]
    assert carrier["audits"]["wrong"] / carrier["audits"]["n"] > carrier["promised_error"]


@pytest.mark.slow
def test_the_pages_of_the_demo_show_what_became_of_promises(demo):
    _, address = demo
    promises, worklist = (answer(f"{address}{path}").decode() for path in ("/promises", "/"))

    assert "set without asking" in promises
    assert "Withdrawn by its checks" in promises
    assert "set without asking." in worklist
    assert re.search(
        r"withdrawn</strong> category <a[^>]*>carrier</a>: people decide again", worklist
    )


@pytest.mark.slow
def test_a_burst_is_found_in_the_demo_and_is_one_row_of_its_work_list(demo):
    _, address = demo
    messages: list[str] = []
    for _attempt in range(30):
        rows = json.loads(answer(f"{address}/v1/worklist"))["rows"]
        messages = [row["message"] for row in rows if row.get("kind") == "incident"]
        if any("gateway banklink" in message for message in messages):
            break
        time.sleep(1)

    assert any("gateway banklink" in message for message in messages)
    assert "Gateway banklink" in answer(f"{address}/").decode()


@pytest.mark.slow
def test_ctrl_c_ends_the_demo_cleanly(demo):
    process, _ = demo
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=30) == 0
