"""A label is one entry."""

import json

import pytest

PLAIN = '    Label("by", "severity"),\n'
PROMISED = '    Label("by", "severity", origin_column="team_origin", is_promised=True),\n'

PROGRAM = """
import json
import pandas as pd
from data.__main__ import app
from data.history.history import History
from data.policy.policy import Policy
from models.triage.triage import Triage
from training.triage.reports import automation_report
from training.triage.dataset import TriageDataset
from training.triage.entity_selection import choose
from training.triage.evaluation import predictions_table, report
from training.triage.period import PeriodPredictions
from training.triage.final_fit import fit_final
from training.triage.fit import prepare
from training.triage.rehearsal import rehearse

orders = "import --source synthetic --orders 9000 --seed 1 --end 2026-03-01 --into history"
app(orders.split(), standalone_mode=False)
dataset = TriageDataset.read(History.open("history"), pd.Timestamp("2026-03-01", tz="UTC"))
plan, share_entities = choose(dataset)
prepared = prepare(dataset, plan, share_entities)
rehearsal = rehearse(prepared, labels=("by",))
window = rehearsal.window
champion = fit_final(prepared, rehearsal)
again = Triage.from_files(champion.to_files(), champion.past)
rows = dataset.between(window.cut, window.end)
columns = {name: column[rows] for name, column in dataset.columns.items()}
scoring = PeriodPredictions(dataset, rows, again.predict(columns, columns["detected_at"]))
table = predictions_table(scoring, Policy.read())
promises = automation_report.report(scoring, again, Policy.read().promises)
print(json.dumps({
    "losses": sorted(rehearsal.losses["by"]),
    "columns": [str(name) for name in table.columns],
    "labelled": report(scoring, again)["by"]["labelled"],
    "promised": {label: figures["labelled"] for label, figures in promises.items()},
}))
"""


@pytest.fixture(params=[PLAIN, PROMISED], ids=["plain", "promised"])
def entry(request):
    return request.param


@pytest.mark.long
def test_a_label_is_rehearsed_stored_predicted_and_reported_from_one_new_entry(product, entry):
    product.add_entry("models/triage/labels.py", after="    PRIORITY,\n", text=entry)

    printed = json.loads(product.run(PROGRAM).splitlines()[-1])

    assert "lookup by severity" in printed["losses"]
    assert "by" in printed["columns"]
    assert printed["labelled"] > 0
    assert list(printed["promised"]) == (["by"] if entry is PROMISED else [])
