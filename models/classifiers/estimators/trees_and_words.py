"""Boosted trees and the linear model of the words together: where one is unsure the other decides.

Trees see combinations, but need many rows to learn that one word of a message says it all. A linear
model learns words from few rows. Their scores are log probabilities; the weighted mean of them is a
geometric mean of the probabilities (logarithmic opinion pool, Genest and Zidek 1986).

Trees learn rows with a message a second time: every second one as if nothing but the message
were recorded, every fourth as if there were no message. So they learn what words say by themselves,
and what all else says where the message can't be read.

A message in a language that no label was given in is read by its meaning, where training distilled
a token table (`models.classifiers.meaning`); trees and words then judge by all else.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from features.engine.event_log import LogRows
from models.classifiers.calibration import calibrated_loss
from models.classifiers.contract import ClassEstimator, ClassTask
from models.classifiers.estimators import boosted, linear
from models.classifiers.meaning import MESSAGE, MeaningModel, without_messages
from models.classifiers.token_table import table_of
from models.estimator import SHARED, Batch, ModelState, files_of

NAME, IS_BASELINE = "trees_and_words", False
SHARE_OF_TREES = 0.7
"""Measured on two windows of the synthetic shop: 0.5 to 0.7 are alike, for categories and teams."""
TABLE_FILE = SHARED + "token_table.json"
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
MAX_ROWS_OF_WEIGHT = 6_000
MIN_ROWS_OF_WEIGHT = 60
SHARE_OF_WEIGHT = 0.3
"""Share of the latest rows that the weight of the meaning is chosen on."""
_PARTS = ("trees", "linear")


class TreesAndWords(ClassEstimator):
    """Weighted mean of the log probabilities of both."""

    kind, stored_as = "boosted trees + TF-IDF logistic regression", NAME

    def __init__(
        self,
        trees: boosted.BoostedClassifier,
        words: linear.LinearClassifier,
        meaning: MeaningModel | None = None,
    ) -> None:
        self.trees, self.words, self.meaning = trees, words, meaning

    def scores(self, rows: Batch) -> np.ndarray:
        """Return (n, classes) log probabilities, not normalised."""
        if self.meaning is None:
            return self._scores_of_both(rows)
        foreign = self.meaning.foreign(rows)
        scores = self._scores_of_both(without_messages(rows, foreign))
        if len(foreign):
            scores[foreign] += self.meaning.evidence(rows.take(foreign))
        return scores

    def _scores_of_both(self, rows: Batch) -> np.ndarray:
        of_words = self.words.scores(rows)
        of_words -= np.logaddexp.reduce(of_words, axis=1, keepdims=True)
        return SHARE_OF_TREES * self.trees.scores(rows) + (1 - SHARE_OF_TREES) * of_words

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return the gain of each feature in the trees."""
        return self.trees.importance(names)

    def to_json(self) -> ModelState:
        """Return all parts, their values and files under their names."""
        states = dict(zip(_PARTS, (self.trees.to_json(), self.words.to_json()), strict=True))
        values = {part: state.values for part, state in states.items()}
        files = {f"{p}.{file}": text for p, s in states.items() for file, text in s.files.items()}
        if self.meaning is not None:
            values["meaning"] = self.meaning.to_json()
            files[TABLE_FILE] = self.meaning.table.text
        return ModelState(values, files)


def suits(task: ClassTask) -> bool:
    """Return whether the classes are few, and there are messages."""
    return boosted.suits(task) and task.rows.matrix.messages is not None


def fit(task: ClassTask) -> TreesAndWords:
    """Fit all parts on the same rows."""
    trees = boosted.fit(_with_parts_alone(task))
    return TreesAndWords(trees, task.fitted(linear.fit), _fit_meaning(task))


def _with_parts_alone(task: ClassTask) -> ClassTask:
    """Add copies of rows: of every second one the message alone, of every fourth all else."""
    messages = task.rows.matrix.messages
    if messages is None:
        return task
    n = task.rows.n
    written = np.flatnonzero([len(buckets) > 0 for buckets in messages.buckets])
    alone, unwritten = written[::2], written[1::4]
    repeated = np.concatenate([np.arange(n), alone, unwritten])
    rows = task.rows.take(repeated)
    rows.matrix.dense[n : n + len(alone)] = np.nan
    return replace(
        task,
        rows=without_messages(rows, np.arange(n + len(alone), rows.n)),
        code=task.code[repeated],
        weight=task.weight[repeated],
    )


def _fit_meaning(task: ClassTask) -> MeaningModel | None:
    """Fit the meaning, and its weight on the latest rows as if their messages were foreign."""
    meaning = _meaning_of(task)
    if meaning is None:
        return None
    order = task.latest(MAX_ROWS_OF_WEIGHT)
    count = int(len(order) * SHARE_OF_WEIGHT)
    early, late = order[:-count], order[-count:]
    past = replace(
        task, rows=task.rows.take(early), code=task.code[early], weight=task.weight[early]
    )
    of_past = _meaning_of(past)
    if count < MIN_ROWS_OF_WEIGHT or of_past is None or len(np.unique(past.code)) < 2:
        return meaning
    rows, code = task.rows.take(late), task.code[late]
    others = linear.fit(past).scores(without_messages(rows, np.arange(rows.n)))
    evidence = replace(of_past, weight=1.0).evidence(rows)
    losses = {
        weight: calibrated_loss(others + weight * evidence, code, task.prior) for weight in WEIGHTS
    }
    return replace(meaning, weight=min(losses, key=lambda weight: losses[weight]))


def _meaning_of(task: ClassTask) -> MeaningModel | None:
    if task.token_table is None or MESSAGE not in task.rows.columns:
        return None
    return MeaningModel.fit(task.token_table, task.rows, task.code, np.log(task.prior))


def load(state: ModelState, names: list[str], past: LogRows | None) -> TreesAndWords:
    """Build a stored model again."""
    parts = [ModelState(state.values[p], files_of(state.files, f"{p}.")) for p in _PARTS]
    meaning = None
    if "meaning" in state.values:
        table = table_of(state.files[TABLE_FILE])
        meaning = MeaningModel.from_json(state.values["meaning"], table)
    return TreesAndWords(
        boosted.load(parts[0], names, past), linear.load(parts[1], names, past), meaning
    )
