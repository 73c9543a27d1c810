"""The work list says how much is set without asking, and which promises were withdrawn."""

import re

ADDRESS = {"label": "category", "name": "incorrect_address", "by": "ana", "reason": "a new form"}


def words_of(client, path="/"):
    text = re.sub(r"<[^>]+>", " ", client.get(path).text)
    return re.sub(r"\s+", " ", text)


def test_the_work_list_says_how_many_labels_are_set_without_asking(client):
    assert "2 labels are set without asking." in words_of(client)


def test_the_work_list_names_a_promise_that_was_withdrawn(client):
    assert "withdrawn" not in words_of(client)

    client.post("/v1/promises/suspend", json=ADDRESS)

    shown = words_of(client)
    assert "1 label is set without asking." in shown
    assert "withdrawn category incorrect address : people decide again." in shown


def test_a_promise_given_again_is_counted_again(client, clock):
    client.post("/v1/promises/suspend", json=ADDRESS)
    clock.pass_hours(1)
    client.post("/v1/promises/lift", json=ADDRESS)

    assert "2 labels are set without asking." in words_of(client)


def test_a_row_that_is_set_without_asking_is_marked_so(posted, client, an_exception):
    posted(client, an_exception("sure"))
    posted(client, an_exception("unsure", type="fraud_risk"))

    page = client.get("/").text
    assert page.count('class="mark auto"') == 1
    assert "no more than 5 % of such are wrong" in page


def test_without_a_champion_nothing_is_said_of_promises(without_champion):
    assert 'id="promises"' not in without_champion.get("/").text


def test_the_page_says_that_each_label_is_promised_on_its_own(client):
    assert "Each label is promised on its own" in words_of(client, "/promises")
