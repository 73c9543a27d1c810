"""A live service learns from the ledger what a training on its export would."""

import sqlite3

import numpy as np
import pytest

from serving.scoring.recent_logs import RecentLogs


@pytest.fixture
def logs(client, a_triage):
    """The logs that a champion continues with."""

    def read():
        service = client.app.state.service
        recent = RecentLogs(service.ledger, service.policy)
        triage = a_triage()
        assert recent.read(triage)
        return recent.logs(triage)

    return read


def test_members_of_an_incident_count_with_their_equal_share_of_the_touch_time(
    client, incidents, burst, logs
):
    incidents.post(burst(8))
    incident = incidents.wait_for(members=8)
    resolution = {"category": "fraud_risk", "touch_minutes": 40}
    client.post(f"/v1/incidents/{incident['id']}/resolve", json=resolution).raise_for_status()
    touch_minutes = np.expm1(logs()["ended"].values["touch_minutes"])

    np.testing.assert_allclose(touch_minutes[np.isfinite(touch_minutes)], [5.0] * 8)


def test_a_stored_loss_that_is_no_number_costs_itself_alone(client, an_exception, logs, settings):
    answer = client.post("/v1/exceptions", json=an_exception("PE-1")).json()
    loss = {"amount": "3.10", "currency": "EUR"}
    resolution = {"category": "fraud_risk", "touch_minutes": 40, "loss": loss}
    client.post(f"/v1/exceptions/{answer['id']}/resolve", json=resolution).raise_for_status()
    with sqlite3.connect(settings.database_url.removeprefix("sqlite:///")) as ledger:
        ledger.execute("UPDATE outcomes SET loss_amount = ''")
    touch_minutes = np.expm1(logs()["ended"].values["touch_minutes"])

    np.testing.assert_allclose(touch_minutes, [40])
