"""Candidate ranking together with a linear model of all words: the surer of the two decides.

The ranker counts the past of a few candidates. The linear model gives each value of each entity,
however many there are, a weight for each class; so it knows classes that are no candidates, too.
The weighted mean of their log probabilities is a logarithmic opinion pool (Genest and Zidek 1986).
"""

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from features.engine.class_shares import ClassShares
from features.engine.event_log import Keys, LogRows
from models.classifiers.contract import ClassEstimator, ClassTask
from models.classifiers.estimators import candidate_ranker
from models.estimator import Batch, ModelState

NAME, IS_BASELINE = "candidates_and_words", False
SHARE_OF_RANKER = 0.5
"""Measured on two weeks of March of an incident log: 0.3 to 0.7 are alike in accuracy."""
FLOOR = 0.02
"""Share of the uniform distribution in the ranker's: no class is impossible."""
MAX_TRAINING_ROWS = 20_000
MIN_OCCURRENCES = 2
REGULARISATION = 0.3
_NEVER = -20.0
_WEIGHTS_FILE, _SEPARATOR = "weights.txt", "\x1e"


class CandidatesAndWords(ClassEstimator):
    """Weighted mean of the log probabilities of both.

    Args:
        ranker: Ranks candidates.
        vocabulary: For each entity and word the row of its weights, by entity, mark and word.
        weights: (words, classes).
        intercept: One for each class.
    """

    kind, stored_as = "candidate ranking + logistic regression on all words", NAME

    def __init__(
        self,
        ranker: candidate_ranker.CandidateRanker,
        vocabulary: dict[str, int],
        weights: np.ndarray,
        intercept: np.ndarray,
    ) -> None:
        self.ranker, self.vocabulary = ranker, vocabulary
        self.weights, self.intercept = weights, intercept

    @property
    def shares(self) -> ClassShares:
        """The labelled past."""
        return self.ranker.shares

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) log probabilities, not normalised."""
        ranked = self.ranker.scores(rows)
        ranked = np.exp(ranked - ranked.max(axis=1, keepdims=True))
        ranked /= ranked.sum(axis=1, keepdims=True)
        ranked = np.log((1 - FLOOR) * ranked + FLOOR / ranked.shape[1])
        words = np.stack([self._of_words(rows.keys, row) for row in range(rows.n)])
        words -= np.logaddexp.reduce(words, axis=1, keepdims=True)
        return SHARE_OF_RANKER * ranked + (1 - SHARE_OF_RANKER) * words

    def _of_words(self, keys: Keys, row: int) -> np.ndarray:
        names = (_word(entity, key[row]) for entity, key in keys.items() if key[row] is not None)
        codes = [self.vocabulary[name] for name in names if name in self.vocabulary]
        return self.weights[codes].sum(axis=0, dtype=np.float64) + self.intercept

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return the gain of each number of a candidate in the ranker."""
        return self.ranker.importance(names)

    def with_shares(self, shares: ClassShares) -> "CandidatesAndWords":
        """Return the same model over another labelled past."""
        ranker = self.ranker.with_shares(shares)
        return CandidatesAndWords(ranker, self.vocabulary, self.weights, self.intercept)

    def to_json(self) -> ModelState:
        """Return both; the weights as numbers of two bytes in base 64."""
        values, files = self.ranker.to_json()
        values = {**values, "words": list(self.vocabulary), "intercept": self.intercept.tolist()}
        return ModelState(
            values, {**files, _WEIGHTS_FILE: b64encode(self.weights.tobytes()).decode()}
        )


def suits(task: ClassTask) -> bool:
    """Return whether the classes of any entity's past are worth counting."""
    return candidate_ranker.suits(task)


def fit(task: ClassTask) -> CandidatesAndWords:
    """Fit both on the latest rows."""
    latest = task.latest(MAX_TRAINING_ROWS)
    rows, code, weight = task.rows.take(latest), task.code[latest], task.weight[latest]
    names = [
        [_word(entity, key[row]) for entity, key in rows.keys.items() if key[row] is not None]
        for row in range(rows.n)
    ]
    counts = Counter(name for row in names for name in row)
    frequent = sorted(name for name, count in counts.items() if count >= MIN_OCCURRENCES)
    vocabulary = {name: i for i, name in enumerate(frequent)}
    codes = [[vocabulary[name] for name in row if name in vocabulary] for row in names]
    ends = np.cumsum([0, *map(len, codes)])
    columns = np.array([column for row in codes for column in row], np.int32)
    width = max(len(vocabulary), 1)
    table = sparse.csr_matrix((np.ones(len(columns)), columns, ends), shape=(rows.n, width))
    model = LogisticRegression(C=REGULARISATION, max_iter=200, tol=1e-3)
    model = model.fit(table, code, sample_weight=weight)
    own, biases = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(own) == 1:  # scikit-learn gives the weights of the second class alone
        own, biases = np.concatenate([-own, own]) / 2, np.concatenate([-biases, biases]) / 2
    weights = np.zeros((width, len(task.names)), np.float16)
    intercept = np.full(len(task.names), _NEVER)
    classes = np.asarray(model.classes_)
    weights[:, classes], intercept[classes] = own.T, biases
    return CandidatesAndWords(candidate_ranker.fit(task), vocabulary, weights, intercept)


def load(state: ModelState, names: list[str], past: LogRows | None) -> CandidatesAndWords:
    """Build a stored model over its labelled past.

    Raises:
        ValueError: The labelled past is missing.
    """
    weights = np.frombuffer(b64decode(state.files[_WEIGHTS_FILE]), np.float16)
    return CandidatesAndWords(
        candidate_ranker.load(state, names, past),
        {word: i for i, word in enumerate(state.values["words"])},
        weights.reshape(-1, len(names)),
        np.array(state.values["intercept"]),
    )


def _word(entity: str, word: str) -> str:
    return f"{entity}{_SEPARATOR}{word}"
