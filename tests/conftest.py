"""Fixtures that all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Seeded, so that a failure repeats; no deadline, since no test may depend on machine speed.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real data sets; skips, saying so, where there is none."""
    folder = os.environ.get("EXPEDITE_REAL_DATA")
    if not folder:
        pytest.skip(
            "EXPEDITE_REAL_DATA is not set: see docs/real-data.md for where each set is had"
        )
    return Path(folder)
