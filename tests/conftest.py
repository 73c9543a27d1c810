"""Fixtures that all tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real data sets; skips, saying so, where there is none."""
    folder = os.environ.get("EXPEDITE_REAL_DATA")
    if not folder:
        pytest.skip("EXPEDITE_REAL_DATA is not set: see docs/real-data.md for where each set is had")
    return Path(folder)
