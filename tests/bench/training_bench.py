"""Training from a history against the bare LightGBM fits in it, two at a time as training does."""

from functools import partial
from pathlib import Path
from typing import Any

import lightgbm as lgb
import pandas as pd
from timing import Ratio, seconds

from data.history.history import History
from models.registry.store import ModelRegistry
from training.triage.fit import side_by_side
from training.triage.train import train_triage


def run(history: Path, as_of: pd.Timestamp, store: ModelRegistry) -> Ratio:
    """Train once and keep what LightGBM was given; then fit only that again."""
    fits: list[partial[lgb.Booster]] = []
    train, dataset = lgb.train, lgb.Dataset
    given: dict[int, partial[lgb.Dataset]] = {}

    def keep_dataset(*arguments: Any, **options: Any) -> lgb.Dataset:
        made = dataset(*arguments, **options)
        given[id(made)] = partial(dataset, *arguments, **options)
        return made

    def keep_fit(params: dict[str, Any], data: lgb.Dataset, **options: Any) -> lgb.Booster:
        booster = train(params, data, **options)
        # One that stopped early counts with the rounds that it took, without its validation.
        fits.append(partial(_fit, train, params, given[id(data)], booster.current_iteration()))
        return booster

    lgb.train, lgb.Dataset = keep_fit, keep_dataset
    try:
        whole = seconds(
            lambda: train_triage(History.open(history), as_of, store, lambda _said: None)
        )
    finally:
        lgb.train, lgb.Dataset = train, dataset
    bare = seconds(lambda: side_by_side(fits))
    what = "`training triage`, from history to registered version"
    return Ratio(what, f"its {len(fits)} LightGBM fits alone, two at a time", whole, bare, "s", 1.5)


def _fit(train: Any, params: dict[str, Any], data: partial[lgb.Dataset], rounds: int) -> Any:
    return train(params, data(), num_boost_round=rounds)
