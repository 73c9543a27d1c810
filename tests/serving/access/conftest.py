"""A service that lets in nobody without a key or an account."""

from collections.abc import Callable, Iterator

import pytest

from serving.access.keys import issue_key
from serving.caller import CONSOLE
from tests.serving.conftest import Client, Running


@pytest.fixture
def guarded(shelf, a_triage, running: Running) -> Iterator[Client]:
    """A service with a champion, in which access needs accounts."""
    shelf.promote(a_triage())
    with running(access="accounts") as client:
        client.timeout = 60
        yield client


@pytest.fixture
def new_key(guarded: Client) -> Callable[..., dict[str, str]]:
    """Make a key; return the header that carries it."""

    def make(*scopes: str, name: str = "oms") -> dict[str, str]:
        service = guarded.app.state.service
        with service.ledger.writing() as connection:
            issued = issue_key(connection, name, scopes, caller=CONSOLE, now_ms=service.clock())
        return {"Authorization": f"Bearer {issued.token}"}

    return make
