"""Facts of an incident as they are stored and read back."""

import orjson
import pytest

from data.ledger.incidents import Incident
from models.bursts.detector import Burst
from serving.incident_watch.evidence import IncidentFacts, stored_facts

NOON_MS = 1_772_366_400_000
BURST = Burst(
    id="b", cause=(("carrier", "dhl"),), since_ms=NOON_MS, opened_ms=NOON_MS, last_ms=NOON_MS
)
FACTS = IncidentFacts.of(BURST, "UTC", is_over=False)


def incident(body):
    return Incident("inc_1", "carrier", "dhl", 1, NOON_MS, NOON_MS, None, body)


def test_facts_are_read_as_they_were_written():
    assert stored_facts(incident(FACTS.to_json())) == FACTS


@pytest.mark.parametrize("count", ["1" + "0" * 30, '"many"'])
def test_facts_that_could_not_be_written_again_are_read_as_a_stand_in(count):
    body = FACTS.to_json().replace('"count":0', f'"count":{count}')
    facts = stored_facts(incident(body))

    assert facts == IncidentFacts.unreadable(incident(body))
    assert orjson.loads(facts.to_json())["is_over"]
