"""Touch time as a distribution: one booster for its level, and the spread that levels really have.

The booster predicts the logarithm of the minutes. On later rows the errors are sorted by predicted
level into bins; the quantiles of the errors of a bin are the spread of that level ("level sets":
Hasson, Wang, Januschowski, Gasthaus 2021). The baseline is the same with one level for all.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from data.domain import Json
from models.boosters import Booster, TreeSettings
from models.estimator import Batch, Files, ModelState

QUANTILES = (0.1, 0.5, 0.9)
ONE_FOR_ALL = "one distribution for all"
SETTINGS = TreeSettings(rounds=120, learning_rate=0.06, leaves=15, smallest_leaf=30)
_ROWS_PER_BIN = 150
_MAX_BINS = 20


class TouchTime:
    """Level and spread of the touch time.

    Args:
        trees: Predicts log(1 + minutes); None for the baseline.
        levels: Predicted level in the middle of each bin, rising.
        spread: (bins, 3) quantiles of log minutes less the level.
    """

    def __init__(self, trees: Booster | None, levels: np.ndarray, spread: np.ndarray) -> None:
        self.trees, self.levels, self.spread = trees, levels, spread
        self.kind = "boosted level + level sets" if trees else ONE_FOR_ALL

    @property
    def is_learned(self) -> bool:
        """Return whether the touch time differs from case to case; else one stands for all."""
        return self.trees is not None

    @classmethod
    def fit(cls, rows: Batch, minutes: np.ndarray, words: list[int], weight: np.ndarray) -> Booster:
        """Fit the level on n touch times; `calibrated` adds the spread."""
        return Booster.fit(
            rows.matrix.table,
            np.log1p(minutes),
            SETTINGS,
            weight=weight,
            words=words,
            objective="regression",
        )

    @classmethod
    def calibrated(cls, trees: Booster | None, rows: Batch, minutes: np.ndarray) -> Self:
        """Learn the spread on rows that the trees were not fitted on; None is the baseline."""
        actual = np.log1p(minutes)
        level = trees.predict(rows.matrix)[:, 0] if trees else np.zeros(len(minutes))
        bins = int(np.clip(len(minutes) // _ROWS_PER_BIN, 1, _MAX_BINS)) if trees else 1
        parts = np.array_split(np.argsort(level, kind="stable"), bins)
        middles = np.array([np.median(level[part]) for part in parts])
        spread = [np.quantile(actual[part] - level[part], QUANTILES) for part in parts]
        return cls(trees, np.maximum.accumulate(middles), np.array(spread))

    def predict(self, rows: Batch) -> np.ndarray:
        """Return (n, 3) quantiles 10, 50 and 90 % of the touch minutes."""
        level = self.trees.predict(rows.matrix)[:, 0] if self.trees else np.zeros(rows.n)
        quantile = [level + np.interp(level, self.levels, column) for column in self.spread.T]
        return np.sort(np.maximum(np.expm1(np.stack(quantile, axis=1)), 0.1), axis=1)

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return the gain of each feature; empty for the baseline."""
        return self.trees.importance_by_name(names) if self.trees else {}

    def to_json(self) -> ModelState:
        """Return plain values and the booster, if there is one."""
        files = {"trees.txt": self.trees.to_text()} if self.trees else {}
        values = {"levels": self.levels.tolist(), "spread": self.spread.tolist()}
        return ModelState(values, files)

    @classmethod
    def from_json(cls, values: Json, files: Files) -> Self:
        """Build from what `to_json` gave."""
        trees = Booster.from_text(files["trees.txt"]) if "trees.txt" in files else None
        return cls(trees, np.array(values["levels"]), np.array(values["spread"]))
