"""Nothing foreign runs or is asked; all can be read, and by everyone."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ROWS = "#list tbody tr"


def test_the_page_without_a_script_shows_the_list_and_one_exception(client, two):
    page = client.get(f"/exceptions/{two[1]}").text
    assert (page.count('class="open"'), page.count('<article class="one"')) == (2, 1)


def test_a_file_of_the_page_may_be_kept_for_ever_since_its_address_names_its_content(client):
    address = re.search(r"/static/\w+/page\.css", client.get("/").text)

    assert "immutable" in client.get(address.group()).headers["Cache-Control"]
    assert client.get("/static/0/page.css").status_code == 404


def test_what_a_caller_sends_is_text_and_never_markup(page, client, tell, an_exception):
    nasty = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    order = {"order_number": nasty, "customer": {"segment": nasty}}
    tell(an_exception(nasty, message=nasty, order=order, type=nasty, attributes={nasty: nasty}))
    page.goto(str(client.base_url))
    page.click(".open")

    expect(page.locator("#panel .message")).to_have_text(nasty)
    assert page.evaluate("window.hacked") is None


def test_a_script_in_the_page_itself_would_not_run(page, client, complaints):
    page.goto(str(client.base_url))
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.hacked = 1";
        document.body.append(script);
    }""")

    assert page.evaluate("window.hacked") is None
    assert "Content Security Policy" in complaints.pop()


def test_nothing_is_asked_of_anyone_else(page, client, two):
    urls = []
    page.on("request", lambda request: urls.append(request.url))
    page.goto(str(client.base_url))
    page.click(".open >> nth=0")
    expect(page.locator("#panel h2")).to_be_visible()

    assert all(url.startswith(str(client.base_url)) for url in urls)


def test_on_a_phone_nothing_is_cut_off(page, client, two):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(str(client.base_url))

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.locator(f"{ROWS} .open").first).to_be_in_viewport()


def test_dark_is_dark(page, client, two):
    page.emulate_media(color_scheme="dark")
    page.goto(str(client.base_url))
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    assert colour == "rgb(15, 20, 26)"


def test_every_control_has_a_name(opened):
    opened.click(".resolve summary")
    nameless = opened.evaluate("""() => [...document.querySelectorAll("a, button, input, select")]
        .filter((one) => one.type !== "hidden" && one.checkVisibility())
        .filter((one) => !(one.innerText || one.ariaLabel || one.labels?.length))
        .map((one) => one.outerHTML)""")

    assert nameless == []


PERSON = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    "path", ["/exceptions/exc_00000000000000000000000000", "/nowhere", "/?at=x"]
)
def test_an_error_is_a_page_for_a_person_and_json_for_a_program(client, path):
    shown, told = client.get(path, headers=PERSON), client.get(path)

    assert shown.status_code == told.status_code >= 400
    assert shown.headers["Content-Type"].startswith("text/html")
    assert "To the work list" in shown.text
    assert told.headers["Content-Type"] == "application/problem+json"


def test_an_error_of_the_api_is_json_for_a_person_too(client):
    assert client.get("/v1/nowhere", headers=PERSON).json()["status"] == 404


def test_pages_are_compressed_and_the_api_is_not(client, two):
    packed = {"Accept-Encoding": "gzip"}

    assert client.get("/", headers=packed).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in client.get("/v1/worklist", headers=packed).headers


@pytest.mark.parametrize("address", ["/", "/demand", "/stock", "/promises"])
def test_every_page_has_one_heading_of_the_first_level(client, address):
    assert len(re.findall("<h1", client.get(address).text)) == 1


def test_the_title_names_the_exception_that_is_open(page, client, two):
    page.goto(f"{client.base_url}/exceptions/{two[0]}")
    expect(page).to_have_title(re.compile("Incorrect address · .+ · Expedite"))
    page.click(".close")
    expect(page).to_have_title("Work list · Expedite")
    page.click(".open >> nth=1")
    expect(page).to_have_title(re.compile("Fraud"))
