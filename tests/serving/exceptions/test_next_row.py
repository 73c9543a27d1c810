"""The next row: the best that is free goes to who asks."""

from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def next_of(client):
    def ask(by, **team):
        return client.post("/v1/worklist/next", json={"by": by, **team}).json()["row"]

    return ask


@pytest.fixture
def three(client, an_exception):
    """Three open exceptions, of which one is lost; their ids as ranked."""
    for name, due_at in (("a", "2026-03-01T13:00:00Z"), ("b", "2026-03-02T13:00:00Z")):
        client.post("/v1/exceptions", json=an_exception(name, due_at=due_at))
    client.post("/v1/exceptions", json=an_exception("lost", due_at="2026-01-20T13:00:00Z"))
    return [row["id"] for row in client.get("/v1/worklist").json()["rows"]]


def test_the_first_free_row_is_claimed_by_who_asks(next_of, three):
    row = next_of("ana")

    assert (row["id"], row["claimed_by"]) == (three[0], "ana")


def test_who_asks_again_gets_another_row_and_what_is_lost_is_not_handed_out(next_of, three):
    handed_out = [next_of(by) for by in ("ana", "ana", "ben")]

    assert [row and row["id"] for row in handed_out] == [three[0], three[1], None]


def test_only_rows_of_the_team_are_handed_out(next_of, three):
    assert next_of("ana", team="nobody") is None


def test_two_who_ask_at_once_get_two_rows(next_of, three):
    with ThreadPoolExecutor(2) as pool:
        ids = [row["id"] for row in pool.map(next_of, ("ana", "ben"))]

    assert sorted(ids) == sorted(three[:2])


def test_a_note_on_how_it_was_solved_is_in_the_history(client, three):
    outcome = {"category": "incorrect_address", "note": "The customer gave the number.", "by": "a"}
    client.post(f"/v1/exceptions/{three[0]}/resolve", json=outcome)

    last = client.get(f"/v1/exceptions/{three[0]}").json()["history"][-1]
    assert last["note"] == "The customer gave the number."
