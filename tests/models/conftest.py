"""Small made-up subjects whose classes and numbers follow a pattern, as the estimators see them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from data.policy.incidents import IncidentTerms
from data.policy.policy import Policy
from data.ticks import MISSING_TICK, MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE
from features.engine import text
from features.engine.class_shares import LABEL, ClassShares
from features.engine.compute import Matrix
from features.engine.event_log import LogRows
from models.bursts.detector import Arrival
from models.estimator import Batch
from models.ranking.inputs import RankingInputs

TYPES = ["address", "fraud", "late", None]
MESSAGES = {"address": "address not found", "fraud": "支付 可疑", "late": "entrega atrasada"}
ENTITIES = ("type", "customer_id")
_START = 20_000 * MS_PER_DAY


@dataclass(frozen=True)
class Sample:
    """Subjects, and how they ended.

    Attributes:
        rows: The subjects; dense columns are size, noise and the code of the type.
        label: Their classes: by type, by customer where there is no type, now and then neither.
        minutes: Touch minutes: large for large sizes.
        hours: Hours to resolve: ten times as long for `late`.
        names: The classes, by code.
        words: Columns of the features that hold codes of words.
    """

    rows: Batch
    label: np.ndarray
    minutes: np.ndarray
    hours: np.ndarray
    names: tuple[str, ...] = ("addresses", "fraud desk", "carriers")
    words: tuple[int, ...] = (2,)
    entities: tuple[str, ...] = ENTITIES

    def log(self) -> LogRows:
        """The labels, each known a day after its subject was detected."""
        known_at = self.rows.as_of + MS_PER_DAY
        return LogRows(known_at, self.rows.keys, {LABEL: self.label.astype(float)})

    def shares(self) -> ClassShares:
        """Index the labels."""
        return ClassShares(self.log(), ENTITIES, len(self.names))


def _texts(values: list[str | None]) -> np.ndarray:
    column = np.empty(len(values), object)
    column[:] = values
    return column


def _rows(kind: np.ndarray, customer: np.ndarray, size: np.ndarray, messages: bool) -> Batch:
    n = len(kind)
    types = _texts([TYPES[i] for i in kind])
    code = np.where(kind < 3, kind, np.nan)
    noise = np.sin(np.arange(n) * 77.0)
    as_of = _START + np.arange(n) * MS_PER_DAY // 20
    columns = {
        "type": types,
        "severity": types,
        "reason_code": types,
        "customer_id": _texts([f"c{i}" for i in customer]),
        "total": size,
        "detected_at": as_of,
        "due_at": np.full(n, MISSING_TICK),
    }
    words = text.matrix([MESSAGES.get(t) for t in types]) if messages else None
    dense = np.column_stack([size, noise, code]).astype(np.float32)
    return Batch(columns, {name: columns[name] for name in ENTITIES}, Matrix(dense, words), as_of)


@pytest.fixture(scope="session")
def a_sample() -> Callable[..., Sample]:
    """Build a sample; the same seed gives the same one."""

    def build(n: int = 700, seed: int = 1, messages: bool = True) -> Sample:
        random = np.random.default_rng(seed)
        kind, customer = random.integers(0, 4, n), random.integers(0, 9, n)
        size = random.gamma(2.0, 50.0, n)
        label = np.where(kind < 3, kind, customer % 3)
        label = np.where(random.random(n) < 0.05, random.integers(0, 3, n), label)
        minutes = np.where(size > 100, 40.0, 8.0) * random.lognormal(0, 0.3, n)
        hours = np.where(kind == 2, 80.0, 8.0) * random.lognormal(0, 0.4, n)
        size[random.random(n) < 0.1] = np.nan
        return Sample(_rows(kind, customer, size, messages), label, minutes, hours)

    return build


@pytest.fixture(scope="session")
def strangers() -> Callable[[bool], Batch]:
    """Subjects of which nothing is known, or nothing that was ever seen."""

    def build(messages: bool) -> Batch:
        nothing, unseen = _texts([None] * 3), _texts(["never", "seen", "before"])
        as_of = _START + np.arange(3) * 90 * MS_PER_DAY
        words = {"type": np.where([True, False, True], nothing, unseen), "customer_id": unseen}
        columns = {
            **words,
            "severity": unseen,
            "total": np.full(3, np.nan),
            "detected_at": as_of,
            "due_at": np.full(3, MISSING_TICK),
        }
        buckets = text.matrix(["", None, "???"]) if messages else None
        return Batch(columns, words, Matrix(np.full((3, 3), np.nan, np.float32), buckets), as_of)

    return build


@pytest.fixture(scope="session")
def an_item_of():
    """Two or more items, equal but for what is given as lists."""

    def build(n=2, **overrides):
        plain = {
            "ids": [f"E{i}" for i in range(n)],
            "age_hours": 1.0,
            "hours_to_due": 5.0,
            "loss": 100.0,
            "curve": np.zeros(11),
            "curve_scale": 1.0,
            "late_share": 1.0,
            "late_hours": 72.0,
            "touch_p50_minutes": 12.0,
            "touch_p90_minutes": 30.0,
            "waiting_cost_per_hour": 0.05,
            "lost": False,
            "always_first": False,
        }
        columns = {
            name: np.array(overrides[name]) if name in overrides else np.array([value] * n)
            for name, value in plain.items()
            if name != "ids"
        }
        return RankingInputs(ids=np.array(overrides.get("ids", plain["ids"]), object), **columns)

    return build


_BURST_START = 20_454 * MS_PER_DAY  # a Monday


@dataclass(frozen=True)
class Stream:
    """Exceptions without bursts: independent values, a steady rate.

    Attributes:
        arrivals: In order.
        end: Tick after the last.
    """

    arrivals: list[Arrival]
    end: int

    def burst(
        self, members: int, *, minutes_apart: float = 5.0, begin: int | None = None, **values: str
    ) -> list[Arrival]:
        """Return a burst of one value, or of several together, beginning an hour after the end."""
        begin = self.end + MS_PER_HOUR if begin is None else begin
        usual = {"type": "late", **values}
        name = "-".join(values.values())
        return [
            Arrival(f"{name}-{n}", begin + int(n * minutes_apart * MS_PER_MINUTE), usual)
            for n in range(members)
        ]


@pytest.fixture(scope="session")
def quiet_stream() -> Callable[..., Stream]:
    """Build quiet weeks: Poisson arrivals, five carriers, forty SKUs, four types."""

    def build(weeks: float, an_hour: float, seed: int = 7) -> Stream:
        random = np.random.default_rng(seed)
        hours = weeks * 168
        ticks = np.sort(random.uniform(0, hours, random.poisson(an_hour * hours)))
        popular = 1 / np.arange(1, 41)
        columns = zip(
            ticks.tolist(),
            random.choice(["dhl", "ups", "dpd", "gls", "fedex"], len(ticks)).tolist(),
            random.choice(40, len(ticks), p=popular / popular.sum()).tolist(),
            random.choice(["late", "address", "payment", "stock"], len(ticks)).tolist(),
            strict=True,
        )
        arrivals = [
            Arrival(
                f"q{n}",
                _BURST_START + int(hour * MS_PER_HOUR),
                {"carrier": carrier, "sku": f"sku{sku}", "type": kind},
            )
            for n, (hour, carrier, sku, kind) in enumerate(columns)
        ]
        return Stream(arrivals, _BURST_START + int(hours * MS_PER_HOUR))

    return build


@pytest.fixture
def incident_terms() -> IncidentTerms:
    """At most one false alarm in ten quiet weeks."""
    return Policy.read().incidents
