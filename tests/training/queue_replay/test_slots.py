"""Where no touch time is recorded, other orders of work fill the slots of the recorded ends."""

import numpy as np
import pandas as pd
import pytest

from data.policy.policy import ShiftTerms as PolicyShifts
from data.ticks import MS_PER_MINUTE
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.read import read_workload
from training.queue_replay.workload.slots import SLOT_MS, TouchAssumption

UTC = PolicyShifts(timezone="UTC")
BEGIN = pd.Timestamp("2025-03-03", tz="UTC")
RESOLVED = {"a": "2025-03-03 10:00", "b": "2025-03-03 10:00", "c": "2025-03-04 15:00"}
STEPS = [
    *((name, "2025-03-03 08:00", "assigned", "care", "bot") for name in RESOLVED),
    ("c", "2025-03-03 09:00", "paused", "care", "ana"),
    ("c", "2025-03-04 14:00", "started", "care", "ana"),
    *((name, at, "resolved", "care", "ana") for name, at in RESOLVED.items()),
]


@pytest.fixture
def slots_of(a_queue):
    def read(assumption, steps=STEPS):
        log = HandlingLog.read(a_queue(list(steps)), BEGIN, BEGIN + pd.Timedelta(3, "D"))
        return read_workload(log, UTC, np.random.default_rng(1), assumption)

    return read


def tick(text):
    return pd.Timestamp(text, tz="UTC").value // 10**6


def test_each_resolution_is_a_slot(slots_of):
    (hours,) = slots_of(TouchAssumption.EQUAL).team_hours

    assert len(hours.opens_at) == 3
    assert (hours.closes_at - hours.opens_at).tolist() == [SLOT_MS] * 3


def test_slots_of_one_minute_follow_each_other(slots_of):
    (hours,) = slots_of(TouchAssumption.EQUAL).team_hours

    assert (hours.opens_at[1:] >= hours.closes_at[:-1]).all()


def test_slots_lie_where_things_were_resolved(slots_of):
    (hours,) = slots_of(TouchAssumption.EQUAL).team_hours
    minutes = hours.closes_at // MS_PER_MINUTE

    assert minutes.tolist() == [tick(at) // MS_PER_MINUTE for at in RESOLVED.values()]


def test_a_slot_is_long_enough_for_the_work_in_it(slots_of):
    workload = slots_of(TouchAssumption.BY_KIND)
    (hours,) = workload.team_hours

    assert (hours.closes_at - hours.opens_at).sum() == workload.touch_ms.sum()


def test_the_effort_of_a_kind_goes_with_its_usual_time(a_queue):
    at = {name: BEGIN + pd.Timedelta(9 if name == "z" else 1, "h") for name in "abcdez"}
    steps = [(name, BEGIN, "assigned", "care", "bot") for name in at]
    steps += [(name, end, "resolved", "care", "ana") for name, end in at.items()]
    outcomes = {
        name: {"category": "slow" if name == "z" else "quick", "known_at": end, "resolved_at": end}
        for name, end in at.items()
    }
    log = HandlingLog.read(a_queue(steps, outcomes), BEGIN, BEGIN + pd.Timedelta(1, "D"))

    workload = read_workload(log, UTC, np.random.default_rng(1), TouchAssumption.BY_KIND)

    assert workload.touch_ms[workload.ids == "z"] == 4 * SLOT_MS


def test_what_was_held_can_be_done_once_it_is_back(slots_of):
    workload = slots_of(TouchAssumption.AFTER_PAUSE)

    assert workload.ready_at[workload.ids == "c"] == tick("2025-03-04 14:00")


def test_what_was_never_resolved_has_no_slot(slots_of):
    steps = [*STEPS, ("d", "2025-03-03 08:00", "assigned", "care", "bot")]

    assert slots_of(TouchAssumption.EQUAL, steps).ids.tolist() == list("abc")


def test_people_work_when_they_were_seen(slots_of):
    (hours,) = slots_of(TouchAssumption.PEOPLE).team_hours

    assert (hours.opens_at[0], hours.closes_at[0] // 1_000) == (
        tick("2025-03-03 08:00"),
        tick("2025-03-03 15:00") // 1_000,
    )
