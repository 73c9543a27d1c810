"""A simulated shop, trained once; histories like it but for one change."""

import fcntl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.sources import source_folder
from data.ingest.write_history import write_history
from data.sources.synthetic import generate
from data.sources.synthetic.shop import SyntheticShop
from data.ticks import MISSING_TICK, MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, NEVER
from models.loss_curve import CURVE_AGES_HOURS
from models.registry.store import ModelRegistry
from models.triage.predictions import ARRAYS, Predictions
from models.triage.triage import Triage
from models.worktime.shifts import TeamHours
from training.common.promotion import TrainingResult
from training.queue_replay.rules.inputs import PricedPredictions
from training.queue_replay.workload.workload import Scenario, Workload
from training.triage.dataset import TriageDataset
from training.triage.entity_selection import choose
from training.triage.final_fit import fit_final
from training.triage.fit import PreparedExceptions, prepare
from training.triage.rehearsal import rehearse
from training.triage.train import train_triage

TERMS = ImportTerms("test", pd.Timestamp("2026-01-01", tz="UTC"))
SHOP = SyntheticShop(orders=8_000, seed=5, days=90, lost_at_deadline=1.0)
READ = ("orders", "order_lines", "exceptions", "exception_events", "outcomes")
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Trained:
    """A history, and the first champion of the store beside it."""

    history: History
    as_of: pd.Timestamp
    end: pd.Timestamp
    store: ModelRegistry
    outcome: TrainingResult

    @property
    def tables(self) -> Tables:
        """The tables that triage reads."""
        return {name: self.history.table(name) for name in READ}


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A simulated shop, and a champion trained when two thirds of its time were over."""
    folder = tmp_path_factory.mktemp("shop")
    write_history(folder / "history", generate(SHOP), TERMS)
    history, store = History.open(folder / "history"), ModelRegistry(folder / "mlruns")
    as_of, end = pd.Timestamp(SHOP.start) + pd.Timedelta(60, "D"), pd.Timestamp(SHOP.end)
    outcome = train_triage(history, as_of, store, lambda _: None)
    return Trained(history, as_of, end, store, outcome)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> ModelRegistry:
    """A store without a champion; to make one takes seconds."""
    return ModelRegistry(tmp_path_factory.mktemp("store") / "mlruns")


@pytest.fixture(scope="session")
def a_history(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Tables], History]:
    """Write tables as a history."""

    def write(tables: Tables) -> History:
        folder = tmp_path_factory.mktemp("history") / "history"
        write_history(folder, iter(tables.items()), TERMS)
        return History.open(folder)

    return write


@pytest.fixture(scope="session")
def with_another_future() -> Callable[[Tables, pd.Timestamp], Tables]:
    """Alter or drop all that became known at or after a moment."""

    def disturb(tables: Tables, as_of: pd.Timestamp) -> Tables:
        return {name: _disturbed(name, rows, as_of) for name, rows in tables.items()}

    return disturb


ALTERED = {
    "orders": {"total": 99_999.0, "region": "elsewhere"},
    "order_lines": {"sku": "another"},
    "exceptions": {"type": "manual", "message": "all is well", "severity": "none"},
    "exception_events": {"team": "nobody", "category": "manual", "priority": "p4"},
    "outcomes": {"team": "nobody", "category": "manual", "touch_minutes": 5_000.0},
}


def _disturbed(name: str, rows: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    future = (rows["known_at"] >= as_of).to_numpy()
    altered = rows.copy()
    for column, value in ALTERED[name].items():
        altered.loc[future & rows[column].notna().to_numpy(), column] = value
    if name == "outcomes":
        altered.loc[future, "breached"] = True
    dropped = future & (np.arange(len(rows)) % 3 == 0) & (name not in ("orders", "exceptions"))
    return altered[~dropped]


@pytest.fixture(scope="session")
def fit() -> Callable[[History, pd.Timestamp], Triage]:
    """Train without a store."""

    def _fit(history: History, as_of: pd.Timestamp) -> Triage:
        prepared = _prepared(history, as_of)
        return fit_final(prepared, rehearse(prepared))

    return _fit


@pytest.fixture(scope="session")
def prepared() -> Callable[[History, pd.Timestamp], PreparedExceptions]:
    """Compute the features of a history as of a moment."""
    return _prepared


def _prepared(history: History, as_of: pd.Timestamp) -> PreparedExceptions:
    dataset = TriageDataset.read(history, as_of)
    return prepare(dataset, *choose(dataset))


@pytest.fixture(scope="session")
def predicted() -> Callable[[Triage, History, pd.Timestamp], Predictions]:
    """Predict everything that was known of a history at a moment."""

    def _predicted(triage: Triage, history: History, as_of: pd.Timestamp) -> Predictions:
        columns = TriageDataset.read(history, as_of, triage.kinds).columns
        return triage.predict(columns, columns["detected_at"])

    return _predicted


@pytest.fixture(scope="session")
def assert_same_predictions() -> Callable[[Predictions, Predictions], None]:
    """Compare all that was predicted, to the last bit."""

    def compare(actual: Predictions, expected: Predictions) -> None:
        assert actual.names == expected.names
        for name in ARRAYS:
            value = getattr(expected, name)
            np.testing.assert_array_equal(getattr(actual, name), value, err_msg=name)
        if expected.curve is not None:
            np.testing.assert_array_equal(actual.curve.chance, expected.curve.chance)
            np.testing.assert_array_equal(actual.curve.scale, expected.curve.scale)
        if expected.resolve is not None:
            np.testing.assert_array_equal(actual.resolve.mass, expected.resolve.mass)
            edges = expected.resolve.grid.edges
            np.testing.assert_array_equal(actual.resolve.grid.edges, edges)
        for label, each in expected.classes.items():
            assert actual.classes[label].names == each.names, label
            probability = actual.classes[label].probability
            np.testing.assert_array_equal(probability, each.probability, err_msg=label)

    return compare


@pytest.fixture(scope="session")
def incidents(real_data: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The real incident log, with a champion that knows what was known on 1 April 2016.

    Workers that run side by side share it: the first to come trains it, and others wait.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "incidents"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "trained").exists():
            files = [real_data / "incident_log"]
            import_files(files, source_folder("incident_log"), folder / "history", TERMS)
            as_of = pd.Timestamp("2016-04-01", tz="UTC")
            history = History.open(folder / "history")
            train_triage(history, as_of, ModelRegistry(folder / "mlruns"), lambda _: None)
            (folder / "trained").touch()
    return folder


WEEKS, SERIES = 60, 60


@pytest.fixture(scope="session")
def demand_tables() -> Tables:
    """Sixty weeks of sixty series at two sites: even or seldom, now and then out of stock."""
    rng = np.random.default_rng(11)
    weeks = pd.date_range("2024-01-01", periods=WEEKS, freq="7D", tz="UTC")
    rate = np.geomspace(0.2, 30, SERIES)[:, None] * (1 + 0.4 * np.sin(np.arange(WEEKS) / 8))
    rows = pd.DataFrame(
        {
            "sku": np.repeat([f"sku-{i // 2:02}" for i in range(SERIES)], WEEKS),
            "site": np.repeat(["north", "south"] * (SERIES // 2), WEEKS),
            "period_start": np.tile(weeks, SERIES),
            "units": rng.poisson(rate).ravel().astype(float),
            "in_stock_share": np.where(rng.random(SERIES * WEEKS) < 0.1, 0.0, 1.0),
        }
    )
    rows["units"] *= rows["in_stock_share"]
    rows["known_at"] = rows["period_start"] + pd.Timedelta(7, "D") - pd.Timedelta(1, "us")
    return {"demand": rows}


@pytest.fixture(scope="session")
def demand_history(a_history: Callable[[Tables], History], demand_tables: Tables) -> History:
    """The history of `demand_tables`; the first day after it is 24 February 2025."""
    return a_history(demand_tables)


@dataclass(frozen=True)
class Simulated:
    """A simulated shop, its truth beside it, for replays; no model is trained."""

    history: History
    truth: Path
    begin: pd.Timestamp
    end: pd.Timestamp


@pytest.fixture(scope="session")
def a_shop(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Simulated]:
    """Simulate a shop with the tables that a replay reads; its middle half is the period."""

    def simulate(**settings: float) -> Simulated:
        shop = SyntheticShop(**({"orders": 8_000, "seed": 5, "days": 90} | settings))
        folder = tmp_path_factory.mktemp("simulated")
        tables = generate(shop, folder / "truth")
        write_history(folder, ((name, rows) for name, rows in tables if name in READ), TERMS)
        begin, end = (pd.Timestamp(shop.start) + pd.Timedelta(days, "D") for days in (20, 70))
        return Simulated(History.open(folder), folder / "truth", begin, end)

    return simulate


@pytest.fixture(scope="session")
def busy_shop(a_shop: Callable[..., Simulated]) -> Simulated:
    """A shop whose teams have almost more work than they can do."""
    return a_shop(load=0.97)


HANDLED = ["exception_id", "occurred_at", "event", "team", "by"]


@pytest.fixture(scope="session")
def a_queue(a_history: Callable[[Tables], History]) -> Callable[..., History]:
    """Write a history of exceptions from their steps: id, moment, event, team and person.

    An exception is detected with its first step; outcomes are rows of that table, by id.
    """

    def write(steps: list[tuple], outcomes: dict[str, dict[str, Any]] | None = None) -> History:
        events = pd.DataFrame(steps, columns=HANDLED)
        events["occurred_at"] = pd.to_datetime(events["occurred_at"], utc=True)
        events["step"] = np.arange(len(events))
        first = events.groupby("exception_id", as_index=False)["occurred_at"].min()
        exceptions = first.rename(columns={"occurred_at": "detected_at"}).assign(type="manual")
        tables = {"exceptions": exceptions, "exception_events": events}
        if outcomes:
            rows = [{"exception_id": name} | outcome for name, outcome in outcomes.items()]
            ended = pd.DataFrame(rows)
            for column in ("resolved_at", "breached_at", "known_at"):
                if column in ended:
                    ended[column] = pd.to_datetime(ended[column], utc=True)
            tables["outcomes"] = ended
        return a_history(tables)

    return write


@pytest.fixture(scope="session")
def a_workload() -> Callable[..., Workload]:
    """Draw work by a seed: two teams, some exceptions with several visits, some that can heal."""

    def build(n: int, seed: int, people: int = 2, days: int = 3) -> Workload:
        random = np.random.default_rng(seed)
        begin = 20_000 * MS_PER_DAY
        visits = random.choice([1, 2, 3], n, p=[0.6, 0.3, 0.1])
        visit_of = np.repeat(np.arange(n), visits)
        m = len(visit_of)
        first = np.append(True, np.diff(visit_of) > 0)
        detected_at = begin + random.integers(0, days * MS_PER_DAY, n)
        touch_ms = (random.lognormal(3, 1, m) * MS_PER_MINUTE).astype(np.int64) + 1
        opens = begin + np.arange(days) * MS_PER_DAY + MS_PER_DAY // 3
        hours = TeamHours(opens, opens + MS_PER_DAY // 4, np.full(days, people))
        never, exceptions = np.full(m, NEVER), np.full(n, NEVER)
        return Workload(
            ids=np.array([f"e{i:04}" for i in range(n)], object),
            detected_at=detected_at,
            visit_of=visit_of,
            team=random.integers(0, 2, m),
            ready_at=np.where(first, detected_at[visit_of] + MS_PER_MINUTE, 0),
            delay_ms=np.where(first, 0, random.integers(0, MS_PER_HOUR, m)),
            touch_ms=touch_ms,
            may_self_resolve=random.random(m) < 0.7,
            started_at=never,
            ended_at=never,
            resolved_at=exceptions,
            self_resolved=np.zeros(n, bool),
            teams=("blue", "red"),
            team_hours=(hours, hours),
        )

    return build


@pytest.fixture(scope="session")
def a_scenario() -> Callable[[Workload, int], Scenario]:
    """Draw by a seed when exceptions of a work are lost or heal, and what that costs."""

    def build(work: Workload, seed: int) -> Scenario:
        random, n = np.random.default_rng(seed), len(work.ids)
        hours = random.exponential(30, (2, n)) * MS_PER_HOUR
        lost_at, heals_at = work.detected_at + hours.astype(np.int64)
        heals = random.random(n) < 0.2
        return Scenario(lost_at, random.lognormal(4, 1, n), np.where(heals, heals_at, NEVER))

    return build


@pytest.fixture(scope="session")
def predictions_for() -> Callable[[Workload, int], PricedPredictions]:
    """Draw opinions on the exceptions of a work by a seed; a third of them have no deadline."""

    def build(work: Workload, seed: int) -> PricedPredictions:
        random, n = np.random.default_rng(seed), len(work.ids)
        due_at = work.detected_at + (random.exponential(40, n) * MS_PER_HOUR).astype(int)
        median = random.lognormal(3, 1, n)
        rises = random.exponential(0.1, (n, len(CURVE_AGES_HOURS)))
        return PricedPredictions(
            due_at=np.where(random.random(n) < 1 / 3, MISSING_TICK, due_at),
            priority=random.integers(0, 4, n),
            p_breach=random.random(n),
            loss=random.lognormal(4, 1, n),
            loss_of_likeliest=random.lognormal(4, 1, n),
            curve=np.minimum(np.cumsum(rises, axis=1), 1.0),
            curve_scale=random.lognormal(0, 1, n),
            late_share=random.random(n),
            late_hours=random.lognormal(4, 1, n),
            touch_p50_minutes=median,
            touch_p90_minutes=median * random.uniform(1.0, 5.0, n),
            waiting_cost_per_hour=random.random(n),
        )

    return build
