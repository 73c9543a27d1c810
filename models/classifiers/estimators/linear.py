"""Logistic regression on the row's words and on TF-IDF of its message: a baseline."""

import numpy as np
from scipy import sparse

from features.engine.compute import Matrix
from features.engine.event_log import LogRows
from models.classifiers.contract import ClassEstimator, ClassTask
from models.estimator import Batch, ModelState

NAME, IS_BASELINE = "linear", True
MAX_TRAINING_ROWS = 20_000
_INTERCEPT_OF_UNSEEN = -20.0
"""For a class without any training row."""


class LinearClassifier(ClassEstimator):
    """Weights of one-hot words and TF-IDF n-grams.

    Args:
        weights: (inputs, classes).
        intercept: One for each class.
        idf: Inverse document frequency of each n-gram bucket; empty where there are no messages.
        word_columns: Columns of the dense features that hold codes of words.
        words: How many words each of them has.
    """

    kind, stored_as = "TF-IDF + logistic regression", NAME

    def __init__(
        self,
        weights: np.ndarray,
        intercept: np.ndarray,
        idf: np.ndarray,
        word_columns: list[int],
        words: list[int],
    ) -> None:
        self.weights, self.intercept, self.idf = weights, intercept, idf
        self.word_columns, self.words = word_columns, words
        self._sizes = np.array(words, np.float32)
        self._firsts = np.cumsum([0, *words])

    def inputs(self, matrix: Matrix) -> sparse.csr_matrix:
        """Return (n, inputs): one-hot words, then normalised TF-IDF of the message."""
        codes = np.nan_to_num(matrix.dense[:, self.word_columns], nan=-1).astype(int)
        parts = []
        for column, words in enumerate(self.words):
            code = codes[:, column]
            row = np.flatnonzero((code >= 0) & (code < words))
            one_hot = sparse.csr_matrix(
                (np.ones(len(row)), (row, code[row])), shape=(len(codes), words)
            )
            parts.append(one_hot)
        if len(self.idf) and matrix.messages is not None:
            weighted = matrix.messages.csr.multiply(self.idf).tocsr()
            norm = np.sqrt(weighted.multiply(weighted).sum(axis=1)).A1
            parts.append(sparse.diags(1 / np.maximum(norm, 1e-9)) @ weighted)
        if not parts:  # nothing to read: with an empty column the intercept alone decides
            parts.append(sparse.csr_matrix((len(codes), 1)))
        return sparse.csr_matrix(sparse.hstack(parts))

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) linear scores."""
        if rows.n == 1:
            return self._scores_of_single(rows.matrix)[None, :]
        return self.inputs(rows.matrix) @ self.weights + self.intercept

    def _scores_of_single(self, matrix: Matrix) -> np.ndarray:
        """Add up the weights of one row: a sparse matrix costs a millisecond, however small."""
        codes = matrix.dense[0, self.word_columns]
        valid = np.flatnonzero((codes >= 0) & (codes < self._sizes))  # NaN is neither
        row = self._firsts[valid] + codes[valid].astype(np.intp)
        total = self.weights[row].sum(axis=0) + self.intercept
        if len(self.idf) and matrix.messages is not None:
            buckets = matrix.messages.buckets[0]
            idf = self.idf[buckets]
            grams = self.weights[self._firsts[-1] + buckets]
            total += (idf / max(float(np.sqrt(idf @ idf)), 1e-9)) @ grams
        return total

    def to_json(self) -> ModelState:
        """Return plain values."""
        values = {
            "weights": self.weights.tolist(),
            "intercept": self.intercept.tolist(),
            "idf": self.idf.tolist(),
            "word_columns": self.word_columns,
            "words": self.words,
        }
        return ModelState(values, {})


def suits(_task: ClassTask) -> bool:
    """Return True: a linear model serves any task."""
    return True


def fit(task: ClassTask) -> LinearClassifier:
    """Fit on the latest rows, `MAX_TRAINING_ROWS` at most."""
    # A service that only predicts never loads them.
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    latest = task.latest(MAX_TRAINING_ROWS)
    matrix, code = task.rows.matrix.take(latest), task.code[latest]
    dense = matrix.dense[:, task.word_columns]
    top = np.nanmax(np.where(np.isnan(dense), -1, dense), axis=0, initial=-1)
    words = [int(n) + 1 for n in top]
    idf = np.empty(0)
    if matrix.messages is not None:
        idf = TfidfTransformer().fit(matrix.messages.csr).idf_.astype(np.float64)
    model = LinearClassifier(
        weights=np.empty((0, 0)),
        intercept=np.empty(0),
        idf=idf,
        word_columns=task.word_columns,
        words=words,
    )
    fitted = LogisticRegression(C=3.0, max_iter=1_000, tol=1e-3).fit(model.inputs(matrix), code)
    model.weights = np.zeros((fitted.coef_.shape[1], len(task.names)))
    model.intercept = np.full(len(task.names), _INTERCEPT_OF_UNSEEN)
    if len(fitted.classes_) == 2:  # scikit-learn gives the weights of the second class alone
        both = np.stack([-fitted.coef_[0], fitted.coef_[0]], axis=1) / 2
        model.weights[:, fitted.classes_] = both
        model.intercept[fitted.classes_] = np.array([-1, 1]) * fitted.intercept_[0] / 2
    else:
        model.weights[:, fitted.classes_] = fitted.coef_.T
        model.intercept[fitted.classes_] = fitted.intercept_
    return model


def load(state: ModelState, _names: list[str], _past: LogRows | None) -> LinearClassifier:
    """Build a stored model again."""
    values = state.values
    return LinearClassifier(
        weights=np.array(values["weights"]),
        intercept=np.array(values["intercept"]),
        idf=np.array(values["idf"]),
        word_columns=list(values["word_columns"]),
        words=list(values["words"]),
    )
