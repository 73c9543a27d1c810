"""Who ends a process, and that it gives back the memory of large arrays.

A worker ends with its supervisor, a process of its own with no parent.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from serving.http.draining import DrainState
from serving.server import DrainingServer

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("is_worker", "drains"), [(True, True), (False, False)])
def test_the_end_of_the_parent_ends_a_worker_only(settings, monkeypatch, is_worker, drains):
    app = SimpleNamespace(state=SimpleNamespace(drain=DrainState()))
    server = DrainingServer(app, settings, parent=os.getppid() if is_worker else None)
    assert asyncio.run(server.on_tick(1)) is False
    assert not app.state.drain.is_draining

    monkeypatch.setattr(os, "getppid", lambda: 1)
    asyncio.run(server.on_tick(2))
    assert app.state.drain.is_draining is drains


CHURN = """
import numpy as np
import serving.server
def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6
{first}
np.ones(3_000_000)
kept, large, before = [], [], resident_mb()
for _ in range(40):
    large.append(np.ones(500_000))
    kept.append(np.ones(5_000))
large.clear()
print(resident_mb() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the resident size")
def test_memory_of_large_arrays_is_given_back():
    grown = {}
    for first in ("", "serving.server.give_back_freed_memory()"):
        program = [sys.executable, "-c", CHURN.format(first=first)]
        done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
        grown[first] = float(done.stdout)

    without, with_it = grown.values()
    assert with_it < 20 < without
