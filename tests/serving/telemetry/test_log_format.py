"""The log at level debug holds lines of the service, and none of libraries below info."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = """
import logging
from data.settings import Settings
from serving.telemetry.log_format import start_log
start_log(Settings(log_level="debug"))
logging.getLogger("expedite.any").debug("ours")
logging.getLogger("numba.core").debug("theirs")
logging.getLogger("numba.core").warning("both")
"""


def test_debug_shows_the_service_and_not_its_libraries():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = [line.rsplit(" ", 1)[-1] for line in done.stderr.splitlines()]
    assert lines == ["ours", "both"]
