"""Logistic regression on all features: numbers standardised, common words one by one."""

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from models.breach.contract import BreachEstimator, BreachTask, Contribution
from models.estimator import Batch, ModelState
from models.time_grid import ResolveChances

NAME = "logistic"
_INVERSE_PENALTY = 0.02
_MAX_DEVIATIONS = 5.0
_MAX_TRAINING_ROWS = 60_000


class LogisticBreach(BreachEstimator):
    """Weights of standardised numbers and of words.

    Args:
        mean: One for each feature; 0 for those that hold words.
        deviation: One for each feature, above 0.
        word_columns: Features that hold codes of words.
        words: How many words each of them has.
        weights: Of the numbers, then of the words, then the intercept.
    """

    kind, stored_as = "logistic regression", NAME

    def __init__(
        self,
        mean: np.ndarray,
        deviation: np.ndarray,
        word_columns: list[int],
        words: list[int],
        weights: np.ndarray,
    ) -> None:
        self.mean, self.deviation = mean, deviation
        self.word_columns, self.words, self.weights = word_columns, words, weights
        self._numbers = np.setdiff1d(np.arange(len(mean)), word_columns)
        self._mean, self._deviation = mean[self._numbers], deviation[self._numbers]
        self._sizes = np.array(words, np.float64)
        self._first_words = len(self._numbers) + np.cumsum([0, *words])[:-1].astype(np.intp)

    def numbers(self, dense: np.ndarray) -> np.ndarray:
        """Return (n, numbers) standardised numbers; 0 where missing."""
        scaled = (dense[:, self._numbers] - self._mean) / self._deviation
        scaled[np.isnan(scaled)] = 0.0
        return np.minimum(np.maximum(scaled, -_MAX_DEVIATIONS), _MAX_DEVIATIONS)

    def one_hot(self, dense: np.ndarray) -> np.ndarray:
        """Return (n, all words) of 0 and 1."""
        parts = [
            dense[:, [column]] == np.arange(n)
            for column, n in zip(self.word_columns, self.words, strict=True)
        ]
        return np.hstack([np.empty((len(dense), 0)), *parts])

    def predict(self, rows: Batch, times: ResolveChances | None) -> np.ndarray:
        """Return n chances of a breach; times are not read."""
        dense = rows.matrix.dense
        score = self.numbers(dense) @ self.weights[: len(self._numbers)] + self.weights[-1]
        return expit(score + self._of_words(dense).sum(axis=1))

    def _of_words(self, dense: np.ndarray) -> np.ndarray:
        """Return (n, word columns) weights; 0 where a word is missing or new."""
        codes = dense[:, self.word_columns]
        valid = (codes >= 0) & (codes < self._sizes)  # NaN is neither
        own = self.weights[self._first_words + np.where(valid, codes, 0.0).astype(np.intp)]
        return np.where(valid, own, 0.0)

    def contributions(self, rows: Batch, meanings: Sequence[str]) -> list[Contribution]:
        """Return weight times value of each number, and the weight of each word."""
        dense = rows.matrix.dense
        of_numbers = self.numbers(dense)[0] * self.weights[: len(self._numbers)]
        of_words = self._of_words(dense)[0]
        inputs = [meanings[i] for i in (*self._numbers, *self.word_columns)]
        return list(map(Contribution, inputs, [*of_numbers.tolist(), *of_words.tolist()]))

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return the size of the weight of each standardised number; words are left out."""
        sizes = np.abs(self.weights[: len(self._numbers)])
        return {names[int(i)]: float(size) for i, size in zip(self._numbers, sizes, strict=True)}

    def to_json(self) -> ModelState:
        """Return plain values."""
        values = {
            "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
            "word_columns": self.word_columns,
            "words": self.words,
            "weights": self.weights.tolist(),
        }
        return ModelState(values, {})


def suits(_task: BreachTask) -> bool:
    """Return True: a task always has known outcomes."""
    return True


def fit(task: BreachTask) -> LogisticBreach:
    """Fit on the latest subjects whose outcome is known, 60,000 at most."""
    # A service that only predicts never loads it.
    from sklearn.linear_model import LogisticRegression

    labelled = task.labelled
    labelled = labelled[np.argsort(task.rows.as_of[labelled], kind="stable")][-_MAX_TRAINING_ROWS:]
    dense = task.rows.matrix.dense[labelled].astype(np.float64)
    recorded = ~np.isnan(dense)
    n = np.maximum(recorded.sum(axis=0), 1)
    mean = np.where(recorded, dense, 0.0).sum(axis=0) / n
    spread = np.where(recorded, (dense - mean) ** 2, 0.0).sum(axis=0) / n
    words = [int(np.nanmax(dense[:, c], initial=-1)) + 1 for c in task.word_columns]
    model = LogisticBreach(
        mean=mean,
        deviation=np.sqrt(spread) + 1e-9,
        word_columns=list(task.word_columns),
        words=words,
        weights=np.empty(0),
    )
    inputs = np.hstack([model.numbers(dense), model.one_hot(dense)])
    fitted = LogisticRegression(C=_INVERSE_PENALTY, max_iter=500).fit(
        inputs, task.label[labelled] > 0.5, sample_weight=task.label_weight[labelled]
    )
    model.weights = np.concatenate([fitted.coef_[0], fitted.intercept_])
    return model


def load(state: ModelState) -> LogisticBreach:
    """Build a stored estimator again."""
    values = state.values
    return LogisticBreach(
        mean=np.array(values["mean"]),
        deviation=np.array(values["deviation"]),
        word_columns=list(values["word_columns"]),
        words=list(values["words"]),
        weights=np.array(values["weights"]),
    )
