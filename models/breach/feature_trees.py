"""Boosted trees on all features, shared by the estimators that differ only in their labels."""

from collections.abc import Sequence

import numpy as np

from models.boosters import Booster, TreeSettings
from models.breach.contract import BreachEstimator, Contribution
from models.estimator import Batch, ModelState
from models.time_grid import ResolveChances

SETTINGS = TreeSettings(
    rounds=150, learning_rate=0.04, leaves=15, smallest_leaf=40, columns_share=0.3
)

WORDS_OF_THE_MESSAGE = "Words of the message"


class FeatureTrees(BreachEstimator):
    """Trees on the features.

    Args:
        booster: The trees.
        kind: Name in reports.
        stored_as: Name of the file that loads it.
    """

    def __init__(self, booster: Booster, kind: str, stored_as: str) -> None:
        self.kind, self.stored_as, self._booster = kind, stored_as, booster

    def predict(self, rows: Batch, times: ResolveChances | None) -> np.ndarray:
        """Return n chances of a breach; times are not read."""
        return self._booster.predict(rows.matrix)[:, 0]

    def contributions(self, rows: Batch, meanings: Sequence[str]) -> list[Contribution]:
        """Return the contributions of the features; all words of the message have one meaning."""
        values = self._booster.contributions(rows.matrix.table)[0, :-1].tolist()
        words = [WORDS_OF_THE_MESSAGE] * (len(values) - len(meanings))
        return list(map(Contribution, [*meanings, *words], values))

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return the gain of each feature and of each bucket of the message."""
        return self._booster.importance_by_name(names)

    def to_json(self) -> ModelState:
        """Return the booster."""
        return ModelState({}, {"trees.txt": self._booster.to_text()})
