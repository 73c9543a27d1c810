"""People sign in at a real provider, a process of its own; its claims decide who they are."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from pydantic import SecretStr

from data.domain import BadInputError
from data.ledger.access import accounts
from data.settings import Settings
from serving.access.accounts import AccountRights, change_account, new_account
from serving.access.openid_connect import OpenIdProvider, ProviderError, SignInState
from serving.caller import CONSOLE
from serving.http.openapi import SESSION_COOKIE
from tests.serving.conftest import Client

PEOPLE = (
    {"sub": "u1", "preferred_username": "Ana", "groups": ["ops", "everybody"]},
    {"sub": "u2", "preferred_username": "ben", "groups": ["everybody"]},
    {"sub": "u3", "preferred_username": "lea", "groups": ["ops", "leads"]},
    {"sub": "u4", "preferred_username": "local", "groups": ["ops"]},
)
CALLBACK = "/login/openid/callback"


@pytest.fixture(scope="module")
def issuer():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    people = [part for person in PEOPLE for part in ("--user-claims", json.dumps(person))]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(
        [*command, *people, "--require-nonce", "true"],
        env=os.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 60
    while True:
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(f"{address}/.well-known/openid-configuration", trust_env=False)
            break
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.1)
    yield address
    process.kill()
    process.wait()


def terms(issuer):
    return {
        "openid_issuer": issuer,
        "openid_client_id": "expedite",
        "openid_client_secret": SecretStr("s3cret"),
        "openid_roles": "ops=operator, leads=lead",
    }


@pytest.fixture
def service(running, issuer):
    with running(access="accounts", **terms(issuer)) as client:
        client.timeout = 60
        yield client


@pytest.fixture
def browser(service):
    with Client(base_url=service.base_url, timeout=60) as browser:
        yield browser


def at_provider(browser, subject, target="/"):
    """Begin to sign in, and consent at the provider; return the address that leads back."""
    begun = browser.get("/login/openid", params={"next": target})
    assert begun.status_code == 303, begun.text
    back = httpx.post(begun.headers["location"], data={"sub": subject}, trust_env=False)
    assert back.status_code == 302, back.text
    return back.headers["location"]


def sign_in(browser, subject, target="/"):
    return browser.get(at_provider(browser, subject, target))


def stored(service):
    with service.app.state.service.ledger.reading() as connection:
        return {account.name: account for account in accounts(connection)}


def test_a_person_signs_in_and_gets_an_account_of_the_highest_role(service, browser):
    form = browser.get("/login?next=/stock").text
    assert "/login/openid?next=/stock" in form
    answer = sign_in(browser, "u1", "/stock")

    assert (answer.status_code, answer.headers["location"]) == (303, "/stock")
    assert {name: account.role for name, account in stored(service).items()} == {"ana": "operator"}
    assert browser.get("/account").status_code == 200
    with Client(base_url=service.base_url, timeout=60) as other:
        assert sign_in(other, "u3").status_code == 303
    assert stored(service)["lea"].role == "lead"


def test_the_request_carries_state_nonce_and_a_challenge_and_no_two_are_alike(browser):
    queries = []
    for _ in range(2):
        begun = browser.get("/login/openid")
        query = parse_qs(urlsplit(begun.headers["location"]).query)
        queries.append(query)
        assert query["code_challenge_method"] == ["S256"]
        assert query["scope"] == ["openid profile email"]
        cookie = begun.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
    for name in ("state", "nonce", "code_challenge"):
        assert queries[0][name] != queries[1][name]


def test_whom_no_group_lets_in_stays_outside(service, browser):
    answer = sign_in(browser, "u2")

    assert (answer.status_code, "has no group that may come in" in answer.text) == (502, True)
    assert stored(service) == {}
    assert SESSION_COOKIE not in browser.cookies


def test_an_answer_that_another_browser_began_signs_nobody_in(service, browser):
    address = at_provider(browser, "u1")
    with Client(base_url=service.base_url, timeout=60) as victim:
        assert victim.get(address).status_code == 403
        victim.get("/login/openid")
        refused = victim.get(address)
    wrong_code = browser.get(CALLBACK, params={"code": "x", "state": state_of(address)})

    assert (refused.status_code, "not begun in this browser" in refused.text) == (403, True)
    assert (wrong_code.status_code, "refuses the request" in wrong_code.text) == (502, True)
    assert SESSION_COOKIE not in browser.cookies
    assert stored(service) == {}


def state_of(address):
    return parse_qs(urlsplit(address).query)["state"][0]


def test_local_accounts_stay_and_are_never_taken_over(service, browser):
    ledger, clock = service.app.state.service.ledger, service.app.state.service.clock
    with ledger.writing() as connection:
        new_account(connection, "local", "admin", caller=CONSOLE, now_ms=clock())
    taken = sign_in(browser, "u4")
    assert (taken.status_code, "another account" in taken.text) == (403, True)

    assert sign_in(browser, "u1").status_code == 303
    with ledger.writing() as connection:
        rights = AccountRights("operator", is_active=False)
        change_account(connection, "ana", rights, caller=CONSOLE, now_ms=clock())
    closed = sign_in(browser, "u1")
    assert (closed.status_code, "is closed" in closed.text) == (403, True)


def test_a_provider_that_does_not_answer_is_said_on_the_page(running):
    with running(access="accounts", **terms("http://127.0.0.1:9")) as client:
        answer = client.get("/login/openid")
        assert (answer.status_code, "does not answer" in answer.text) == (502, True)
        assert "Password" in answer.text
        assert client.get("/readyz").status_code == 200


def test_without_a_provider_there_is_no_such_address(guarded):
    assert guarded.get("/login/openid").status_code == 404
    assert "/login/openid" not in guarded.get("/login").text


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"openid_issuer": "http://idp.example"}, "EXPEDITE_OPENID_ISSUER"),
        ({"openid_client_id": ""}, "EXPEDITE_OPENID_CLIENT_ID"),
        ({"openid_roles": "ops=chief"}, "EXPEDITE_OPENID_ROLES"),
    ],
)
def test_a_setting_that_can_not_be_used_is_named(changes, named):
    with pytest.raises(BadInputError, match=named):
        OpenIdProvider(Settings(**terms("https://idp.example") | changes))


KEY = RSAKey.generate_key(2048)
SIGN_IN = SignInState("state", "nonce", "verifier", "/")


def token(key=KEY, algorithm="RS256", **changes):
    now = int(time.time())
    claims = {
        "iss": "https://idp.example",
        "aud": "expedite",
        "sub": "u1",
        "exp": now + 600,
        "iat": now,
        "nonce": "nonce",
    }
    return jwt.encode({"alg": algorithm}, claims | changes, key, algorithms=[algorithm])


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "another service"},
        {"nonce": "of another sign-in"},
        {"exp": 1_000_000_000},
        {"key": RSAKey.generate_key(2048)},
        {"algorithm": "HS256", "key": OctKey.generate_key(256)},
    ],
)
def test_a_token_that_proves_nothing_is_refused(changes):
    provider = OpenIdProvider(Settings(**terms("https://idp.example")))
    keys = KeySet([KEY]).as_dict(private=False)
    assert provider._claims({"id_token": token()}, keys, SIGN_IN)["sub"] == "u1"
    with pytest.raises(ProviderError, match="proves nothing"):
        provider._claims({"id_token": token(**changes)}, keys, SIGN_IN)
