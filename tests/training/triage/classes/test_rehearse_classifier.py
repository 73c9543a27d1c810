"""Rehearsal of a class: what the first half chose gives way where the second half says so."""

from types import SimpleNamespace

import numpy as np
import pytest

from data.ticks import MS_PER_DAY
from training.triage.classes import rehearse_classifier
from training.triage.classes.class_trials import JudgingRows
from training.triage.fit import FittedClass

ROWS, DAYS = 600, 30
NAMES = ["carrier", "warehouse", "address"]
PRIOR = np.full(3, 1 / 3)


class RecordedScores:
    """An estimator whose scores are recorded with the rows."""

    shares = None

    def __init__(self, name):
        self.kind = self.name = name

    def scores(self, rows):
        return rows.scores[self.name]


@pytest.fixture
def rehearsed(monkeypatch):
    """Rehearse estimators that know a share of the classes of each half."""

    def rehearse(**skill):
        random = np.random.default_rng(3)
        code = random.integers(3, size=ROWS)
        early = np.arange(ROWS) < ROWS // 2
        scores = {}
        for name, (first, second) in skill.items():
            right = random.random(ROWS) < np.where(early, first, second)
            guess = np.where(right, code, random.integers(3, size=ROWS))
            scores[name] = 3.0 * np.eye(3)[guess]
        batch = SimpleNamespace(scores=scores, as_of=np.arange(ROWS) * DAYS * MS_PER_DAY // ROWS)
        rows = JudgingRows(batch, code, PRIOR, early=early, learned=batch, learned_code=code)
        monkeypatch.setattr(rehearse_classifier, "judging_rows", lambda *_: rows)
        task = SimpleNamespace(names=NAMES, prior=PRIOR)
        fitted = FittedClass(task, "category", {name: RecordedScores(name) for name in scores})
        return rehearse_classifier.rehearse_class(None, fitted, None)

    return rehearse


def test_what_is_worse_than_plain_lightgbm_in_the_second_half_gives_way_to_it(rehearsed):
    result = rehearsed(trees=(0.9, 0.3), raw_trees=(0.5, 0.6), majority=(0.0, 0.0))

    assert list(result.judged.members) == list(result.served.members) == ["raw_trees"]
    assert result.model.estimator.kind == "raw_trees"


def test_what_is_no_worse_stays(rehearsed):
    result = rehearsed(trees=(0.9, 0.8), raw_trees=(0.5, 0.5), majority=(0.0, 0.0))

    assert "trees" in result.served.members


def test_a_class_that_nothing_foretells_is_not_given_to_plain_lightgbm_by_luck(rehearsed):
    result = rehearsed(raw_trees=(0.0, 0.6), majority=(0.9, 0.0))

    assert list(result.served.members) == ["majority"]
