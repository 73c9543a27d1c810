"""A demand method is one file."""

import json

METHOD = '''"""Demand that rises by 1 a period, for a test."""

import numpy as np

NAME, IS_BASELINE = "planted", False
WORDS = "as it was planted"


class Planted:
    """Rises by 1 a period from the last one."""

    def __init__(self, horizon):
        self.horizon = horizon

    def points(self, panel):
        """Return the rising units."""
        last = panel.units[:, -1:]
        return (last + np.arange(1, self.horizon + 1)).astype(np.float32)

    def to_files(self):
        """Return its horizon."""
        return {"planted.json": str(self.horizon)}


def can_learn(panel):
    """Return True."""
    return True


def fit(panel, horizon, *, seed, planned):
    """Learn nothing."""
    return Planted(horizon)


def from_files(files, horizon):
    """Build it again."""
    assert files["planted.json"] == str(horizon)
    return Planted(horizon)
'''

PROGRAM = """
import json
import numpy as np
from data.domain import Grain
from features.demand.panel import Panel
from models.demand.catalog import by_name, method_names
from models.demand.forecaster import DemandForecaster

HORIZON, N = 7, 30
units = (np.arange(100) + np.arange(N)[:, None]).astype(np.float32)
periods = np.datetime64("2024-01-01") + np.arange(100)
skus, sites = np.array([f"s{i}" for i in range(N)]), np.full(N, "x")
whole = Panel(Grain.DAY, periods, skus, sites, units, np.ones_like(units))
past = whole.until(100 - HORIZON)
forecasts = {
    name: DemandForecaster.fit(past, HORIZON, method=name).forecast(past)
    for name in method_names()
}
errors = {name: float(np.abs(f.mean - units[:, -HORIZON:]).mean()) for name, f in forecasts.items()}
forecaster = DemandForecaster.fit(past, HORIZON, method="planted")
again = DemandForecaster.from_files(forecaster.to_files()).forecast(past)
print(json.dumps({
    "methods": method_names(),
    "best": min(errors, key=errors.get),
    "served_by": sorted(set(again.method.tolist())),
    "same": bool(np.array_equal(again.mean, forecasts["planted"].mean)),
    "words": by_name()["planted"].WORDS,
}))
"""


def test_a_demand_method_is_compared_stored_and_described_from_one_new_file(product):
    product.add_file("models/demand/methods/planted.py", METHOD)

    printed = json.loads(product.run(PROGRAM).splitlines()[-1])

    assert "planted" in printed["methods"]
    assert printed["best"] == "planted"
    assert printed["served_by"] == ["planted"]
    assert printed["same"]
    assert printed["words"] == "as it was planted"
