"""The answer about one exception, and its panel, say which words decided the category."""

import numpy as np
import pytest

from features.engine.compute import Features
from features.engine.feature_set import FeaturePlan
from features.exceptions.features import FEATURES
from models.classifiers.calibration import Calibration, prior_of
from models.classifiers.classifier import CalibratedClassifier
from models.classifiers.contract import ClassTask
from models.classifiers.estimators import linear
from serving.scoring.columns import columns_as_of
from serving.wire.exception_in import EXCEPTION

NAMES = ("incorrect_address", "fraud_risk")
TEXTS = ("Please check {}: street not found", "Please check {}: cards differ")


@pytest.fixture
def client_of_words(running, shelf, a_triage, an_exception):
    """A service whose champion reads nothing but messages."""
    champion = a_triage()
    champion.features = Features(FEATURES, FeaturePlan(messages=True), {})
    posted = [an_exception(message=TEXTS[i % 2].format(i)) for i in range(60)]
    exceptions = [EXCEPTION.validate_python(payload) for payload in posted]
    rows = champion.rows(*columns_as_of(exceptions, champion, now_ms=0))
    code = np.arange(60) % 2
    prior = prior_of(code, 2)
    task = ClassTask(
        rows=rows, code=code, names=list(NAMES), prior=prior, weight=np.ones(60), word_columns=[]
    )
    champion.classes = {
        "category": CalibratedClassifier(
            "category", NAMES, prior, linear.fit(task), Calibration(), "for tests"
        )
    }
    shelf.promote(champion)
    with running() as client:
        yield client


def reasons_of(client, exception_id):
    view = client.get(f"/v1/exceptions/{exception_id}").json()
    return {reason["code"]: reason["text"] for reason in view["reasons"]}


def test_the_words_that_decided_are_a_reason_of_the_answer_and_of_the_panel(
    client_of_words, an_exception
):
    message = "Please check #7: street not found"
    answer = client_of_words.post("/v1/exceptions", json=an_exception(message=message)).json()

    words = reasons_of(client_of_words, answer["id"])["words"]
    panel = client_of_words.get(f"/exceptions/{answer['id']}").text

    assert words.startswith('words: "')
    assert words[8:-1] in message
    assert "street" in words
    assert 'data-code="words"' in panel


def test_words_that_say_nothing_are_no_reason(client_of_words, an_exception):
    message = "Please check #7"
    answer = client_of_words.post("/v1/exceptions", json=an_exception(message=message)).json()

    assert "words" not in reasons_of(client_of_words, answer["id"])


def test_without_a_champion_no_word_is_a_reason(without_champion, an_exception):
    answer = without_champion.post("/v1/exceptions", json=an_exception()).json()

    assert "words" not in reasons_of(without_champion, answer["id"])
