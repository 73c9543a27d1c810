"""Candidate ranking (LambdaRank): for labels of dozens of classes.

A multiclass booster costs a tree for each class and round. Here one booster ranks only the few
candidates that an exception's entities ended in before (`features.engine.class_shares`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from features.engine.class_shares import ClassShares, share_features
from features.engine.event_log import LogRows
from models.boosters import Booster, TreeSettings
from models.classifiers.calibration import codes
from models.classifiers.contract import ClassEstimator, ClassTask
from models.estimator import Batch, ModelState

NAME, IS_BASELINE = "candidates", False
MAX_CANDIDATES = 8
MAX_TRAINING_ROWS = 100_000
SETTINGS = TreeSettings(rounds=120, learning_rate=0.1, leaves=15, smallest_leaf=40)
_FILE = "trees.txt"


class Candidates(NamedTuple):
    """Classes in question for n subjects, K each.

    Attributes:
        codes: (n, K) codes of the classes.
        features: (n, K, columns) of `share_features`.
    """

    codes: np.ndarray
    features: np.ndarray


class CandidateRanker(ClassEstimator):
    """A booster that ranks the candidates of a subject.

    Args:
        booster: Ranks them.
        shares: The labelled past.
        names: The classes, by code.
        first_column: The column with the class as raised at first; empty if there is none.
    """

    kind, stored_as = "candidate ranking", NAME

    def __init__(
        self, booster: Booster, shares: ClassShares, names: list[str], first_column: str
    ) -> None:
        self.booster, self.names, self.first_column = booster, names, first_column
        self._shares = shares

    @property
    def shares(self) -> ClassShares:
        """The labelled past."""
        return self._shares

    def candidates(self, rows: Batch) -> Candidates:
        """Return the candidates of n subjects; at most `MAX_CANDIDATES` each."""
        return _candidates(rows, self._shares, self.names, self.first_column)

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) scores, -inf for those that are no candidates."""
        candidates, table = self.candidates(rows)
        n, count, width = table.shape
        score = self.booster.predict_table(table.reshape(n * count, width)).reshape(n, count)
        result = np.full((n, len(self.names)), -np.inf)
        np.put_along_axis(result, candidates, score, axis=1)
        return result

    def with_shares(self, shares: ClassShares) -> "CandidateRanker":
        """Return the same booster over another labelled past."""
        return CandidateRanker(self.booster, shares, self.names, self.first_column)

    def importance(self, _names: Sequence[str]) -> dict[str, float]:
        """Return the gain of each number of a candidate, in the order of `share_features`."""
        entities = self.shares.entities
        inputs = [
            *(f"share lately of the {entity}" for entity in entities),
            *(f"share ever of the {entity}" for entity in entities),
            *(f"past of the {entity}" for entity in entities),
            "share over all",
            "set at first",
            "mean of the shares",
        ]
        return self.booster.importance_by_name(inputs)

    def to_json(self) -> ModelState:
        """Return plain values and the booster; the champion stores the labelled past beside it."""
        values = {"first_column": self.first_column, "entities": list(self.shares.entities)}
        return ModelState(values, {_FILE: self.booster.to_text()})


def suits(task: ClassTask) -> bool:
    """Return whether the classes of any entity's past are worth counting."""
    return bool(task.share_entities)


def fit(task: ClassTask) -> CandidateRanker:
    """Fit on the latest rows; rows whose class is no candidate teach nothing."""
    if task.past is None:
        raise ValueError("candidates need their labelled past")
    shares = ClassShares(task.past, task.share_entities, len(task.names))
    latest = task.latest(MAX_TRAINING_ROWS)
    rows, code, weight = task.rows.take(latest), task.code[latest], task.weight[latest]
    candidates, table = _candidates(rows, shares, task.names, task.first_column)
    hit = candidates == code[:, None]
    has_hit = hit.any(axis=1)
    count = candidates.shape[1]
    booster = Booster.fit(
        table[has_hit].reshape(-1, table.shape[2]),
        hit[has_hit].ravel().astype(float),
        SETTINGS,
        weight=np.repeat(weight[has_hit], count),
        group=np.full(int(has_hit.sum()), count),
        objective="lambdarank",
    )
    return CandidateRanker(booster, shares, task.names, task.first_column)


def load(state: ModelState, names: list[str], past: LogRows | None) -> CandidateRanker:
    """Build a stored ranker over its labelled past.

    Raises:
        ValueError: The labelled past is missing.
    """
    if past is None:
        raise ValueError("candidates need their labelled past")
    shares = ClassShares(past, state.values["entities"], len(names))
    booster = Booster.from_text(state.files[_FILE])
    return CandidateRanker(booster, shares, names, state.values["first_column"])


def _candidates(
    rows: Batch, shares: ClassShares, names: list[str], first_column: str
) -> Candidates:
    column = rows.columns.get(first_column)
    first = np.full(rows.n, -1) if column is None else codes(column, names)
    candidates, counts = shares.count(rows.keys, rows.as_of, first, min(MAX_CANDIDATES, len(names)))
    return Candidates(candidates, share_features(candidates, counts, shares.overall, first))
