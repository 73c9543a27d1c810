"""Who ends a process: a worker ends with its supervisor, a process of its own with no parent."""

import asyncio
import os
from types import SimpleNamespace

import pytest

from serving.http.draining import DrainState
from serving.server import DrainingServer


@pytest.mark.parametrize(("is_worker", "drains"), [(True, True), (False, False)])
def test_the_end_of_the_parent_ends_a_worker_only(settings, monkeypatch, is_worker, drains):
    app = SimpleNamespace(state=SimpleNamespace(drain=DrainState()))
    server = DrainingServer(app, settings, parent=os.getppid() if is_worker else None)
    assert asyncio.run(server.on_tick(1)) is False
    assert not app.state.drain.is_draining

    monkeypatch.setattr(os, "getppid", lambda: 1)
    asyncio.run(server.on_tick(2))
    assert app.state.drain.is_draining is drains
