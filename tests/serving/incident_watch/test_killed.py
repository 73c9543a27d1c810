"""Incidents when things go wrong: a kill at any moment, a detector that fails."""

import signal

import pytest
from sqlalchemy import create_engine, text

from models.bursts.detector import Detector
from tests.serving.conftest import Incidents, client_of


@pytest.mark.slow
def test_a_kill_between_intake_and_detection_loses_nothing_and_does_nothing_twice(
    start, usual, burst, tmp_path
):
    clock = {"EXPEDITE_CLOCK": "2026-03-01T12:20:24Z"}
    exceptions, begin = burst(18), 0
    for end in (9, 18):
        process, address = start(**clock)
        with client_of(address) as client:
            doing = Incidents(client)
            if not begin:
                doing.post(usual)
            doing.post(exceptions[begin:end])
            begin = end
            process.send_signal(signal.SIGKILL)
            process.wait()
    _, address = start(**clock)
    with client_of(address) as client:
        Incidents(client).wait_for(members=18)

        assert len(Incidents(client).rows()) == 1
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with engine.connect() as connection:
        query = "select count(*), count(distinct exception_id) from incident_members"
        rows, members = connection.execute(text(query)).one()
    engine.dispose()
    assert rows == members >= 18


def test_an_error_in_the_detector_stops_neither_intake_nor_the_next_look(
    incidents, burst, monkeypatch
):
    def fail(*_):
        raise RuntimeError("broken")

    with monkeypatch.context() as broken:
        broken.setattr(Detector, "observe", fail)
        assert len(incidents.post(burst(6))) == 6
        assert [row["kind"] for row in incidents.rows()] == ["exception"] * 6

    assert incidents.wait_for(members=6)["kind"] == "incident"
