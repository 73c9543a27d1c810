"""The ledger that the tests of this folder share."""

import pytest

from data.ledger.ledger import Ledger


@pytest.fixture
def ledger(each_ledger_url):
    """An empty ledger: once on SQLite and once on PostgreSQL."""
    ledger = Ledger.open(each_ledger_url)
    yield ledger
    ledger.close()
