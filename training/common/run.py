"""Common parts of a training run: progress, latency, the commit, and registration."""

import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import orjson
import pandas as pd

from data.history.history import History
from models.boosters import TreeSettings, run_seed, run_variation
from models.registry.store import ModelRegistry, TrainedModel
from training.common.promotion import GateDecision

Progress = Callable[[str], None]
"""A function that receives one line of text at each step of a run."""
MAX_TIMED_CALLS = 200


def timed_rows(n: int) -> list[int]:
    """Return positions for timed calls: at most 200, spread evenly over n rows."""
    return np.linspace(0, n - 1, min(MAX_TIMED_CALLS, n)).astype(int).tolist()


def call_ms(calls: Iterable[Callable[[], object]]) -> float:
    """Return the median time of calls in milliseconds; the iterator's own work is not timed."""
    times = []
    for call in calls:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return float(np.median(times) * 1000)


def git_commit() -> str:
    """Return the commit of the checkout, or `unknown` where there is none."""
    git = ["git", "rev-parse", "HEAD"]
    try:
        done = subprocess.run(git, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def run_tags(history: History, as_of: pd.Timestamp) -> dict[str, str]:
    """Return the tags of every version: what it learned from, and by which code."""
    return {
        "as_of": as_of.isoformat(),
        "data_fingerprint": history.fingerprint,
        "git_commit": git_commit(),
    }


def logged_settings(settings: Any) -> str:
    """Return settings as JSON, those of trees as the run varies them."""
    own = run_variation().of(settings) if isinstance(settings, TreeSettings) else settings
    return orjson.dumps(asdict(own)).decode()


def register(store: ModelRegistry, trained: TrainedModel, decision: GateDecision) -> str:
    """Register a version, and promote it if the gate says so; return its number."""
    now = pd.Timestamp.now("UTC")
    trained = replace(trained, params={**trained.params, "seed": run_seed()})
    trained = replace(trained, description=_description(trained, decision))
    version = store.record(trained, now_ms=int(now.timestamp() * 1000))
    if decision.promoted:
        store.promote(trained.model, version, why=decision.reason, now=registry_time(now))
    return version


def _description(trained: TrainedModel, decision: GateDecision) -> str:
    """Say in a sentence which data, which period, and what the gate decided."""
    history, as_of = trained.tags["data_fingerprint"][:12], trained.tags["as_of"][:10]
    gate = "promoted" if decision.promoted else "not promoted"
    return f"Trained on history {history} as of {as_of}; {gate}: {decision.reason}"


def registry_time(moment: pd.Timestamp) -> str:
    """Return a moment in UTC as the registry stores it: `2026-03-31T10:00:00Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
