"""The words that decide a label are named, and only where words decide."""

import numpy as np
import pytest

from features.engine import text
from features.engine.compute import Matrix
from models.classifiers.calibration import Calibration, prior_of
from models.classifiers.classifier import CalibratedClassifier
from models.classifiers.contract import ClassTask
from models.classifiers.estimators import linear
from models.estimator import Batch
from models.triage.deciding_words import deciding_words

NAMES = ("address", "fraud")
TEXTS = (
    "Please check order {}: street not found",
    "Please check order {}: cards differ",
    "订单{} 找不到街道",
    "订单{} 多张银行卡",
)


def rows_of(messages, sizes=None):
    column = np.array(messages, object)
    dense = np.array(sizes if sizes is not None else np.zeros(len(messages)), np.float32)[:, None]
    as_of = np.zeros(len(messages), np.int64)
    return Batch({"message": column}, {}, Matrix(dense, text.matrix(messages)), as_of)


def model_of(rows, code, word_columns):
    prior = prior_of(code, 2)
    task = ClassTask(
        rows=rows, code=code, names=list(NAMES), prior=prior, weight=np.ones(len(code)),
        word_columns=word_columns,
    )  # fmt: skip
    return CalibratedClassifier("category", NAMES, prior, linear.fit(task), Calibration(), "")


@pytest.fixture(scope="module")
def by_words():
    """A model that learned the category by messages alone."""
    rows = rows_of([TEXTS[i % 4].format(i) for i in range(80)])
    return model_of(rows, np.arange(80) % 2, word_columns=[])


@pytest.mark.parametrize(
    ("message", "label", "telling"),
    [
        ("Please check order 9: street not found", "address", {"street", "not", "found"}),
        ("please check order 9: cards differ", "fraud", {"cards", "differ"}),
        ("订单9 找不到街道", "address", {"找", "不", "到", "街", "道"}),
    ],
)
def test_a_short_part_that_says_it_all_is_named(by_words, message, label, telling):
    part = deciding_words(by_words, rows_of([message]), label)

    assert part in message
    words = {part[span.begin : span.end] for span in text.word_spans(part)}
    assert len(words & telling) >= 2
    assert not words & {"Please", "please", "订", "单"}


@pytest.mark.parametrize("message", ["Please check order 9", "", None])
def test_words_that_say_nothing_are_not_named(by_words, message):
    assert deciding_words(by_words, rows_of([message]), "address") == ""


def test_words_do_not_decide_against_themselves(by_words):
    assert deciding_words(by_words, rows_of(["street not found"]), "fraud") == ""
    assert deciding_words(by_words, rows_of(["street not found"]), "unheard of") == ""


def test_words_do_not_decide_where_another_column_does():
    code = np.arange(80) % 2
    rows = rows_of([TEXTS[i % 3].format(i) for i in range(80)], sizes=code)
    model = model_of(rows, code, word_columns=[0])

    assert deciding_words(model, rows_of(["Please check order 9"], sizes=[0]), "address") == ""


def test_a_model_without_messages_names_none(by_words):
    rows = rows_of(["street not found"])
    silent = rows._replace(matrix=Matrix(rows.matrix.dense, None))

    assert deciding_words(by_words, silent, "address") == ""
