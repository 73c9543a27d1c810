"""Incidents and claims on the page."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ROWS = "#list tbody tr[data-id]"


@pytest.fixture
def ten(incidents, burst):
    """The ids of a burst of ten that has come up."""
    ids = incidents.post(burst(10))
    incidents.wait_for(members=10)
    return ids


@pytest.fixture
def incident(client, ten, page):
    """The page with the incident open."""
    page.goto(str(client.base_url))
    page.click(".incident .open")
    expect(page.locator("#panel h2")).to_contain_text("Carrier dhl")
    return page


def test_a_burst_is_one_row_and_its_panel_tells_cause_arrivals_and_members(incident):
    expect(incident.locator(ROWS)).to_have_count(1)
    expect(incident.locator("#panel .message").first).to_contain_text("carrier dhl, since")
    expect(incident.locator(".arrivals rect").first).to_be_visible()
    expect(incident.locator(".members [name=members]")).to_have_count(10)


def test_a_claim_shows_in_the_row_and_is_let_go_of(incident, incidents):
    incident.fill("#claim [name=by]", "ana")
    incident.click("#claim >> text=Claim")
    expect(incident.locator(f"{ROWS} .mark.claimed")).to_have_text("ana")

    incident.click("text=Release")
    expect(incident.locator(f"{ROWS} .mark.claimed")).to_have_count(0)


def test_who_claimed_before_need_not_tell_the_name_again(incident):
    incident.fill("#claim [name=by]", "ana")
    incident.click("#claim >> text=Claim")
    expect(incident.locator("#claim")).to_contain_text("ana has it until")

    expect(incident.locator("#claim [name=by]")).to_have_value("ana")
    expect(incident.locator("#resolve [name=by]")).to_have_value("ana")


def test_what_another_has_is_told_in_the_panel(incident, incidents, complaints):
    url = f"/v1/incidents/{incidents.rows()[0]['id']}/claim"
    incidents.client.post(url, json={"by": "ben"})
    incident.fill("#claim [name=by]", "ana")
    incident.click("#claim >> text=Claim")

    expect(incident.locator("#claim .form-problem")).to_contain_text("'ben' has it until")
    complaints.clear()


def test_one_form_resolves_all_members(incident, incidents, ten):
    incident.click(".resolve summary")
    incident.fill("#resolve [name=touch_minutes]", "50")
    incident.click("text=Resolve all members")

    expect(incident.locator("#panel h2")).to_have_text("Resolved")
    expect(incident.locator(ROWS)).to_have_count(0)
    outcome = incidents.client.get(f"/v1/exceptions/{ten[0]}").json()["outcome"]
    assert (outcome["touch_minutes"], outcome["category"]) == (5.0, "incorrect_address")


def test_chosen_members_are_split_off(incident):
    incident.fill("#claim [name=by]", "ana")
    incident.check("[name=members] >> nth=0")
    incident.click("text=Split the chosen off")

    expect(incident.locator(ROWS)).to_have_count(2)
    expect(incident.locator("[name=members]")).to_have_count(9)


def test_what_is_no_incident_is_taken_apart(incident):
    incident.fill("#claim [name=by]", "ana")
    incident.on("dialog", lambda dialog: dialog.accept())
    incident.click("text=It is no incident")

    expect(incident.locator(ROWS)).to_have_count(10)


def test_an_exception_leads_to_its_incident(client, ten, page):
    page.goto(f"{client.base_url}/exceptions/{ten[0]}")
    page.click("text=the incident")

    expect(page.locator("#panel h2")).to_contain_text("Carrier dhl")


def test_a_narrow_screen_shows_the_incident_whole(client, ten, page):
    page.set_viewport_size({"width": 400, "height": 860})
    page.goto(str(client.base_url))
    page.click(".incident .open")

    expect(page.locator("#panel h2")).to_contain_text("Carrier dhl")
    wide = page.evaluate("document.querySelector('#panel').scrollWidth")
    assert wide <= 400


def test_forms_of_another_site_do_nothing(client, incidents, ten):
    url = f"/incidents/{incidents.rows()[0]['id']}"
    for action in ("claim", "release", "resolve", "split"):
        assert client.post(f"{url}/{action}", data={"by": "x"}).status_code == 403
