"""The page in a real browser, against a real server."""

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def browser(chromium):
    # Of this file alone: as long as it lives, no other test may run an event loop of its own.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints():
    """Complaints of the browser; none unless a test expects some."""
    return []


SERVICES = {"client", "without_champion", "demand_client", "stock_client", "stocked", "on_shift"}


@pytest.fixture
def page(browser: Browser, complaints, request: pytest.FixtureRequest):
    for name in SERVICES.intersection(request.fixturenames):
        # Ended after the page is closed, which calls it by itself.
        request.getfixturevalue(name)
    with browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
        yield page
    assert complaints == []


@pytest.fixture
def tell(client, an_exception):
    """Post exceptions; return their ids."""

    def tell(*exceptions):
        answer = client.post("/v1/exceptions", json={"exceptions": list(exceptions)}).json()
        assert answer["refused"] == 0, answer
        return [result["id"] for result in answer["results"]]

    return tell


@pytest.fixture
def two(tell, an_exception):
    """An address that is due soon, above a fraud that is not."""
    return tell(
        an_exception("A-1", due_at="2026-03-01T12:40:00Z"),
        an_exception("F-1", type="fraud_risk", message="Risk score above limit", order=None),
    )


@pytest.fixture
def opened(client, two, page: Page):
    """The page with its first row open."""
    page.goto(str(client.base_url))
    page.click(".open >> nth=0")
    expect(page.locator("#panel h2")).to_contain_text("Incorrect address")
    return page
