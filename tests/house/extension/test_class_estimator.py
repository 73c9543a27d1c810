"""A class estimator is one file."""

import json

import pytest

ESTIMATOR = '''"""Memory of what happened at each moment: a cheat, for a test."""

import numpy as np

from models.classifiers.contract import ClassEstimator
from models.estimator import ModelState

NAME, IS_BASELINE = "memory", False
TRUTH: dict[str, str] = {}


class Memory(ClassEstimator):
    """Certain of the class that its moment had."""

    kind, stored_as = "memory", NAME

    def __init__(self, names, truth):
        self.names, self.truth = names, truth

    def scores(self, rows):
        """Return high scores of the class remembered."""
        right = [self.truth.get(str(tick)) for tick in rows.as_of]
        return np.array([[20.0 * (name == word) for name in self.names] for word in right])

    def to_json(self):
        """Return the memory."""
        return ModelState({"truth": self.truth}, {})


def suits(task):
    """Return True."""
    return True


def fit(task):
    """Remember."""
    return Memory(task.names, TRUTH)


def load(state, names, past):
    """Build it again."""
    return Memory(names, state.values["truth"])
'''

PROGRAM = """
import json
import numpy as np
import pandas as pd
from data.__main__ import app
from data.history.history import History
from models.classifiers.estimators import memory
from models.triage.triage import Triage
from training.triage.dataset import TriageDataset
from training.triage.entity_selection import choose
from training.triage.final_fit import fit_final
from training.triage.fit import TrainingRows, fit_class, prepare
from training.triage.rehearsal import TriageRehearsal
from training.triage.classes.rehearse_classifier import rehearse_class
from training.triage.window import RehearsalWindow

orders = "import --source synthetic --orders 9000 --seed 1 --end 2026-03-01 --into history"
app(orders.split(), standalone_mode=False)
dataset = TriageDataset.read(History.open("history"), pd.Timestamp("2026-03-01", tz="UTC"))
team = dataset.labels.classes["team"].at(dataset.tick, len(dataset.ids))
memory.TRUTH = {str(t): n for t, n in zip(dataset.detected_at, team) if n is not None}

plan, share_entities = choose(dataset)
prepared = prepare(dataset, plan, share_entities)
window = RehearsalWindow.of(dataset)
fitted = fit_class(prepared, TrainingRows.before(dataset, window.cut), "team")
rehearsed = rehearse_class(prepared, fitted, window)

rehearsal = TriageRehearsal(window, Triage(prepared.features, prepared.past, window.cut))
rehearsal.plans = {"team": rehearsed.served}
rehearsal.calibrations = {"team": rehearsed.calibration}
rehearsal.reasons = {"team": rehearsed.model.selection_reason}
champion = fit_final(prepared, rehearsal)
again = Triage.from_files(champion.to_files(), champion.past)
predicted = again.predict(dataset.columns, dataset.detected_at).classes["team"]
named = np.array([name is not None for name in team])
right = np.array(predicted.names, object)[predicted.best] == team
print(json.dumps({
    "losses": sorted(rehearsed.losses),
    "chosen": rehearsed.judged.name,
    "verdict": again.classes["team"].selection_reason,
    "right": float(right[named].mean()),
}))
"""


@pytest.mark.long
@pytest.mark.slow
def test_a_class_estimator_is_rehearsed_chosen_stored_and_predicts_from_one_new_file(product):
    product.add_file("models/classifiers/estimators/memory.py", ESTIMATOR)

    printed = json.loads(product.run(PROGRAM).splitlines()[-1])

    assert {"memory", "boosted trees", "majority"} <= set(printed["losses"])
    assert printed["chosen"] == "memory"
    assert printed["verdict"].startswith("memory (loss")
    assert printed["right"] > 0.95
