"""Pages of other sites, foreign names and bodies that are no JSON reach no route."""

import re
import socket

import pytest

from data.settings import Settings
from serving.http.request_guard import allowed_hosts

JSON = {"Content-Type": "application/json"}
OWN_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.fixture
def url(client, an_exception):
    """The address of an open exception."""
    return f"/v1/exceptions/{client.post('/v1/exceptions', json=an_exception()).json()['id']}"


def test_a_call_without_a_body_needs_no_mark(client, url):
    answers = [client.post(path) for path in (f"{url}/claim", f"{url}/resolve", "/v1/score")]
    marked = client.post(f"{url}/claim", headers={"Content-Type": "text/plain"})

    assert [answer.status_code for answer in answers] == [422, 400, 400]
    assert [flaw["pointer"] for flaw in answers[0].json()["errors"]] == ["/by"]
    assert marked.status_code == 415


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_body_that_is_not_marked_as_json_closes_nothing(client, url, kind):
    headers = {} if kind is None else {"Content-Type": kind}
    refused = client.post(f"{url}/resolve", content=b'{"team": "fraud"}', headers=headers)

    assert (refused.status_code, refused.headers["accept"]) == (415, "application/json")
    assert refused.headers["content-type"] == "application/problem+json"
    assert client.get(url).json()["outcome"] is None


def test_json_may_name_its_encoding_and_its_kind(client, an_exception):
    for kind in ("application/json; charset=utf-8", "application/cloudevents+json"):
        answer = client.post("/v1/score", json=an_exception(), headers={"Content-Type": kind})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"HX-Request": "true", "Origin": "https://evil.example"},
    ],
)
def test_a_page_of_another_site_changes_nothing(client, url, headers):
    exception_id = url.rpartition("/")[2]
    for path in (f"{url}/resolve", f"/exceptions/{exception_id}/resolve"):
        refused = client.post(path, content=b"{}", headers=JSON | headers)
        assert (refused.status_code, refused.json()["title"]) == (403, "Forbidden")
    assert client.get(url).json()["outcome"] is None


def test_a_page_of_ours_and_a_program_are_let_in(client, url):
    origin = {"Origin": str(client.base_url).rstrip("/")}
    for headers in (origin, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {}):
        assert client.post(f"{url}/claim", json={"by": "ana"}, headers=headers).status_code == 200


def test_a_call_by_a_foreign_name_is_refused(client):
    for path in ("/", "/v1/worklist", "/openapi.json"):
        refused = client.get(path, headers={"Host": "evil.example"})
        assert (refused.status_code, "EXPEDITE_ALLOWED_HOSTS" in refused.text) == (421, True)
    assert client.get("/livez", headers={"Host": "10.0.0.7:8000"}).status_code == 200


def test_names_of_the_settings_are_names_of_the_service(running):
    with running(allowed_hosts="oms.example, Expedite.Example") as client:
        for host in ("oms.example", "expedite.example:8443", "LOCALHOST"):
            assert client.get("/v1/worklist", headers={"Host": host}).status_code == 200


def test_an_address_of_ipv6_is_written_as_in_a_call():
    assert "[fd00::1]" in allowed_hosts(Settings(host="fd00::1"))


def test_a_call_without_a_host_is_refused(client):
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        connection.sendall(b"GET /v1/worklist HTTP/1.0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 421")


@pytest.mark.parametrize(
    "path", ["/", "/v1/worklist", "/livez", "/nothing", "/v1/worklist?limit=x", "/metrics"]
)
def test_every_answer_carries_the_headers_of_security(client, path):
    headers = client.get(path).headers

    assert OWN_HEADERS.items() <= dict(headers).items()
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "'unsafe-inline'" not in headers["content-security-policy"]
    assert "strict-transport-security" not in headers


def test_health_tells_a_stranger_neither_paths_nor_versions(client, settings, without_champion):
    for path in ("/livez", "/readyz"):
        for answer in (client.get(path), without_champion.get(path)):
            assert answer.status_code == 200
            assert not re.search(r"/|\d", answer.text), answer.text
    assert str(settings.mlruns) not in client.get("/readyz").text
    assert client.get("/v1/health").json()["model_version"] == "7"
