"""Evidence of a message's meaning for each class: labels in one language serve another.

A linear model reads the hidden layer of the token table. It speaks for messages that are foreign:
most of their pieces occur in no message that the label's models learned from.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from data.domain import Json
from features.engine import text
from features.engine.compute import Matrix
from features.exceptions.features import FEATURES
from models.classifiers.token_table import TokenTable
from models.estimator import Batch

if TYPE_CHECKING:  # a service that only predicts never loads it
    from sklearn.linear_model import LogisticRegression

MESSAGE = FEATURES.message or ""
MAX_TRAINING_ROWS = 6_000
MIN_OCCURRENCES = 3
"""A piece is familiar if so many messages of the training rows have it."""
MAX_FAMILIAR_SHARE = 0.5
MIN_PIECES = 2
DEFAULT_WEIGHT = 0.3
"""Weight of the evidence where too few rows tell; messages repeat what other columns say."""


@dataclass(frozen=True)
class MeaningModel:
    """Linear model of the meaning of messages.

    Attributes:
        table: Reads messages.
        weights: (hidden units, classes); the prior is taken out.
        intercept: One for each class.
        familiar: For each piece whether the training messages have it.
        weight: Of the evidence beside all else that is recorded of a row.
    """

    table: TokenTable
    weights: np.ndarray
    intercept: np.ndarray
    familiar: np.ndarray
    weight: float = DEFAULT_WEIGHT

    @classmethod
    def fit(
        cls, table: TokenTable, rows: Batch, code: np.ndarray, log_prior: np.ndarray
    ) -> Self | None:
        """Fit on rows with messages; None where they are of fewer than two classes."""
        from sklearn.linear_model import LogisticRegression

        messages = rows.columns[MESSAGE]
        has_message = np.flatnonzero([bool(message) for message in messages])[-MAX_TRAINING_ROWS:]
        if len(np.unique(code[has_message])) < 2:
            return None
        tokens = [table.read(str(messages[i])) for i in has_message]
        hidden = np.stack([token.hidden for token in tokens])
        model = LogisticRegression(C=1.0, max_iter=300, tol=1e-3).fit(hidden, code[has_message])
        weights, intercept = _by_class(model, len(log_prior))
        counts = np.zeros(len(table.parts.pieces), int)
        for token in tokens:
            counts[list({*token.pieces.tolist()})] += 1
        return cls(table, weights, intercept - log_prior, counts >= MIN_OCCURRENCES)

    def foreign(self, rows: Batch) -> np.ndarray:
        """Return the positions of rows whose message is foreign to the training messages."""
        messages = rows.columns.get(MESSAGE)
        if messages is None:
            return np.empty(0, np.intp)
        return np.flatnonzero([self._is_foreign(message) for message in messages])

    def _is_foreign(self, message: str | None) -> bool:
        if not message:
            return False
        pieces = self.table.read(message).pieces
        if len(pieces) < MIN_PIECES:
            return False
        return bool(self.familiar[pieces].mean() < MAX_FAMILIAR_SHARE)

    def evidence(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) log likelihoods of messages, up to a constant for each row.

        They are the same for all classes where there is no message.
        """
        messages = rows.columns[MESSAGE]
        scores = np.zeros((rows.n, self.weights.shape[1]))
        has_message = np.flatnonzero([bool(message) for message in messages])
        for row in has_message:
            scores[row] = self.table.read(str(messages[row])).hidden @ self.weights + self.intercept
        return self.weight * (scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))

    def to_json(self) -> Json:
        """Return plain values; the table is stored beside them."""
        return {
            "weights": self.weights.tolist(),
            "intercept": self.intercept.tolist(),
            "familiar": np.flatnonzero(self.familiar).tolist(),
            "weight": self.weight,
        }

    @classmethod
    def from_json(cls, values: Json, table: TokenTable) -> Self:
        """Build from what `to_json` gave."""
        familiar = np.zeros(len(table.parts.pieces), bool)
        familiar[values["familiar"]] = True
        return cls(
            table=table,
            weights=np.array(values["weights"]),
            intercept=np.array(values["intercept"]),
            familiar=familiar,
            weight=values["weight"],
        )


class _Linear(NamedTuple):
    """Weights (inputs, classes) and intercepts of a linear model."""

    weights: np.ndarray
    intercept: np.ndarray


_INTERCEPT_OF_UNSEEN = -8.0
"""For a class without any training message."""


def _by_class(model: "LogisticRegression", classes: int) -> _Linear:
    weights = np.zeros((model.coef_.shape[1], classes))
    intercept = np.full(classes, _INTERCEPT_OF_UNSEEN)
    own, biases = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(model.classes_) == 2:  # scikit-learn gives the weights of the second class alone
        own, biases = np.concatenate([-own, own]) / 2, np.concatenate([-biases, biases]) / 2
    weights[:, model.classes_], intercept[model.classes_] = own.T, biases
    return _Linear(weights, intercept)


def without_messages(rows: Batch, positions: np.ndarray) -> Batch:
    """Return the rows, those at some positions as if they had no message."""
    if rows.matrix.messages is None or not len(positions):
        return rows
    buckets = list(rows.matrix.messages.buckets)
    for row in positions:
        buckets[row] = text.buckets("")
    return rows._replace(matrix=Matrix(rows.matrix.dense, text.Messages(buckets)))
