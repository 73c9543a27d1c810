"""`GET /v1/worklist`, and the list in memory behind it."""

import asyncio
import json
from dataclasses import replace

import pytest

from data.policy.policy import Policy
from data.ticks import MS_PER_MINUTE
from serving.live_list.claim_board import ClaimBoard
from serving.live_list.open_row import ReadRow
from serving.live_list.snapshot import SnapshotFilters
from serving.live_list.worklist import Worklist
from serving.scoring.scorer import judge
from serving.wire.errors import BadPayloadError
from serving.wire.exception_in import exception
from tests.serving.conftest import Clock

NOON_MS = 1_772_366_400_000


@pytest.fixture
def fill(client, an_exception):
    def fill(*exceptions):
        answer = client.post("/v1/exceptions", json={"exceptions": list(exceptions)}).json()
        assert answer["refused"] == 0

    return fill


def listed(client, **parameters):
    rows = client.get("/v1/worklist", params=parameters).json()["rows"]
    return [row["external_id"] for row in rows]


def test_the_nearer_deadline_of_equals_stands_first(client, fill, an_exception):
    fill(
        an_exception("far", due_at="2026-03-03T12:00:00Z"),
        an_exception("near", due_at="2026-03-01T12:30:00Z"),
    )

    assert listed(client) == ["near", "far"]


def test_work_that_is_lost_goes_last(client, fill, an_exception):
    fill(
        an_exception("lost", due_at="2026-02-01T11:59:00Z"),
        an_exception("far", due_at="2026-03-09T12:00:00Z"),
    )

    assert listed(client) == ["far", "lost"]


def test_the_list_ranks_anew_as_time_passes_without_a_new_score(client, fill, an_exception, clock):
    fill(
        an_exception("soon lost", due_at="2026-03-01T12:30:00Z"),
        an_exception("later", due_at="2026-03-01T16:00:00Z"),
    )
    before = listed(client)
    clock.pass_hours(1)

    assert (before, listed(client)) == (["soon lost", "later"], ["later", "soon lost"])


def test_the_list_is_filtered_by_team(client, fill, an_exception):
    fill(an_exception("a"), an_exception("f", type="fraud_risk"))

    assert listed(client, team="fraud") == ["f"]


def test_the_list_is_filtered_by_category(client, fill, an_exception):
    fill(an_exception("a"), an_exception("f", type="fraud_risk"))

    assert listed(client, category="incorrect_address") == ["a"]


def test_a_filtered_row_keeps_its_rank_among_all(client, fill, an_exception):
    soon, late = "2026-03-01T12:30:00Z", "2026-03-05T12:00:00Z"
    fill(an_exception("a", due_at=soon), an_exception("f", type="fraud_risk", due_at=late))

    assert client.get("/v1/worklist?team=fraud").json()["rows"][0]["rank"] == 2


def test_paging_shows_every_row_once_even_while_rows_come_in(client, fill, an_exception, clock):
    fill(*[an_exception(f"{i:02}") for i in range(25)])
    names, cursor = [], {}
    while cursor is not None:
        page = client.get("/v1/worklist", params={"limit": 10} | cursor).json()
        names += [row["external_id"] for row in page["rows"]]
        following = page["next_cursor"]
        cursor = {"cursor": following} if following else None
        clock.pass_hours(0.5)
        fill(an_exception(f"new {len(names)}", due_at="2026-03-01T14:30:00Z"))

    assert sorted(names) == [f"{i:02}" for i in range(25)]


def test_rows_alike_stand_in_the_order_of_their_ids(client, fill, an_exception):
    fill(*[an_exception(f"{i}") for i in range(8)])

    ids = [row["id"] for row in client.get("/v1/worklist").json()["rows"]]

    assert ids == sorted(ids)


def test_a_foreign_cursor_is_refused(client):
    assert client.get("/v1/worklist?cursor=nonsense").status_code == 422


def test_without_a_champion_the_list_is_ranked_by_slack_and_says_so(without_champion, an_exception):
    for name, due in (("far", "2026-03-03T12:00:00Z"), ("near", "2026-03-01T13:00:00Z")):
        without_champion.post("/v1/exceptions", json=an_exception(name, due_at=due))

    assert listed(without_champion) == ["near", "far"]
    assert without_champion.get("/v1/worklist").json()["degraded"] is True


def test_a_row_says_what_an_operator_needs(client, fill, an_exception):
    fill(an_exception())

    row = client.get("/v1/worklist").json()["rows"][0]

    assert row["time_left"] == "PT4H0M"
    assert row["team"] == "addresses"
    assert row["category"]["label"] == "incorrect_address"
    assert row["money_at_stake"]["currency"] == "EUR"
    assert row["tier"] == "open"
    assert row["latest_safe_start_at"] is not None


@pytest.fixture
def a_row(a_triage, an_exception):
    triage, policy = a_triage(), Policy.read()

    def build(name, revision=1, **changes):
        payload = an_exception(name, **changes)
        judged = judge([exception(payload)], triage, policy, now_ms=NOON_MS)
        assessment = judged.assessments[0].to_json()
        return ReadRow.read(name, revision, payload=json.dumps(payload), assessment=assessment)

    return build


def a_worklist(clock=None):
    parts = {"claims": ClaimBoard([]), "past_lists": None, "model_version": lambda: "7"}
    return Worklist(Policy.read(), **parts, clock=clock or Clock())


def order_of(worklist, now_ms=NOON_MS):
    worklist._clock.ms = now_ms

    async def look():
        latest = await worklist.ranked()
        return worklist.page(SnapshotFilters(), 100, None, latest)

    page = asyncio.run(look())
    return [page.snapshot.open.rows[row].id for row in page.places]


def test_removing_one_leaves_the_others(a_row):
    worklist = a_worklist()
    for name in "abcd":
        worklist.put(a_row(name))
    worklist.remove("b", 2)
    worklist.remove("d", 2)

    assert sorted(order_of(worklist)) == ["a", "c"]


def test_an_older_revision_does_not_replace_a_newer(a_row):
    worklist = a_worklist()
    worklist.put(a_row("a", revision=3))
    worklist.put(a_row("a", revision=2))

    assert worklist.open.get("a").revision == 3


def test_a_row_keeps_its_place_while_its_score_moves_but_little(a_row):
    worklist = a_worklist()
    worklist.put(a_row("a", due_at="2026-03-01T12:20:00Z"))
    worklist.put(a_row("b", due_at="2026-03-01T12:20:05Z"))
    before = order_of(worklist)
    worklist.put(a_row("b", revision=2, due_at="2026-03-01T12:19:55Z"))

    assert (before, order_of(worklist)) == (["a", "b"], ["a", "b"])


def test_a_row_moves_when_its_score_moves_much(a_row):
    worklist = a_worklist()
    worklist.put(a_row("a", due_at="2026-03-01T14:00:00Z"))
    worklist.put(a_row("b", due_at="2026-03-01T18:00:00Z"))
    order_of(worklist)
    worklist.put(a_row("b", revision=2, due_at="2026-03-01T13:00:00Z"))

    assert order_of(worklist) == ["b", "a"]


def test_the_order_does_not_depend_on_what_was_looked_at_before(a_row):
    watched, fresh = a_worklist(), a_worklist()
    for minute in range(40):
        watched.put(a_row(f"{minute}", due_at=f"2026-03-01T13:{minute:02}:00Z"))
        order_of(watched, NOON_MS + minute * MS_PER_MINUTE)
    for minute in range(40):
        fresh.put(a_row(f"{minute}", due_at=f"2026-03-01T13:{minute:02}:00Z"))

    later = NOON_MS + 40 * MS_PER_MINUTE
    assert order_of(watched, later) == order_of(fresh, later)


def test_a_cursor_of_a_forgotten_ranking_goes_on_in_the_present_one(a_row):
    async def look():
        clock = Clock()
        worklist = a_worklist(clock)
        for i in range(4):
            worklist.put(a_row(str(i)))
        first = worklist.page(SnapshotFilters(), 2, None, await worklist.ranked())
        worklist._paged.clear()
        clock.ms = NOON_MS + 2_000
        later = await worklist.ranked()
        return worklist.page(SnapshotFilters(), 2, first.next_cursor, later)

    assert len(asyncio.run(look()).places) == 2


def page_of_an_empty_list(cursor):
    worklist = a_worklist()
    latest = asyncio.run(worklist.ranked())
    return worklist.page(SnapshotFilters(), 2, cursor, latest)


def test_a_cursor_must_be_ours():
    with pytest.raises(BadPayloadError):
        page_of_an_empty_list("e30")


def test_a_long_list_is_ranked_once_a_second_at_most(a_row):
    async def look():
        clock = Clock()
        worklist = a_worklist(clock)
        read = a_row("a")
        for i in range(3_000):
            worklist.put(read._replace(row=replace(read.row, id=str(i))))
        first = await worklist.ranked()
        worklist.put(read._replace(row=replace(read.row, id="new")))
        clock.ms = NOON_MS + 999
        soon = await worklist.ranked()
        clock.ms = NOON_MS + 1_000
        later = await worklist.ranked()
        return first, soon, later

    first, soon, later = asyncio.run(look())

    assert soon is first
    assert len(later.order) == 3_001
