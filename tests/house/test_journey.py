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
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data.sources.synthetic.causes import CAUSES
from data.sources.synthetic.texts import TEMPLATES

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


def answer(address: str | urllib.request.Request) -> bytes:
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


PLACES = {
    "en": {"city": "Boston", "carrier": "swiftbird", "site": "hamburg"},
    "de": {"city": "Berlin", "carrier": "greenvan", "site": "hamburg"},
    "pt": {"city": "Lisboa", "carrier": "rapido", "site": "porto"},
    "zh": {"city": "上海", "carrier": "lotus_express", "site": "ningbo"},
}
USUAL = {"order": "#19920", "sku": "BOO-0247", "gateway": "cardhub", "amount": "184.90 EUR",
         "days": "4", "units": "3"}  # fmt: skip
STREET_NOT_FOUND = 3


def usual_type(cause: str) -> str:
    types = CAUSES[cause].types
    return max(types, key=lambda name: types[name])


def clear_messages() -> list[dict[str, str]]:
    """Write each message that the shop has for a cause, raised as the cause's usual type."""
    return [
        {
            "cause": cause,
            "type": usual_type(cause),
            "message": text.format(**USUAL, **PLACES[language]),
            "is_street": str(cause == "address" and number == STREET_NOT_FOUND),
        }
        for language in PLACES
        for cause in CAUSES
        for number, text in enumerate(TEMPLATES[language][cause])
    ]


@pytest.mark.slow
def test_clear_words_in_any_language_name_the_cause_in_the_demo(demo):
    _, address = demo
    messages = clear_messages()
    exceptions = [
        {"external_id": f"words-{i}", "source": "test", "type": message["type"],
         "message": message["message"], "detected_at": datetime.now(UTC).isoformat()}
        for i, message in enumerate(messages)
    ]  # fmt: skip
    body = json.dumps({"exceptions": exceptions}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/v1/score", body, headers)
    results = json.loads(answer(request))["results"]
    rows = [m | r["category"] for m, r in zip(messages, results, strict=True)]

    assert sum(row["label"] == row["cause"] for row in rows) >= 0.9 * len(rows)
    for row in rows:
        if row["is_street"] == "True":
            assert row["label"] == "address", row
            assert row["probability"] >= 0.8, row


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
