"""Classes by one multiclass booster: for labels of few classes."""

from dataclasses import replace
from typing import Any, Self

import numpy as np

from data.domain import Json
from models.boosters import Booster, TreeSettings
from models.estimator import Batch, Files

MOST_CLASSES = 24
"""Each class costs a tree a round: beyond this the candidates are quicker and no worse."""

SETTINGS = TreeSettings(rounds=60, learning_rate=0.1, leaves=15, smallest_leaf=15)


class BoostedClassifier:
    """Boosted trees, one for each class and round."""

    kind = "boosted trees"

    def __init__(self, trees: Booster) -> None:
        self.trees = trees

    @classmethod
    def fit(
        cls, rows: Batch, label: np.ndarray, classes: int, words: list[int], weight: np.ndarray
    ) -> Self:
        """Fit on n codes of classes, each in 0 to `classes` - 1."""
        smallest = int(np.clip(rows.n // 150, 5, SETTINGS.smallest_leaf))
        return cls(
            Booster.fit(
                rows.matrix.table,
                label,
                replace(SETTINGS, smallest_leaf=smallest),
                weight=weight,
                words=words,
                objective="multiclass",
                num_class=classes,
            )
        )

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) log probabilities."""
        return np.log(np.maximum(self.trees.predict(rows.matrix), 1e-9))

    def to_json(self) -> tuple[dict[str, Any], Files]:
        """Return plain values and the booster."""
        return {}, {"trees.txt": self.trees.to_text()}

    @classmethod
    def from_json(cls, _values: Json, files: Files) -> Self:
        """Build from what `to_json` gave."""
        return cls(Booster.from_text(files["trees.txt"]))
