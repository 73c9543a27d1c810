"""Classes by ranking candidates: for labels of dozens of classes.

A multiclass booster costs a tree for each class and round. Here one booster ranks only the few
candidates that an exception's entities ended in before (`features.engine.class_shares`).
"""

from typing import Any, Self

import numpy as np

from data.domain import Json
from features.engine.class_shares import ClassShares, share_features
from models.boosters import Booster, TreeSettings
from models.classifiers.calibration import codes
from models.estimator import Batch, Files

MOST_CANDIDATES = 8
MOST_TRAINING_ROWS = 100_000
SETTINGS = TreeSettings(rounds=120, learning_rate=0.1, leaves=15, smallest_leaf=40)


class CandidateRanker:
    """LambdaRank over candidates.

    Args:
        trees: Ranks the candidates of one subject.
        shares: The labelled past.
        names: The classes, by code.
        first_column: The column that holds the class given at first; empty if none does.
    """

    kind = "candidate ranking"

    def __init__(
        self, trees: Booster, shares: ClassShares, names: list[str], first_column: str
    ) -> None:
        self.trees, self.shares, self.names, self.first_column = trees, shares, names, first_column

    @classmethod
    def fit(
        cls,
        rows: Batch,
        label: np.ndarray,
        shares: ClassShares,
        names: list[str],
        first_column: str,
        weight: np.ndarray,
    ) -> Self:
        """Fit on n codes of classes; rows whose class is no candidate teach nothing."""
        recent = np.argsort(rows.as_of, kind="stable")[-MOST_TRAINING_ROWS:]
        rows, label, weight = rows.take(recent), label[recent], weight[recent]
        candidates, table = _candidates(rows, shares, names, first_column)
        hit = candidates == label[:, None]
        taught = hit.any(axis=1)
        most = candidates.shape[1]
        trees = Booster.fit(
            table[taught].reshape(-1, table.shape[2]),
            hit[taught].ravel().astype(float),
            SETTINGS,
            weight=np.repeat(weight[taught], most),
            group=np.full(int(taught.sum()), most),
            objective="lambdarank",
        )
        return cls(trees, shares, names, first_column)

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) scores, -inf for those that are no candidates."""
        candidates, table = _candidates(rows, self.shares, self.names, self.first_column)
        n, most, width = table.shape
        score = self.trees.predict_table(table.reshape(n * most, width)).reshape(n, most)
        result = np.full((n, len(self.names)), -np.inf)
        np.put_along_axis(result, candidates, score, axis=1)
        return result

    def to_json(self) -> tuple[dict[str, Any], Files]:
        """Return plain values and the booster; the labelled past is the bundle's."""
        values = {"first_column": self.first_column, "entities": list(self.shares.entities)}
        return values, {"trees.txt": self.trees.to_text()}

    @classmethod
    def from_json(cls, values: Json, files: Files, shares: ClassShares, names: list[str]) -> Self:
        """Build from what `to_json` gave."""
        return cls(Booster.from_text(files["trees.txt"]), shares, names, values["first_column"])


def _candidates(
    rows: Batch, shares: ClassShares, names: list[str], first_column: str
) -> tuple[np.ndarray, np.ndarray]:
    column = rows.columns.get(first_column)
    first = np.full(rows.n, -1) if column is None else codes(column, names)
    most = min(MOST_CANDIDATES, len(names))
    candidates, counts = shares.count(rows.keys, rows.as_of, first, most)
    return candidates, share_features(candidates, counts, shares.overall, first)
