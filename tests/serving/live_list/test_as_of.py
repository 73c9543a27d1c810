"""`GET /v1/worklist?at=`: the list as it was at a moment, byte for byte."""

import time

import numpy as np
import pytest

from data.policy.policy import DEFAULT_POLICY
from data.ticks import MS_PER_HOUR


def moment(ms):
    return str(np.datetime64(ms, "ms")) + "Z"


def as_of(client, at, **parameters):
    return client.get("/v1/worklist", params={"at": at, "limit": 500} | parameters)


class Day:
    """A random stream of all that can happen to a list, and what the list was in between."""

    def __init__(self, running, shelf, a_triage, clock, tmp_path, seed):
        self.random = np.random.default_rng(seed)
        self.running, self.shelf, self.clock = running, shelf, clock
        self.a_triage, self.policy = a_triage, tmp_path / "preferred.toml"
        self.policy.write_text(DEFAULT_POLICY.read_text())
        self.ids, self.lists, self.posted, self.models = {}, [], 0, 0
        self.service = None

    def play(self, steps, an_exception):
        happens = (self.created, self.created, self.updated, self.closed, self.resolved,
                   self.reopened, self.claimed, self.promoted, self.restarted)  # fmt: skip
        self.start()
        for _ in range(steps):
            self.clock.pass_hours(self.random.uniform(0.001, 0.7))
            self.random.choice(happens)(an_exception)
            if self.random.random() < 0.5:
                self.look()

    def look(self):
        if self.random.random() < 0.5:
            self.clock.pass_hours(self.random.uniform(0.001, 0.2))
        answer = self.client.get("/v1/worklist", params={"limit": 500})
        assert answer.status_code == 200
        self.lists.append((answer.json()["ranked_at"], answer.content))
        self.clock.pass_hours(0.001)

    def start(self):
        self.service = self.running(policy=self.policy)
        self.client = self.service.__enter__()
        self.settle()

    def stop(self):
        self.service.__exit__(None, None, None)

    def restarted(self, _an_exception):
        self.stop()
        share = self.random.choice(["0.30", "0.10", "0.60"])
        text = DEFAULT_POLICY.read_text().replace(
            "share_of_order = 0.30", f"share_of_order = {share}"
        )
        self.policy.write_text(text)
        self.start()

    def promoted(self, _an_exception):
        self.models += 1
        minutes = tuple(self.random.uniform(1, 9) * np.array([1.0, 2.0, 4.0]))
        self.shelf.promote(self.a_triage(str(self.models), minutes))
        self.settle()

    def settle(self):
        """Wait until the champion has looked at everything that is open."""
        deadline = time.monotonic() + 20
        while self.shelf.version is not None:
            answer = self.client.get("/v1/worklist", params={"limit": 500}).json()
            judged = {row["model_version"] for row in answer["rows"]} | {answer["model_version"]}
            if judged == {self.shelf.version}:
                return
            assert time.monotonic() < deadline, "it was never scored again"
            time.sleep(0.01)

    def created(self, an_exception):
        name = f"E{len(self.ids)}"
        self.ids[name] = self.tell(an_exception, name)["id"]

    def updated(self, an_exception):
        if self.ids:
            self.tell(an_exception, str(self.random.choice(list(self.ids))))

    reopened = updated

    def closed(self, an_exception):
        if self.ids:
            self.tell(an_exception, str(self.random.choice(list(self.ids))), status="resolved")

    def tell(self, an_exception, name, **changes):
        self.posted += 1
        now, pick = self.clock.ms, self.random
        due = moment(now + int(pick.uniform(-1, 30) * MS_PER_HOUR))
        total = {"amount": f"{pick.uniform(5, 900):.2f}", "currency": "EUR"}
        exception = an_exception(
            name,
            type=str(pick.choice(["incorrect_address", "fraud_risk"])),
            detected_at=moment(now - int(pick.uniform(0, 50) * MS_PER_HOUR)),
            updated_at=moment(now - int(pick.uniform(-1, 3) * MS_PER_HOUR)),
            due_at=due if pick.random() < 0.8 else None,
            order={"order_number": f"#{self.posted}", "total": total},
            **changes,
        )
        answer = self.client.post("/v1/exceptions", json=exception)
        assert answer.status_code in (200, 201)
        return answer.json()

    def resolved(self, _an_exception):
        if self.ids:
            which = self.random.choice(list(self.ids.values()))
            headers = {"If-Match": "*"} if self.random.random() < 0.2 else {}
            resolution = {"category": "fraud_risk", "by": "ana"}
            self.client.post(f"/v1/exceptions/{which}/resolve", json=resolution, headers=headers)

    def claimed(self, _an_exception):
        if self.ids:
            which = self.random.choice(list(self.ids.values()))
            deed = self.random.choice(["claim", "claim", "release"])
            self.client.post(f"/v1/exceptions/{which}/{deed}", json={"by": "ana"})


@pytest.fixture
def a_day(running, shelf, a_triage, clock, tmp_path):
    days = []

    def build(seed):
        days.append(Day(running, shelf, a_triage, clock, tmp_path, seed))
        return days[-1]

    yield build
    for day in days:
        day.stop()


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2, 3))]
)
def test_a_past_list_is_the_answer_that_was_given_then(a_day, an_exception, seed):
    day = a_day(seed)
    day.play(80, an_exception)

    for at, answer in day.lists:
        assert as_of(day.client, at).content == answer, at


def test_a_past_list_does_not_change_as_more_becomes_known(client, clock, an_exception):
    client.post("/v1/exceptions", json=an_exception("first"))
    clock.pass_hours(1)
    at = moment(clock.ms - MS_PER_HOUR // 2)
    before = as_of(client, at).json()
    changed = {"due_at": "2026-03-01T12:40:00Z", "updated_at": "2026-03-01T12:30:00Z"}
    client.post("/v1/exceptions", json=an_exception("first", **changed))
    client.post("/v1/exceptions", json=an_exception("second"))
    client.app.state.service.worklist._past_lists._lists.clear()

    assert as_of(client, at).json() == before
    assert [row["external_id"] for row in before["rows"]] == ["first"]


def test_a_past_list_can_be_paged_through(client, clock, an_exception):
    many = {"exceptions": [an_exception(f"{i}") for i in range(7)]}
    client.post("/v1/exceptions", json=many)
    clock.pass_hours(1)
    at, names, cursor = moment(clock.ms - 1), [], None
    while cursor != "":
        parameters = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = as_of(client, at, **parameters).json()
        client.app.state.service.worklist._past_lists._lists.clear()
        names += [row["external_id"] for row in page["rows"]]
        cursor = page["next_cursor"] or ""

    assert sorted(names) == [str(i) for i in range(7)]


def test_a_cursor_of_another_moment_is_refused(client, clock, an_exception):
    client.post("/v1/exceptions", json={"exceptions": [an_exception(f"{i}") for i in range(3)]})
    clock.pass_hours(1)
    cursor = as_of(client, moment(clock.ms - 1), limit=1).json()["next_cursor"]

    answer = as_of(client, moment(clock.ms - 2), cursor=cursor)

    assert (answer.status_code, "another moment" in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("at", "problem"),
    [
        ("2026-03-01T11:59:59Z", "before what the ledger can tell: it begins at 2026-03-01T12:00"),
        ("2026-03-01T13:00:00Z", "not over yet"),
        ("yesterday", "valid datetime"),
    ],
)
def test_a_moment_that_can_not_be_shown_is_refused(client, at, problem):
    answer = as_of(client, at)

    assert (answer.status_code, problem in answer.text) == (422, True), answer.text


def test_a_moment_without_a_champion_is_ranked_without_one(
    without_champion, shelf, a_triage, clock, an_exception
):
    without_champion.post("/v1/exceptions", json=an_exception())
    before = without_champion.get("/v1/worklist")
    clock.pass_hours(1)
    shelf.promote(a_triage("8"))
    while without_champion.get("/v1/worklist").json()["degraded"]:
        time.sleep(0.01)

    past = as_of(without_champion, before.json()["ranked_at"])

    assert (past.content, past.json()["degraded"]) == (before.content, True)


def test_the_policy_of_then_is_used_even_if_it_is_not_there_any_more(
    running, clock, an_exception, tmp_path
):
    policy = tmp_path / "preferred.toml"
    policy.write_text(DEFAULT_POLICY.read_text().replace('currency = "EUR"', 'currency = "USD"'))
    with running(policy=policy) as client:
        client.post("/v1/exceptions", json=an_exception())
    clock.pass_hours(1)
    policy.unlink()
    with running() as client:
        past, now = as_of(client, moment(clock.ms - 1)), client.get("/v1/worklist")

    assert (past.json()["currency"], now.json()["currency"]) == ("USD", "EUR")
