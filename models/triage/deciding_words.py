"""Words that decide a label: the short part of the message that alone makes it as sure.

All else of the exception stays as it is. Parts are compared by the odds that they give the label,
beside those without any message (a sufficient explanation, as anchors are: Ribeiro et al. 2018).
A word more must pay for itself.
"""

import numpy as np

from features.engine import text
from features.engine.compute import Matrix
from features.exceptions.features import FEATURES
from models.classifiers.classifier import CalibratedClassifier
from models.estimator import Batch

MIN_ODDS_RATIO = 2.0
"""Words decide where they at least double the odds of the label."""
MIN_SHARE_OF_GAIN = 0.8
"""Share of the whole message's log odds that a part must give to stand for it."""
MIN_SHARE_OF_WORD = 0.04
"""Share of the message's log odds that a further word must add to be named."""
MAX_PART_WORDS = 6
MAX_MESSAGE_WORDS = 60
_SMALLEST = 1e-6


def deciding_words(model: CalibratedClassifier, rows: Batch, label: str) -> str:
    """Return the part of one message that decides a label; empty where words do not decide.

    Args:
        model: Gave the label.
        rows: One subject.
        label: The class that is shown.
    """
    messages = rows.columns.get(FEATURES.message or "")
    message = messages[0] if messages is not None else None
    if not message or rows.matrix.messages is None or label not in model.names:
        return ""
    parts = message_parts(message)
    chance = model.probability(_with_messages(rows, [message, "", *parts]))
    of_label = np.clip(chance[:, model.names.index(label)], _SMALLEST, 1 - _SMALLEST)
    gain = np.log(of_label / (1 - of_label))
    gain -= gain[1]
    decides = gain[0] >= np.log(MIN_ODDS_RATIO)
    enough = np.flatnonzero(gain[2:] >= MIN_SHARE_OF_GAIN * gain[0])
    if not decides or not len(enough):
        return ""
    worth = {parts[i]: gain[2 + i] / gain[0] - _price(parts[i]) for i in enough}
    return max(worth, key=lambda part: worth[part])


def _price(part: str) -> float:
    return MIN_SHARE_OF_WORD * len(text.word_spans(part))


def message_parts(message: str) -> list[str]:
    """Return all runs of at most six words of a message; a Chinese character counts as a word.

    >>> message_parts("Street not found")
    ['Street', 'Street not', 'Street not found', 'not', 'not found', 'found']
    """
    spans = text.word_spans(message)[:MAX_MESSAGE_WORDS]
    return [
        message[first.begin : last.end]
        for i, first in enumerate(spans)
        for last in spans[i : i + MAX_PART_WORDS]
    ]


def _with_messages(rows: Batch, messages: list[str]) -> Batch:
    """Return a row for each message, all else as in the only row."""
    repeated = rows.take(np.zeros(len(messages), np.intp))
    columns = {**repeated.columns, FEATURES.message or "": np.array(messages, object)}
    matrix = Matrix(repeated.matrix.dense, text.matrix(messages))
    return repeated._replace(columns=columns, matrix=matrix)
