"""A breach estimator is one file."""

import json

import pytest

ESTIMATOR = '''"""Memory of how each moment ended: a cheat, for a test."""

import numpy as np

from models.breach.contract import BreachEstimator
from models.estimator import ModelState

NAME = "memory"
TRUTH: dict[str, float] = {}


class MemoryOfBreaches(BreachEstimator):
    """Certain of what its moment had."""

    kind, stored_as = "memory", NAME

    def __init__(self, truth):
        self.truth = truth

    def predict(self, rows, times):
        """Return the chances remembered."""
        return np.array([0.01 + 0.98 * self.truth.get(str(tick), 0.0) for tick in rows.as_of])

    def to_json(self):
        """Return the memory."""
        return ModelState({"truth": self.truth}, {})


def suits(task):
    """Return True."""
    return True


def fit(task):
    """Remember."""
    return MemoryOfBreaches(TRUTH)


def load(state):
    """Build it again."""
    return MemoryOfBreaches(state.values["truth"])
'''

PROGRAM = """
import json
import numpy as np
import pandas as pd
from data.__main__ import app
from data.history.history import History
from models.breach.estimators import memory
from models.triage.triage import Triage
from training.triage.dataset import TriageDataset
from training.triage.entity_selection import choose
from training.triage.evaluation import PeriodPredictions, report
from training.triage.final_fit import fit_final
from training.triage.fit import prepare
from training.triage.rehearsal import rehearse

orders = "import --source synthetic --orders 9000 --seed 1 --end 2026-03-01 --into history"
app(orders.split(), standalone_mode=False)
dataset = TriageDataset.read(History.open("history"), pd.Timestamp("2026-03-01", tz="UTC"))
breached = dataset.labels.breached
memory.TRUTH = {str(t): float(b) for t, b in zip(dataset.detected_at, breached) if not np.isnan(b)}

plan, share_entities = choose(dataset)
prepared = prepare(dataset, plan, share_entities)
rehearsal = rehearse(prepared, labels=())
champion = fit_final(prepared, rehearsal)
again = Triage.from_files(champion.to_files(), champion.past)
predictions = again.predict(dataset.columns, dataset.detected_at)
weights = again.breach_risk.blend.weights
figures = report(PeriodPredictions(dataset, np.arange(len(dataset.ids)), predictions), again)
print(json.dumps({
    "losses": sorted(rehearsal.losses["harm"]),
    "heaviest": max(weights, key=weights.get),
    "reason": rehearsal.reasons["harm"],
    "auc": figures["breach"]["model"]["auc"]["value"],
}))
"""


@pytest.mark.long
@pytest.mark.slow
def test_a_breach_estimator_is_trained_weighed_stored_and_reported_from_one_new_file(product):
    product.add_file("models/breach/estimators/memory.py", ESTIMATOR)

    printed = json.loads(product.run(PROGRAM).splitlines()[-1])

    assert {"memory", "blend", "one rate for all"} <= set(printed["losses"])
    assert printed["heaviest"] == "memory"
    assert "memory" in printed["reason"]
    assert printed["auc"] > 0.95
