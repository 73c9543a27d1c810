"""People sign in, do what their role allows, and everything is by them."""

import re

import pytest

from data.domain import BadInputError, ConflictError
from data.ledger.access import SESSIONS
from data.ledger.action_log import all_actions
from data.settings import Settings
from serving.access.access import check_address
from serving.access.accounts import AccountRights, change_account, first_account, new_account
from serving.caller import CONSOLE
from serving.http.openapi import SESSION_COOKIE as COOKIE
from tests.serving.conftest import Client

PASSWORD = "correct horse battery"


@pytest.fixture
def person(guarded):
    """Sign in a person of a role; return their browser."""
    browsers = []

    def sign_in(name, role):
        service = guarded.app.state.service
        with service.ledger.writing() as connection:
            linked = new_account(connection, name, role, caller=CONSOLE, now_ms=service.clock())
        browser = Client(base_url=guarded.base_url, timeout=60)
        browsers.append(browser)
        answer = browser.post(f"/login/link/{linked.token}", data={"password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return browser

    yield sign_in
    for browser in browsers:
        browser.close()


@pytest.fixture
def exception_id(guarded, new_key, an_exception):
    header = new_key("score")
    return guarded.post("/v1/exceptions", json=an_exception(), headers=header).json()["id"]


def logged(client):
    with client.app.state.service.ledger.reading() as connection:
        return [(action.by, action.action) for action in all_actions(connection)]


def test_a_person_without_a_session_is_led_to_the_login_page_and_back(guarded, person):
    person("ana", "viewer")
    led = guarded.get("/stock?kind=order")
    assert (led.status_code, led.headers["location"]) == (303, "/login?next=/stock%3Fkind%3Dorder")
    form = guarded.get(led.headers["location"]).text
    assert 'value="/stock?kind=order"' in form
    fields = {"name": " Ana", "password": PASSWORD, "next": "/stock?kind=order"}
    signed_in = guarded.post("/login", data=fields)

    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/stock?kind=order")
    assert guarded.get("/stock").status_code == 200
    cookie = signed_in.headers["set-cookie"]
    assert all(word in cookie for word in (COOKIE, "HttpOnly", "SameSite=lax", "Path=/"))
    assert "Secure" not in cookie
    foreign = guarded.post("/login", data=fields | {"next": "//evil.example"})
    assert foreign.headers["location"] == "/"


def test_a_session_ends_with_its_hours_and_when_its_person_signs_out(guarded, person, clock):
    ana = person("ana", "viewer")
    assert ana.get("/v1/worklist").status_code == 200
    copied = {"Cookie": f"{COOKIE}={ana.cookies[COOKIE]}"}
    assert ana.post("/logout").headers["location"] == "/login"
    assert guarded.get("/v1/worklist", headers=copied).status_code == 401
    ana.post("/login", data={"name": "ana", "password": PASSWORD})
    assert ana.get("/v1/worklist").status_code == 200
    token = ana.cookies[COOKIE]
    clock.pass_hours(12)
    guarded.app.state.access.credentials.forget(token)

    assert ana.get("/v1/worklist").status_code == 401
    with guarded.app.state.service.ledger.reading() as connection:
        assert token not in {row.token_sha256 for row in connection.execute(SESSIONS.select())}


def test_what_a_role_may_not_do_is_refused(guarded, person, exception_id):
    viewer, operator, lead = (person(name, name) for name in ("viewer", "operator", "lead"))
    claim = f"/exceptions/{exception_id}/claim"
    by_script = {"HX-Request": "true"}

    assert viewer.get("/").status_code == 200
    assert viewer.post(claim, headers=by_script).status_code == 403
    assert operator.post(claim, headers=by_script).status_code == 200
    assert operator.get("/access").status_code == lead.get("/access").status_code == 403
    assert lead.post(f"/v1/exceptions/{exception_id}/resolve", json={}).status_code == 200
    assert person("chief", "admin").get("/access").status_code == 200


def test_an_action_on_a_page_is_by_who_signed_in(guarded, person, exception_id):
    ana = person("ana", "operator")
    page = ana.get(f"/exceptions/{exception_id}").text
    assert 'href="/account"' in page
    assert 'name="by"' not in page
    by_script = {"HX-Request": "true"}
    refused = ana.post(f"/exceptions/{exception_id}/resolve", data={"by": "ben"}, headers=by_script)
    ana.post(f"/exceptions/{exception_id}/resolve", data={"team": "fraud"}, headers=by_script)
    outcome = guarded.app.state.service.ledger.outcome(exception_id)

    assert refused.status_code == 403
    assert outcome.by == "ana"
    assert logged(guarded)[-3:] == [("ana", "set password"), ("ana", "sign in"), ("ana", "resolve")]


def test_passwords_are_not_guessed_at_the_speed_of_a_machine(guarded, person):
    person("ana", "viewer")
    wrong = {"name": "ana", "password": "incorrect horse"}
    answers = [guarded.post("/login", data=wrong).status_code for _ in range(11)]
    right = guarded.post("/login", data={"name": "ana", "password": PASSWORD})

    assert answers == [401] * 10 + [429]
    assert (right.status_code, "Too many attempts" in right.text) == (429, True)
    assert logged(guarded).count((None, "fail to sign in")) == 10


def test_failures_are_counted_over_processes_and_the_wait_doubles(guarded, person, running, clock):
    person("ana", "viewer")
    wrong = {"name": "ana", "password": "incorrect horse"}

    def fail(client):
        return client.post("/login", data=wrong)

    with running(access="accounts") as second:
        second.timeout = 60
        answers = [fail(each).status_code for each in (guarded, second) * 5]
        refused = [fail(second).status_code, fail(guarded).status_code]
        waits = []
        for _ in range(3):
            text = fail(guarded).text
            waits.append(int(re.search(r"again in (\d+) seconds", text)[1]))
            clock.ms += waits[-1] * 1_000
            assert fail(second).status_code == 401

    assert (answers, refused, waits) == ([401] * 10, [429] * 2, [1, 2, 4])


def test_nobody_outside_locks_a_person_out_of_their_own_browser(guarded, person):
    own = person("admin", "admin")
    own.post("/logout")
    wrong = {"name": "admin", "password": "incorrect horse"}
    answers = [guarded.post("/login", data=wrong).status_code for _ in range(12)]
    elsewhere = guarded.post("/login", data={"name": "admin", "password": PASSWORD})
    forged = {"Cookie": "expedite_device=abc.def"}
    by_forgery = guarded.post("/login", data=wrong, headers=forged)
    at_home = own.post("/login", data={"name": "admin", "password": PASSWORD})

    assert answers[-1] == elsewhere.status_code == by_forgery.status_code == 429
    assert at_home.status_code == 303


def test_a_link_works_once_and_a_new_password_ends_other_sessions(guarded, person, clock):
    with guarded.app.state.service.ledger.writing() as connection:
        token = new_account(connection, "ben", "viewer", caller=CONSOLE, now_ms=clock()).token
    url = f"/login/link/{token}"
    short = guarded.post(url, data={"password": "short"})
    assert (short.status_code, "12 to 200" in short.text) == (422, True)
    assert "password of ben" in guarded.get(url).text
    assert guarded.post(url, data={"password": PASSWORD}).status_code == 303
    assert guarded.get(url).status_code == 404
    elsewhere = {"Cookie": f"{COOKIE}={guarded.cookies[COOKIE]}"}
    change = {"present": PASSWORD, "password": f"{PASSWORD} staple"}
    assert guarded.post("/account/password", data=change | {"present": "x"}).status_code == 422
    assert guarded.post("/account/password", data=change).status_code == 303
    guarded.app.state.access.credentials.forget(elsewhere["Cookie"].partition("=")[2])

    with Client(base_url=guarded.base_url, timeout=60) as other:
        assert other.get("/v1/worklist", headers=elsewhere).status_code == 401
    assert guarded.get("/account").status_code == 200


def test_an_admin_adds_accounts_and_keys_on_the_page(guarded, person):
    chief = person("chief", "admin")
    added = chief.post("/access/accounts", data={"name": "Ana", "role": "operator"}).text
    link = re.search(r"http\S+(/login/link/[\w-]+)", added).group(1)
    assert "password of ana" in chief.get(link).text
    made = chief.post("/access/keys", data={"name": "oms", "scope_read": "yes", "days": "30"}).text
    token = re.search(r"exp_[\w-]{43}", made).group()
    header = {"Authorization": f"Bearer {token}"}
    assert guarded.get("/v1/worklist", headers=header).status_code == 200
    key_id = re.search(r"key_\w{26}", made).group()
    assert "exp_" in chief.post(f"/access/keys/{key_id}/rotate").text
    assert token not in chief.post(f"/access/keys/{key_id}/revoke").text
    closed = chief.post("/access/accounts/ana/change", data={"role": "viewer"}).text
    assert "closed" in closed
    last = chief.post("/access/accounts/chief/change", data={"role": "viewer", "is_open": "yes"})
    assert (last.status_code, "last admin" in last.text) == (409, True)
    lines = chief.get("/v1/actions").text.splitlines()
    assert "change account" not in lines[-1]
    assert '"close account"' in lines[-1]
    assert "close account" in chief.get("/actions").text
    assert token not in "".join(lines)


def test_the_first_start_makes_an_admin_and_a_link_until_one_can_sign_in(guarded, clock):
    service = guarded.app.state.service
    with service.ledger.writing() as connection:
        first = first_account(connection, caller=CONSOLE, now_ms=clock())
        again = first_account(connection, caller=CONSOLE, now_ms=clock())
        rights = AccountRights("viewer", is_active=True)
        with pytest.raises(ConflictError, match="last admin"):
            change_account(connection, "admin", rights, caller=CONSOLE, now_ms=clock())
    assert first.account.name == again.account.name == "admin"
    assert guarded.get(f"/login/link/{first.token}").status_code == 404, "a newer link replaced it"
    guarded.post(f"/login/link/{again.token}", data={"password": PASSWORD})
    assert guarded.get("/access").status_code == 200
    with service.ledger.writing() as connection:
        assert first_account(connection, caller=CONSOLE, now_ms=clock()) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "oms.example"])
def test_other_machines_reach_the_service_with_accounts_only(host):
    with pytest.raises(BadInputError, match="EXPEDITE_ACCESS=accounts"):
        check_address(Settings(host=host))
    check_address(Settings(host=host, access="accounts"))
    check_address(Settings(host="localhost"))
