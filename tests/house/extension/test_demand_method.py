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
from pathlib import Path
import numpy as np
import pandas as pd
from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history
from models.demand.catalog import by_name
from models.demand.forecaster import DemandForecaster
from training.demand.rehearsal import fit, read_recent_panel, rehearse

HORIZON, DAYS, SERIES = 7, 100, 30
days = pd.date_range("2024-01-01", periods=DAYS, freq="D", tz="UTC")
rows = pd.DataFrame({
    "sku": np.repeat([f"s{i}" for i in range(SERIES)], DAYS),
    "site": "x",
    "period_start": np.tile(days, SERIES),
    "units": (np.arange(DAYS) + np.arange(SERIES)[:, None]).ravel().astype(float),
})
rows["known_at"] = rows["period_start"] + pd.Timedelta(1, "D") - pd.Timedelta(1, "us")
end = days[-1] + pd.Timedelta(1, "D")
write_history(Path("history"), iter([("demand", rows)]), ImportTerms("test", end))
history = History.open("history")
panel = read_recent_panel(history, end, None)
rehearsal = rehearse(history, panel, HORIZON, lambda _: None)
challenger = fit(panel, HORIZON, rehearsal.served_by)
again = DemandForecaster.from_files(challenger.to_files())
before, after = challenger.forecast(panel), again.forecast(panel)
print(json.dumps({
    "compared": sorted(rehearsal.scores),
    "best": rehearsal.served_by,
    "reason": rehearsal.reason,
    "forecast_by": sorted(set(after.method.tolist())),
    "same": bool(np.array_equal(before.mean, after.mean)),
    "words": by_name()["planted"].WORDS,
}))
"""


def test_a_demand_method_is_rehearsed_stored_and_described_from_one_new_file(product):
    product.add_file("models/demand/methods/planted.py", METHOD)

    printed = json.loads(product.run(PROGRAM).splitlines()[-1])

    assert {"average", "planted", "trees"} <= set(printed["compared"])
    assert printed["best"] == "planted"
    assert printed["reason"].startswith("planted serves: SPL of ")
    assert printed["forecast_by"] == ["planted"]
    assert printed["same"]
    assert printed["words"] == "as it was planted"
