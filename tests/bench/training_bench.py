"""Training from a history against the bare LightGBM fits inside it."""

import time
from pathlib import Path
from typing import Any

import lightgbm as lgb
import pandas as pd
from timing import Ratio

from data.history import History
from models.store import Store
from training.triage import train_triage


def run(history: Path, as_of: pd.Timestamp, store: Store) -> Ratio:
    """Train once, and count the time spent inside LightGBM."""
    inside = 0.0
    fit, build = lgb.train, lgb.Dataset.construct

    def timed(call: Any) -> Any:
        def measured(*arguments: Any, **options: Any) -> Any:
            nonlocal inside
            begin = time.perf_counter()
            try:
                return call(*arguments, **options)
            finally:
                inside += time.perf_counter() - begin

        return measured

    lgb.train, lgb.Dataset.construct = timed(fit), build
    try:
        begin = time.perf_counter()
        train_triage(History.open(history), as_of, store, lambda _said: None)
        whole = time.perf_counter() - begin
    finally:
        lgb.train, lgb.Dataset.construct = fit, build
    return Ratio("`training triage`, all of it", "the bare LightGBM fits in it", whole, inside, "s", 1.5)
