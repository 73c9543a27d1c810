"""A model that learns from its own automatic labels confirms itself; learning from people heals it.

Types tell the category. After four weeks one type comes to mean something else, just when the model
has begun to set categories on its own; people look at a twentieth of them. It is fitted anew each
week on the labels of the last four.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest

from data.contract.exception_tables import ExceptionEvents, Exceptions, Outcomes
from data.ticks import tick_of
from features.engine.compute import Matrix
from models.classifiers.calibration import class_names, codes, prior_of
from models.classifiers.contract import ClassTask
from models.classifiers.estimators import lookup
from models.estimator import Batch
from training.triage.labels import Labels, Trust, read_labels

START, WEEK = pd.Timestamp("2024-03-04", tz="UTC"), pd.Timedelta(7, "D")
PEOPLE_WEEKS, WEEKS, A_WEEK, AUDITED = 4, 14, 400, 0.05
MEANS = {"delay": "carrier", "refused": "payment", "missing": "warehouse"}


@dataclass(frozen=True)
class Week:
    """Accuracy of the model on the cases of one week.

    Attributes:
        on_record: By all labels on record: what looks like its accuracy.
        by_people: By those that people set: what a rehearsal judges by.
        in_truth: By what they were.
    """

    on_record: float
    by_people: float
    in_truth: float


@pytest.fixture(scope="module")
def cases():
    """Cases of all weeks: their types, and what they are."""
    rng = np.random.default_rng(4)
    n = WEEKS * A_WEEK
    cases = pd.DataFrame({"week": np.arange(n) // A_WEEK, "type": rng.choice(list(MEANS), n)})
    cases["truth"] = cases["type"].map(MEANS)
    changed = (cases["week"] >= PEOPLE_WEEKS) & (cases["type"] == "delay")
    cases.loc[changed, "truth"] = "address"
    odd = rng.random(n) < 0.05
    cases.loc[odd, "truth"] = rng.choice(list(MEANS.values()), odd.sum())
    cases["audited"] = rng.random(n) < AUDITED
    return cases


@pytest.fixture(scope="module")
def weeks(cases):
    """Let a model decide week after week that trusts labels as it is told."""

    @cache
    def run(trust: Trust) -> list[Week]:
        record = cases.assign(category=cases["truth"], label_origin="typed")
        automatic = (record["week"] >= PEOPLE_WEEKS) & ~record["audited"]
        record.loc[automatic, "label_origin"] = "automatic"
        results = []
        for week in range(PEOPLE_WEEKS, WEEKS):
            past = record[(record["week"] < week) & (record["week"] >= week - 4)]
            now = record["week"] == week
            guess = decide(past, record.loc[now, "type"], trust)
            record.loc[now & automatic, "category"] = guess[automatic[now].to_numpy()]
            by_people = labels_of(record[now]).classes["category"]
            results.append(
                Week(
                    float((record.loc[now, "category"] == guess).mean()),
                    float((by_people.name == guess[by_people.row]).mean()),
                    float((record.loc[now, "truth"] == guess).mean()),
                )
            )
        return results

    return run


def labels_of(record: pd.DataFrame) -> Labels:
    """Read the labels as a history tells them."""
    ids = [f"e{i}" for i in range(len(record))]
    at = START + record["week"] * WEEK
    raised = pd.DataFrame({"exception_id": ids, "detected_at": at.to_numpy()})
    ended = record[["category", "label_origin"]].assign(exception_id=ids, known_at=at + WEEK / 2)
    exceptions = Exceptions.validate(raised.assign(known_at=raised["detected_at"]))
    return read_labels(
        exceptions, ExceptionEvents.empty(), Outcomes.validate(ended.reset_index(drop=True))
    )


def decide(past: pd.DataFrame, types: pd.Series, trust: Trust) -> np.ndarray:
    """Fit on the past and say what each type is."""
    named, _ = labels_of(past).training_labels("category", tick_of(START + WEEKS * WEEK), trust)
    taught = np.array([name is not None for name in named])
    names = class_names(named[taught])
    code = codes(named[taught], names)
    task = ClassTask(
        rows=rows_of(past.loc[taught, "type"]),
        code=code,
        names=names,
        prior=prior_of(code, len(names)),
        weight=np.ones(len(code)),
        word_columns=[],
        first_column="type",
    )
    model = lookup.fit(task)
    return np.array(names, object)[model.scores(rows_of(types)).argmax(axis=1)]


def rows_of(types: pd.Series) -> Batch:
    n = len(types)
    columns = {"type": types.to_numpy(object)}
    return Batch(columns, {}, Matrix(np.empty((n, 0), np.float32), None), np.zeros(n, np.int64))


def test_a_model_taught_by_itself_looks_right_and_stays_wrong(weeks):
    last = weeks(Trust(automatic=1.0))[-1]

    assert last.on_record > 0.95
    assert last.in_truth < 0.7


def test_it_looks_better_and_better_while_the_truth_gets_no_better(weeks):
    results = weeks(Trust(automatic=1.0))

    assert results[-1].on_record >= results[0].on_record
    assert results[-1].in_truth <= results[0].in_truth + 0.02


def test_taught_by_people_only_it_learns_what_changed(weeks):
    results = weeks(Trust())

    assert results[0].in_truth < 0.7
    assert results[-1].in_truth > 0.9


@pytest.mark.parametrize("trust", [Trust(), Trust(automatic=1.0)])
def test_labels_set_by_people_tell_how_right_it_is(weeks, trust):
    results = weeks(trust)

    gaps = [week.by_people - week.in_truth for week in results]
    assert np.mean(gaps) == pytest.approx(0, abs=0.06)
