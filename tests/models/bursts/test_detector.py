"""Bursts: found early, named by their cause, split for good; hardly ever found where none is."""

import pytest
from scipy.stats import poisson

from data.ticks import MS_PER_HOUR, MS_PER_MINUTE
from models.bursts.detector import Arrival, BurstChange, Detector, StoredBurst


def observe_all(detector: Detector, arrivals: list[Arrival]) -> list[BurstChange]:
    return [change for arrival in arrivals for change in detector.observe(arrival)]


def summarise(changes: list[BurstChange]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(change.kind, change.burst.id, change.members) for change in changes]


@pytest.fixture
def quiet(quiet_stream):
    """Four weeks at one exception an hour."""
    return quiet_stream(4, 1.0)


@pytest.fixture
def detector(incident_terms, quiet):
    """A detector that has learned the quiet weeks."""
    ready = Detector(incident_terms)
    for arrival in quiet.arrivals:
        ready.learn(arrival)
    return ready


def test_a_burst_is_found_with_its_fifth_member_where_the_usual_rate_is_small(detector, quiet):
    changes = observe_all(detector, quiet.burst(5, carrier="postnl"))

    assert [change.kind for change in changes] == ["opened"]
    assert len(changes[0].members) == 5


def test_the_words_tell_cause_beginning_count_and_ratio(detector, quiet):
    observe_all(detector, quiet.burst(37, minutes_apart=2, carrier="dhl"))

    (burst,) = detector.bursts.values()
    ratio = f"{burst.rate_ratio:.0f} x its usual rate"
    assert (
        burst.words(noun="orders") == f"carrier dhl, since 01:00, 37 orders, {ratio}, mostly late"
    )
    assert burst.rate_ratio > 10


def test_what_comes_later_changes_nothing_before(incident_terms, quiet_stream):
    stream = quiet_stream(3, 1.0)
    arrivals = stream.arrivals + stream.burst(12, carrier="dhl")
    other = stream.arrivals + stream.burst(12, carrier="dhl")[:6]
    later = [Arrival(a.id, a.tick, {"carrier": "ups"}) for a in arrivals[len(other) :]]
    cut = len(other)

    first, second = Detector(incident_terms), Detector(incident_terms)
    burst = [summarise(first.observe(a)) for a in arrivals][:cut]
    two = [summarise(second.observe(a)) for a in other + later][:cut]

    assert burst == two
    assert any(burst)


def test_the_carrier_is_named_and_not_the_country_it_ships_to(incident_terms, quiet_stream):
    stream = quiet_stream(4, 1.0)
    home = {"dhl": "DE", "ups": "US", "dpd": "DE", "gls": "FR", "fedex": "US"}
    usual = [
        Arrival(a.id, a.tick, {**a.values, "country": home[a.values["carrier"]]})
        for a in stream.arrivals
    ]
    detector = Detector(incident_terms)
    observe_all(detector, usual)

    observe_all(detector, stream.burst(15, carrier="dhl", country="DE"))

    assert [burst.cause for burst in detector.bursts.values()] == [(("carrier", "dhl"),)]


def test_two_bursts_at_once_are_told_apart(detector, quiet):
    first = quiet.burst(20, carrier="dhl", sku="sku1", minutes_apart=3)
    second = quiet.burst(20, carrier="ups", sku="sku30", minutes_apart=3)
    mixed = sorted(first + second, key=lambda arrival: arrival.tick)

    observe_all(detector, mixed)

    members = [set(burst.members) for burst in detector.bursts.values()]
    assert sorted(members, key=sorted) == [{a.id for a in first}, {a.id for a in second}]


def test_members_are_of_the_kind_that_there_is_too_much_of(incident_terms, quiet_stream):
    stream = quiet_stream(4, 20.0)
    burst = stream.burst(40, begin=stream.end - 3 * MS_PER_HOUR, minutes_apart=3, carrier="dhl")
    detector = Detector(incident_terms)

    changes = observe_all(
        detector, sorted(stream.arrivals + burst, key=lambda arrival: arrival.tick)
    )

    own = {arrival.id for arrival in burst}
    named = [change for change in changes if ("carrier", "dhl") in change.burst.cause]
    members = {id_ for change in named for id_ in change.members}
    assert len(own & members) >= 0.8 * len(own)
    assert len(own & members) >= 0.8 * len(members)


def test_it_takes_members_until_the_rate_is_back_to_usual(detector, quiet):
    changes = observe_all(detector, quiet.burst(12, carrier="dhl"))

    closed = detector.advance(quiet.end + 24 * MS_PER_HOUR)

    assert [change.kind for change in changes[1:]] == ["joined"] * (len(changes) - 1)
    assert [change.kind for change in closed] == ["closed"]
    assert not detector.bursts


def test_split_members_never_come_back(detector, quiet):
    observe_all(detector, quiet.burst(12, carrier="dhl"))
    (burst_id,) = detector.bursts
    gone = detector.exclude(burst_id, ["dhl-2", "dhl-3", "nobody"])

    detector.close(burst_id)
    again = quiet.burst(12, begin=quiet.end + 3 * MS_PER_HOUR, carrier="dhl", sku="sku1")
    observe_all(detector, again)

    (later,) = detector.bursts.values()
    assert gone == ["dhl-2", "dhl-3"]
    assert not {"dhl-2", "dhl-3"} & set(later.members)


def test_a_split_value_stays_out(detector, quiet):
    observe_all(detector, quiet.burst(12, carrier="dhl", sku="sku3"))
    (burst_id,) = detector.bursts
    (cause,) = detector.bursts[burst_id].cause
    other = ("sku", "sku3") if cause[0] == "carrier" else ("carrier", "dhl")

    left = detector.exclude_value(burst_id, *other)
    more = quiet.burst(3, begin=quiet.end + 2 * MS_PER_HOUR, carrier="dhl", sku="sku3")
    changes = observe_all(
        detector, [Arrival(f"more{n}", a.tick, a.values) for n, a in enumerate(more)]
    )

    assert len(left) == 12
    assert not [c for c in changes if c.kind == "joined" and c.burst.id == burst_id]


def test_a_restart_goes_on_with_what_was_open(incident_terms, quiet, detector):
    burst = quiet.burst(14, carrier="dhl")
    observe_all(detector, burst[:12])
    (before,) = detector.bursts.values()

    again = Detector(incident_terms)
    for arrival in quiet.arrivals:
        again.learn(arrival)
    for arrival in burst[:12]:
        again.learn(arrival, before.id)
    again.adopt(
        StoredBurst(
            id=before.id,
            cause=before.cause,
            since_ms=before.since_ms,
            opened_ms=before.opened_ms,
            left=("dhl-0",),
        )
    )

    assert set(again.bursts[before.id].members) >= {f"dhl-{n}" for n in range(1, 12)}
    assert summarise(observe_all(again, burst[12:])) == [
        ("joined", before.id, (f"dhl-{n}",)) for n in (12, 13)
    ]


def test_a_value_that_all_have_explains_nothing(incident_terms, quiet_stream):
    stream = quiet_stream(4, 1.0)
    arrivals = stream.arrivals + stream.burst(10, carrier="dhl")
    detector = Detector(incident_terms)

    observe_all(detector, [Arrival(a.id, a.tick, {**a.values, "source": "shop"}) for a in arrivals])

    assert [burst.attribute for burst in detector.bursts.values()] == ["carrier"]


def test_what_bursts_every_night_is_usual_after_some_weeks(incident_terms, quiet_stream):
    stream = quiet_stream(6, 1.0)
    first = stream.arrivals[0].tick // (24 * MS_PER_HOUR) * 24 * MS_PER_HOUR
    nights = [
        Arrival(
            f"n{night}-{n}",
            first + night * 24 * MS_PER_HOUR + 2 * MS_PER_HOUR + n * MS_PER_MINUTE,
            {"sku": "batch"},
        )
        for night in range(1, 42)
        for n in range(8)
    ]
    detector = Detector(incident_terms)

    changes = observe_all(detector, sorted(stream.arrivals + nights, key=lambda a: a.tick))

    last_week = stream.end - 7 * 24 * MS_PER_HOUR
    assert not [c for c in changes if c.kind == "opened" and c.burst.opened_ms > last_week]


@pytest.mark.parametrize("an_hour", [0.3, 3.0])
def test_quiet_weeks_raise_no_more_false_alarms_than_allowed(incident_terms, quiet_stream, an_hour):
    alarms, weeks = 0, 0.0
    for seed in range(4):
        detector = Detector(incident_terms)
        changes = observe_all(detector, quiet_stream(8, an_hour, seed).arrivals)
        alarms += sum(change.kind == "opened" for change in changes)
        weeks += 7

    allowed = incident_terms.false_alarms_per_week * weeks
    assert poisson.sf(alarms - 1, allowed) > 0.01


def test_an_arrival_costs_no_more_with_a_thousand_members(detector, quiet):
    observe_all(detector, quiet.burst(1_000, minutes_apart=0.1, carrier="dhl"))
    (burst,) = detector.bursts.values()
    members = burst.members

    observe_all(
        detector,
        quiet.burst(
            1, begin=quiet.end + MS_PER_HOUR + 100 * MS_PER_MINUTE, carrier="dhl", sku="sku2"
        ),
    )

    # Members are never copied: a member more is one entry more in the same dictionary.
    assert burst.members is members
    assert len(members) == 1_001
