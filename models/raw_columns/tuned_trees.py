"""Plain LightGBM on the raw columns, tuned: what anybody would try first.

The leaves and the rounds are those of the least loss on the newest fifth of the rows, fitted on the
others. Then it is fitted on all of them.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import lightgbm as lgb
import numpy as np

from features.engine.feature_set import Columns
from models.boosters import DEFAULT_SEED, Booster
from models.estimator import ModelState
from models.raw_columns.table import RawColumns

KIND = "plain LightGBM on the raw columns"
LEAVES = (7, 31)
MAX_ROUNDS, PATIENCE_ROUNDS = 300, 15
LEARNING_RATE = 0.1
MAX_ROWS = 20_000
"""Newest rows to learn from: dozens of classes take minutes on more."""
TUNING_SHARE = 0.2
_FILE = "trees.txt"


@dataclass(frozen=True)
class TunedTrees:
    """Boosted trees on raw columns.

    Attributes:
        booster: The trees.
        columns: The columns that they read.
    """

    booster: Booster
    columns: RawColumns

    @classmethod
    def fit(cls, columns: Columns, label: np.ndarray, **objective: Any) -> Self:
        """Fit on the newest of n subjects, by the time of detection.

        Args:
            columns: Their raw columns.
            label: n numbers as the objective wants them.
            objective: LightGBM's parameters of the objective; they replace those of the trees.
        """
        newest = np.argsort(columns["detected_at"], kind="stable")[-MAX_ROWS:]
        learned = {name: column[newest] for name, column in columns.items()}
        read = RawColumns.of(learned)
        trees = _tuned(read.table(learned), label[newest], read.word_columns, objective)
        return cls(Booster(trees), read)

    def predict(self, columns: Columns) -> np.ndarray:
        """Return (n, outputs) of n subjects."""
        if len(columns["detected_at"]) == 1:
            return self.booster.predict_row(self.columns.single_row(columns))[None, :]
        return self.booster.predict_table(self.columns.table(columns))

    def to_json(self) -> ModelState:
        """Return the columns and the booster."""
        return ModelState({"columns": self.columns.to_json()}, {_FILE: self.booster.to_text()})

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Build from what `to_json` gave."""
        booster = Booster.from_text(state.files[_FILE])
        return cls(booster, RawColumns.from_json(state.values["columns"]))


def _tuned(
    table: np.ndarray, label: np.ndarray, words: list[int], objective: dict[str, Any]
) -> lgb.Booster:
    """Fit on all rows with the leaves and rounds that did best on the newest ones."""
    cut = int(len(label) * (1 - TUNING_SHARE))
    tried = [
        _tried(table, label, words, cut=cut, params=_params(leaves, objective)) for leaves in LEAVES
    ]
    best = min(tried, key=lambda settings: settings.loss)
    data = lgb.Dataset(table, label, categorical_feature=words)
    return lgb.train(_params(best.leaves, objective), data, num_boost_round=best.rounds)


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


def _params(leaves: int, objective: dict[str, Any]) -> dict[str, Any]:
    return {
        "num_leaves": leaves,
        "learning_rate": LEARNING_RATE,
        "seed": DEFAULT_SEED,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        **objective,
    }
