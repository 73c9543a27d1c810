"""The capacity line and the cost of waiting, as `GET /v1/worklist` tells them."""

import pytest

LATE_SHARE = 0.3
"""Of the policy that is shipped: lost at a missed deadline."""
SHIFTS = """
[shifts]
timezone = "UTC"
[shifts.teams.addresses]
people = {people}
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
opens = "08:00"
closes = "12:30"
[shifts.teams.fraud]
people = 1
weekdays = ["sun"]
opens = "{fraud_opens}"
closes = "18:00"
"""


@pytest.fixture
def on_shift(running, settings, shelf, a_triage, tmp_path):
    """Start a service whose teams have shifts; it is noon, a row takes eleven minutes."""
    shelf.promote(a_triage(touch_minutes=(10.9, 11.0, 11.1)))
    policy, opened = tmp_path / "with_shifts.toml", []

    def start(people=1, fraud_opens="10:00"):
        text = settings.policy.read_text()
        begin, end = text.index("[shifts]"), text.index("[promises]")
        shifts = SHIFTS.format(people=people, fraud_opens=fraud_opens)
        policy.write_text(text[:begin] + shifts + text[end:])
        opened.append(running(policy=policy))
        return opened[-1].__enter__()

    yield start
    for service in opened:
        service.__exit__(None, None, None)


def fill(client, an_exception, *names, **changes):
    for name in names:
        answer = client.post("/v1/exceptions", json=an_exception(name, **changes))
        assert answer.status_code == 201


def line_of(client, **parameters):
    return client.get("/v1/worklist", params=parameters).json()["capacity"]


def test_one_person_of_eleven_minutes_a_row_begins_three_in_half_an_hour(on_shift, an_exception):
    client = on_shift()
    fill(client, an_exception, *"abcd")
    line = line_of(client, team="addresses")

    assert (line["people"], line["reaches_rank"], line["rows_left"]) == (1, 3, 1)
    assert line["until"] == "2026-03-01T12:30:00.000Z"
    assert line["next_shift_at"] == "2026-03-02T08:00:00.000Z"


def test_more_people_reach_further(on_shift, an_exception):
    client = on_shift(people=2)
    fill(client, an_exception, *"abcdefg")

    assert line_of(client, team="addresses")["reaches_rank"] == 6


def test_a_team_is_not_held_up_by_the_rows_of_others(on_shift, an_exception):
    client = on_shift()
    fill(client, an_exception, *"abc", type="fraud_risk", due_at="2026-03-01T12:20:00Z")
    fill(client, an_exception, *"de", due_at="2026-03-04T12:20:00Z")

    assert line_of(client, team="addresses")["rows_left"] == 0


def test_all_teams_together_reach_the_first_row_that_one_of_them_does_not(on_shift, an_exception):
    client = on_shift()
    fill(client, an_exception, *"abcd", due_at="2026-03-01T12:12:00Z")
    fill(client, an_exception, *"efgh", type="fraud_risk", due_at="2026-03-05T13:00:00Z")
    line = line_of(client)

    assert (line["people"], line["reaches_rank"], line["rows_left"]) == (2, 3, 1)
    assert line["one_more_hour_in"] == "addresses"


def test_what_falls_due_over_night_is_lost_below_the_line(on_shift, an_exception):
    client = on_shift()
    fill(client, an_exception, *"abcde", due_at="2026-03-01T16:00:00Z")
    line = line_of(client, team="addresses")
    stake = float(client.get("/v1/worklist").json()["rows"][0]["money_at_stake"]["amount"])

    penalty = LATE_SHARE * stake
    assert float(line["lost_below"]["amount"]) == pytest.approx(2 * penalty, rel=0.1)
    # The third is begun in the shift, but its eleven minutes do not end in it.
    assert float(line["one_more_hour_saves"]["amount"]) == pytest.approx(3 * penalty, rel=0.1)
    assert 2 * penalty < float(line["one_person_less_costs"]["amount"]) < 3 * penalty


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [({"team": "payments"}, "nobody of this team"), ({}, "the policy names no shifts")],
)
def test_without_a_line_the_reason_is_told(request, on_shift, client, parameters, reason):
    service = on_shift() if parameters else client
    answer = service.get("/v1/worklist", params=parameters).json()

    assert answer["capacity"] is None
    assert reason in answer["capacity_reason"]


def test_before_the_first_shift_it_is_told_when_that_begins(on_shift, clock):
    client = on_shift()
    clock.pass_hours(7)

    answer = client.get("/v1/worklist").json()

    assert "nobody is on shift before 2026-03-02T08:00" in answer["capacity_reason"]


def test_a_row_tells_what_it_costs_if_it_waits(on_shift, an_exception):
    client = on_shift()
    fill(client, an_exception, "a", due_at="2026-03-01T13:00:00Z")
    row = client.get("/v1/worklist").json()["rows"][0]
    stake = float(row["money_at_stake"]["amount"])
    cost = {name: float(amount["amount"]) for name, amount in row["cost_of_waiting"].items()}

    penalty = LATE_SHARE * stake
    assert cost["shift"] == cost["hour"] == pytest.approx(penalty, rel=0.05)
    assert penalty < cost["day"] < stake


def test_a_row_tells_when_its_team_is_back(on_shift, an_exception, clock):
    client = on_shift()
    fill(client, an_exception, "a", due_at="2026-03-04T13:00:00Z")
    there = client.get("/v1/worklist").json()["rows"][0]["team_back_at"]
    clock.pass_hours(1)

    gone = client.get("/v1/worklist").json()["rows"][0]["team_back_at"]

    assert (there, gone) == (None, "2026-03-02T08:00:00.000Z")
    assert "its team is back" in client.get("/").text


def test_what_is_due_tonight_must_be_started_before_the_shift_ends(on_shift, an_exception):
    client = on_shift()
    fill(client, an_exception, "a", due_at="2026-03-01T16:00:00Z")
    start = client.get("/v1/worklist").json()["rows"][0]["latest_safe_start_at"]

    assert "2026-03-01T12:15" < start < "2026-03-01T12:20"


def test_an_answer_to_a_post_and_the_list_tell_the_same(on_shift, an_exception):
    client = on_shift()
    answer = client.post("/v1/exceptions", json=an_exception("a")).json()
    row = client.get("/v1/worklist").json()["rows"][0]

    assert {name: row[name] for name in answer if name in row} == {
        name: answer[name] for name in answer if name in row
    }


def test_while_nobody_is_there_no_shift_ends(on_shift, an_exception):
    client = on_shift(fraud_opens="14:00")
    fill(client, an_exception, "a", type="fraud_risk")

    assert client.get("/v1/worklist").json()["rows"][0]["cost_of_waiting"]["shift"] is None


def test_without_a_champion_nobody_knows_what_waiting_costs(without_champion, an_exception):
    fill(without_champion, an_exception, "a")
    answer = without_champion.get("/v1/worklist").json()

    assert answer["rows"][0]["cost_of_waiting"] is None
    assert answer["capacity_reason"] == "no model is in use"


def test_a_line_by_a_touch_time_that_is_the_same_for_all_says_so(on_shift, an_exception):
    client = on_shift()
    fill(client, an_exception, *"abcd")

    assert "by a touch time that is not learned: the same for all" in client.get("/").text
