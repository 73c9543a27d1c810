"""Plain LightGBM on the raw columns: what anybody would try first, and the mark of each label.

It is tuned with care: the leaves and the rounds are those of the least loss on the newest fifth of
the labelled rows, fitted on the others. Then it is fitted on all of them.
"""

from typing import Any, NamedTuple

import lightgbm as lgb
import numpy as np

from features.engine.feature_set import Columns
from models.boosters import DEFAULT_SEED
from models.breach.raw_columns import RawColumns
from models.classifiers.calibration import codes
from training.triage import fit
from training.triage.dataset import TriageDataset

KIND = "plain LightGBM on the raw columns"
QUANTILES = (0.1, 0.5, 0.9)
LEAVES = (7, 31)
MAX_ROUNDS, PATIENCE_ROUNDS = 300, 15
LEARNING_RATE = 0.1
CLASS_SETTINGS = {
    "learning_rate": 0.05,
    "lambda_l2": 5.0,
    "cat_smooth": 20.0,
    "min_data_in_leaf": 40,
}
"""With LightGBM's own settings dozens of classes, some of them rare, diverge."""
MAX_ROWS = 20_000
"""Newest rows to learn from: dozens of classes take minutes on more."""
TUNING_SHARE = 0.2


def plain_quantiles(
    dataset: TriageDataset, rows: np.ndarray, tick: int, values: np.ndarray, recorded: np.ndarray
) -> np.ndarray | None:
    """Return (n, 3) quantiles of a time, fitted on what was recorded before a tick.

    Args:
        dataset: The exceptions.
        rows: Positions of n exceptions.
        tick: What was detected at or after it is not learned from.
        values: The time of each exception, in any unit.
        recorded: Whether it was known before the tick.

    Returns:
        None where too few times were known.
    """
    learned = np.flatnonzero((dataset.detected_at < tick) & recorded)
    if len(learned) < fit.MIN_ROWS_TO_FIT:
        return None
    actual = np.maximum(values, 0.0)
    quantiles = [
        _predicted(dataset, learned, actual[learned], rows, objective="quantile", alpha=share)
        for share in QUANTILES
    ]
    return np.sort(np.maximum(np.stack(quantiles, axis=1), 0.0), axis=1)


def plain_classes(
    dataset: TriageDataset, rows: np.ndarray, tick: int, label: str, names: list[str]
) -> np.ndarray | None:
    """Return (n, classes) probabilities of a label, fitted on the labels known before a tick.

    Args:
        dataset: The exceptions.
        rows: Positions of n exceptions.
        tick: Labels recorded at or after it are not learned from.
        label: category, team or priority.
        names: The classes, by code.

    Returns:
        None where too few labels, or only those of one class, were known.
    """
    latest = dataset.labels.classes[label].at(tick, len(dataset.ids))
    code = codes(latest, names)
    learned = np.flatnonzero((dataset.detected_at < tick) & (code >= 0))
    if len(learned) < fit.MIN_ROWS_TO_FIT or len(np.unique(code[learned])) < 2:
        return None
    classes = {"objective": "multiclass", "num_class": len(names)}
    return _predicted(dataset, learned, code[learned], rows, **CLASS_SETTINGS, **classes)


def _predicted(
    dataset: TriageDataset, learned: np.ndarray, label: np.ndarray, rows: np.ndarray, **task: Any
) -> np.ndarray:
    """Fit on the newest labelled rows, and predict others."""
    order = np.argsort(dataset.detected_at[learned], kind="stable")[-MAX_ROWS:]
    columns = _taken(dataset.columns, learned[order])
    read = RawColumns.of(columns)
    booster = _tuned(read.table(columns), label[order], read.word_columns, task)
    return np.asarray(booster.predict(read.table(_taken(dataset.columns, rows)), num_threads=1))


def _taken(columns: Columns, rows: np.ndarray) -> Columns:
    return {name: column[rows] for name, column in columns.items()}


def _tuned(
    table: np.ndarray, label: np.ndarray, words: list[int], task: dict[str, Any]
) -> lgb.Booster:
    """Fit on all rows with the leaves and rounds that did best on the newest ones."""
    cut = int(len(label) * (1 - TUNING_SHARE))
    tried = [
        _tried(table, label, words, cut=cut, params=_params(leaves, task)) for leaves in LEAVES
    ]
    best = min(tried, key=lambda own: own.loss)
    data = lgb.Dataset(table, label, categorical_feature=words)
    return lgb.train(_params(best.leaves, task), data, num_boost_round=best.rounds)


class _TriedSettings(NamedTuple):
    """Settings with their loss on the newest rows."""

    loss: float
    leaves: int
    rounds: int


def _tried(
    table: np.ndarray, label: np.ndarray, words: list[int], *, cut: int, params: dict[str, Any]
) -> _TriedSettings:
    fitted = lgb.Dataset(table[:cut], label[:cut], categorical_feature=words, free_raw_data=False)
    newest = lgb.Dataset(table[cut:], label[cut:], reference=fitted)
    booster = lgb.train(
        params,
        fitted,
        num_boost_round=MAX_ROUNDS,
        valid_sets=[newest],
        valid_names=["newest"],
        callbacks=[lgb.early_stopping(PATIENCE_ROUNDS, verbose=False)],
    )
    (loss,) = booster.best_score["newest"].values()
    return _TriedSettings(float(loss), params["num_leaves"], max(booster.best_iteration, 1))


def _params(leaves: int, task: dict[str, Any]) -> dict[str, Any]:
    return {
        "num_leaves": leaves,
        "learning_rate": LEARNING_RATE,
        "seed": DEFAULT_SEED,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        **task,
    }
