"""Limits of connections and calls, on a real server with an application that answers when told."""

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from functools import partial

import httpx
import pytest
import uvicorn

from serving.http import connections
from serving.http.connections import BoundedProtocol, ConnectionLimits, ConnectionState

LARGE_ANSWER = 30_000_000


class SlowApp:
    """Answers at once; `/slow` when it may."""

    def __init__(self):
        self.may_answer = threading.Event()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        while scope["path"] == "/slow" and not self.may_answer.is_set():
            await asyncio.sleep(0.005)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        size = LARGE_ANSWER if scope["path"] == "/large" else 0
        await send({"type": "http.response.body", "body": bytes(size)})


@contextmanager
def served(app, **limits):
    state = ConnectionState(ConnectionLimits(**{"connections": 100, "calls": 100} | limits))
    http = partial(BoundedProtocol, state=state)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=http, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield listening.getsockname(), state
    finally:
        app.may_answer.set()
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture
def app():
    return SlowApp()


def client_of(address):
    return httpx.Client(base_url=f"http://{address[0]}:{address[1]}", timeout=20)


def eventually(check):
    end = time.monotonic() + 20
    while not check():
        assert time.monotonic() < end
        time.sleep(0.01)


def half_sent(address, text=b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab"):
    connection = socket.create_connection(address, timeout=20)
    connection.sendall(text)
    return connection


def test_a_call_beyond_the_limit_is_refused_at_once_and_health_is_not(app):
    with served(app, calls=2) as (address, state), client_of(address) as client:
        slow = [threading.Thread(target=client.get, args=("/slow",)) for _ in range(2)]
        for call in slow:
            call.start()
        eventually(lambda: state.calls.waiting == 2)
        refused = client.post("/", content=b"body")
        health = client.get("/readyz")
        app.may_answer.set()
        for call in slow:
            call.join()
        after = client.get("/")

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.json()["status"] == 429
    assert (health.status_code, after.status_code, state.calls.waiting) == (200, 200, 0)


@pytest.mark.parametrize("text", [b"", b"GET / HTTP/1.1\r\nhost: a\r\n"])
def test_headers_that_do_not_arrive_are_not_waited_for(app, monkeypatch, text):
    monkeypatch.setattr(connections, "MAX_HEADER_SECONDS", 0.2)
    with served(app) as (address, state), half_sent(address, text) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")
        assert connection.recv(1000) == b""
        eventually(lambda: not state.partial)


def test_a_body_that_does_not_arrive_is_not_waited_for(app, monkeypatch):
    monkeypatch.setattr(connections, "MAX_BODY_SECONDS", 0.2)
    with served(app) as (address, state), half_sent(address) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")
        assert connection.recv(1000) == b""
        eventually(lambda: state.calls.waiting == 0)


def test_a_large_body_that_comes_in_parts_is_read(app):
    with served(app) as (address, state), client_of(address) as client:
        answer = client.post("/", content=(bytes(50_000) for _ in range(10)))
        another = client.post("/", content=bytes(3_000_000))
        assert (answer.status_code, another.status_code) == (200, 200)
        assert state.calls.waiting == 0


def test_a_slow_answer_is_waited_for(app, monkeypatch):
    monkeypatch.setattr(connections, "MAX_BODY_SECONDS", 0.05)
    with served(app) as (address, state), client_of(address) as client:
        threading.Timer(0.3, app.may_answer.set).start()

        assert client.post("/slow", content=b"body").status_code == 200
        assert not state.partial


@pytest.mark.parametrize("limits", [{"connections": 20}, {"calls": 5}])
def test_many_half_sent_requests_leave_room_for_others(app, limits):
    with served(app, **limits) as (address, state):
        slow = [half_sent(address) for _ in range(60)]
        with client_of(address) as client:
            statuses = [client.get("/").status_code for _ in range(3)]
        assert statuses == [200, 200, 200]
        assert len(state.partial) <= limits.get("connections", 60)
        for connection in slow:
            connection.close()
        eventually(lambda: state.calls.waiting == 0)


def test_who_does_not_read_an_answer_is_let_go(app, monkeypatch):
    monkeypatch.setattr(connections, "MAX_UNREAD_SECONDS", 0.3)
    request = b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n"
    with served(app) as (address, _), half_sent(address, request) as connection:
        time.sleep(1)
        received = 0
        while data := connection.recv(1_000_000):
            received += len(data)
        assert 0 < received < LARGE_ANSWER


def test_of_too_many_connections_an_idle_one_makes_room(app):
    with served(app, connections=2) as (address, state):
        with client_of(address) as first, client_of(address) as second:
            assert (first.get("/").status_code, second.get("/").status_code) == (200, 200)
            eventually(lambda: len(state.idle) == 2)
            with client_of(address) as third:
                assert third.get("/").status_code == 200
            assert second.get("/").status_code == 200
        eventually(lambda: not state.idle)
