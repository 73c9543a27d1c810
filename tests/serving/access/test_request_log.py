"""Each request is one line of the log, with who called and no secret; its id is in the answer."""

import io
import logging
import socket
import time

import orjson
import pytest

from serving.access.accounts import new_account
from serving.caller import CONSOLE
from serving.http.openapi import SESSION_COOKIE
from serving.telemetry.log_format import JsonFormatter

PASSWORD = "correct horse battery"


@pytest.fixture
def log(guarded):
    """Return what reads the lines that were logged from now on, at the level debug."""
    written = io.StringIO()
    handler, root = logging.StreamHandler(written), logging.getLogger()
    handler.setFormatter(JsonFormatter())
    # The calls of the test are made in this process, too: what their client logs is no log of ours.
    handler.addFilter(lambda record: not record.name.startswith(("httpx", "httpcore")))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: [orjson.loads(line) for line in written.getvalue().splitlines()]
    root.setLevel(level)
    root.removeHandler(handler)


def requests_of(log):
    return [line for line in log() if line["logger"] == "expedite.requests"]


def test_a_request_is_one_line_with_who_called(guarded, new_key, log):
    header = new_key("read", name="oms")
    answer = guarded.get("/v1/worklist?limit=3", headers=header | {"X-Request-ID": "oms-17"})
    problem = guarded.get(
        f"/v1/exceptions/exc_{'0' * 26}", headers=header | {"X-Request-ID": "a b" * 99}
    )
    nowhere = guarded.get("/v1/nowhere", headers=header)
    found, missing, unrouted = requests_of(log)

    assert answer.headers["x-request-id"] == found["request_id"] == "oms-17"
    names = ("method", "route", "status", "caller", "credential", "degraded", "level")
    assert tuple(found[name] for name in names) == (
        *("GET", "/v1/worklist", 200, "oms", "key", False, "info"),
    )
    assert 0 < found["ms"] < 60_000
    assert problem.json()["request_id"] == problem.headers["x-request-id"] == missing["request_id"]
    assert len(missing["request_id"]) == 32
    assert (missing["route"], missing["status"]) == ("/v1/exceptions/{exception_id}", 404)
    assert (unrouted["route"], unrouted["caller"]) == ("none", None)
    assert nowhere.headers["x-request-id"] != problem.headers["x-request-id"]


def test_no_secret_is_in_any_line(guarded, new_key, log):
    header = new_key("read", "operate")
    token = header["Authorization"].split()[1]
    service = guarded.app.state.service
    with service.ledger.writing() as connection:
        linked = new_account(connection, "ana", "lead", caller=CONSOLE, now_ms=service.clock())
    guarded.get("/v1/worklist", headers=header)
    guarded.get("/v1/worklist", headers={"Authorization": f"Bearer {token}wrong"})
    guarded.get(f"/login/link/{linked.token}")
    guarded.post(f"/login/link/{linked.token}", data={"password": PASSWORD})
    session = guarded.cookies[SESSION_COOKIE]
    guarded.post("/login", data={"name": "ana", "password": f"{PASSWORD}, wrong"})
    guarded.get(f"/stock?key={token}")
    text = orjson.dumps(log()).decode()
    routes = {line["route"] for line in requests_of(log)}

    secrets = {"key": token, "link": linked.token, "password": PASSWORD, "session": session}
    assert {name for name, secret in secrets.items() if secret in text} == set()
    assert {"/v1/worklist", "/login/link/{token}", "/login", "/stock"} <= routes
    assert {line["caller"] for line in requests_of(log)} == {None, "oms", "ana"}


def test_a_client_that_hangs_up_leaves_one_line_and_no_traceback(guarded, new_key, log):
    key = new_key("score")["Authorization"]
    head = (
        f"POST /v1/score HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {key}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"
    )
    with socket.create_connection((guarded.base_url.host, guarded.base_url.port)) as caller:
        caller.sendall(head.encode())
        time.sleep(0.2)
    until = time.monotonic() + 10
    while not requests_of(log) and time.monotonic() < until:
        time.sleep(0.01)

    assert [(line["route"], line["status"]) for line in requests_of(log)] == [("/v1/score", 499)]
    assert [line for line in log() if "exception" in line or line["level"] == "error"] == []
