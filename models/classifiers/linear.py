"""Classes by logistic regression on TF-IDF of the message and the words of the row: a baseline."""

from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from data.domain import Json
from features.engine.compute import Matrix
from models.estimator import Batch, Files

MOST_TRAINING_ROWS = 20_000


class LinearClassifier:
    """Weights of one-hot words and TF-IDF n-grams.

    Args:
        weights: (inputs, classes).
        intercept: One for each class.
        idf: Inverse document frequency of each n-gram bucket; empty where there are no messages.
        word_columns: Columns of the dense features that hold codes of words.
        words: How many words each of them has.
    """

    kind = "TF-IDF + logistic regression"

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

    @classmethod
    def fit(cls, rows: Batch, label: np.ndarray, classes: int, word_columns: list[int]) -> Self:
        """Fit on n codes of classes, on the latest 20,000 rows at most."""
        recent = np.argsort(rows.as_of, kind="stable")[-MOST_TRAINING_ROWS:]
        rows, label = rows.take(recent), label[recent]
        dense = rows.matrix.dense[:, word_columns]
        top = np.nanmax(np.where(np.isnan(dense), -1, dense), axis=0, initial=-1)
        words = [int(n) + 1 for n in top]
        idf = np.empty(0)
        if rows.matrix.messages is not None:
            idf = TfidfTransformer().fit(rows.matrix.messages.csr).idf_.astype(np.float64)
        model = cls(np.empty((0, 0)), np.empty(0), idf, word_columns, words)
        fitted = LogisticRegression(C=3.0, max_iter=1_000, tol=1e-3).fit(
            model._inputs(rows.matrix), label
        )
        weights = np.zeros((fitted.coef_.shape[1], classes))
        intercept = np.full(classes, -20.0)
        if len(fitted.classes_) == 2:
            weights[:, fitted.classes_] = np.stack([-fitted.coef_[0], fitted.coef_[0]], axis=1) / 2
            intercept[fitted.classes_] = np.array([-1, 1]) * fitted.intercept_[0] / 2
        else:
            weights[:, fitted.classes_] = fitted.coef_.T
            intercept[fitted.classes_] = fitted.intercept_
        model.weights, model.intercept = weights, intercept
        return model

    def _inputs(self, matrix: Matrix) -> sparse.csr_matrix:
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
        if not parts:  # nothing to read: an empty column leaves the intercept alone to speak
            parts.append(sparse.csr_matrix((len(codes), 1)))
        return sparse.csr_matrix(sparse.hstack(parts))

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) linear scores."""
        if rows.n == 1:
            return self._scores_of_one(rows.matrix)[None, :]
        return self._inputs(rows.matrix) @ self.weights + self.intercept

    def _scores_of_one(self, matrix: Matrix) -> np.ndarray:
        """Sparse matrices cost a millisecond however small: one row adds up its weights instead."""
        codes = matrix.dense[0, self.word_columns]
        known = np.flatnonzero((codes >= 0) & (codes < self._sizes))  # NaN is neither
        place = self._firsts[known] + codes[known].astype(np.intp)
        total = self.weights[place].sum(axis=0) + self.intercept
        if len(self.idf) and matrix.messages is not None:
            buckets = matrix.messages.buckets[0]
            idf = self.idf[buckets]
            grams = self.weights[self._firsts[-1] + buckets]
            total += (idf / max(float(np.sqrt(idf @ idf)), 1e-9)) @ grams
        return total

    def to_json(self) -> tuple[dict[str, Any], Files]:
        """Return plain values."""
        return {
            "weights": self.weights.tolist(),
            "intercept": self.intercept.tolist(),
            "idf": self.idf.tolist(),
            "word_columns": self.word_columns,
            "words": self.words,
        }, {}

    @classmethod
    def from_json(cls, values: Json, _files: Files) -> Self:
        """Build from what `to_json` gave."""
        return cls(
            np.array(values["weights"]),
            np.array(values["intercept"]),
            np.array(values["idf"]),
            list(values["word_columns"]),
            list(values["words"]),
        )
