"""Remaining delivery time of an order, and so the chance that its promise holds.

To be late is to take longer than promised, and the promise is known. Every delivery teaches how
long orders take, while only the few late ones teach what lateness looks like: in trials on real
orders the time told late from punctual far better than boosted trees on late or not.
"""

from typing import Self

import numpy as np

from data.domain import Json
from models.boosters import Booster, TreeSettings
from models.estimator import Files, ModelState

SETTINGS = TreeSettings(
    rounds=200, learning_rate=0.03, leaves=15, smallest_leaf=60, columns_share=0.3, l2=10.0
)
MIN_DELIVERIES = 200


class DeliveryTime:
    """Median of the log hours from a stage to the delivery.

    Args:
        trees: Predicts it.
        grace_hours: How long after the promised moment an order is said to be late.
    """

    def __init__(self, trees: Booster, grace_hours: float) -> None:
        self.trees, self.grace_hours = trees, grace_hours

    @classmethod
    def fit(
        cls, dense: np.ndarray, hours: np.ndarray, weight: np.ndarray, grace_hours: float
    ) -> Self:
        """Fit on n orders that were delivered `hours` after they reached their stage."""
        label = np.log1p(np.maximum(hours, 1.0))
        trees = Booster.fit(dense, label, SETTINGS, weight=weight, objective="regression_l1")
        return cls(trees, grace_hours)

    def residual(self, dense: np.ndarray, hours: np.ndarray) -> np.ndarray:
        """Return how much longer than predicted n orders took, on the log scale; 1 at most."""
        taken = np.log1p(np.maximum(hours, 1.0))
        return np.clip(taken - self.trees.predict_table(dense)[:, 0], -1.0, 1.0)

    def shortage(self, dense: np.ndarray, hours_left: np.ndarray) -> np.ndarray:
        """Return how much longer than is left it takes, on the log scale; 0 without a promise.

        Args:
            dense: (n, features).
            hours_left: n hours left to the promise, NaN where there is none.
        """
        taken = self.trees.predict_table(dense)[:, 0]
        left = np.log1p(np.maximum(hours_left + self.grace_hours, 1.0))
        return np.where(np.isnan(hours_left), 0.0, taken - left)

    def to_json(self) -> ModelState:
        """Return plain values and the booster."""
        values = {"grace_hours": self.grace_hours}
        return ModelState(values, {"trees.txt": self.trees.to_text()})

    @classmethod
    def from_json(cls, values: Json, files: Files) -> Self:
        """Build from what `to_json` gave."""
        return cls(Booster.from_text(files["trees.txt"]), values["grace_hours"])
