"""A queue rule is one file: it is replayed, compared and shown without another change."""

import json

import pytest

RULE = '''"""A queue rule for a test."""

from training.queue_replay.rules.registry import rule
from training.queue_replay.rules.rules import order_by_key


@rule("planted", words="As it was planted", benchmark=True, colour="#123456")
def _planted(inputs):
    return order_by_key(inputs, -inputs.workload.detected_at)
'''

PROGRAM = """
import json
import sys
from pathlib import Path
import pandas as pd
from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history
from data.policy.policy import Policy
from data.sources.synthetic import generate
from data.sources.synthetic.shop import SyntheticShop
from training.queue_replay.analysis.report import page
from training.queue_replay.plan import ReplaySpec
from training.queue_replay.replay import replay

READ = ("orders", "exceptions", "exception_events", "outcomes")
shop, folder = SyntheticShop(orders=4_000, seed=5, days=60), Path(sys.argv[1])
tables = ((name, rows) for name, rows in generate(shop) if name in READ)
write_history(folder, tables, ImportTerms("test", pd.Timestamp("2026-01-01", tz="UTC")))
begin, end = (pd.Timestamp(shop.start) + pd.Timedelta(days, "D") for days in (20, 50))
spec = ReplaySpec(begin, end, Policy.read(), origins=0, draws=1, seed=3)
report = replay(History.open(folder), spec, lambda _: None, stress=True)
written = page(report)
print(json.dumps({
    "refused": not report["savings_told"],
    "rules": report.get("rules", {}),
    "shown": report.get("shown", []),
    "against": list(report["savings"]["against"]),
    "curve": list(report["curve"]["money_lost"]),
    "stress": [list(row["saved_against"]) for row in report["stress"]],
    "bound": [list(row["money_lost"]) for row in report["bound"]],
    "in_the_table": "<td>As it was planted</td>" in written,
    "in_the_pictures": written.count("As it was planted") - 1,
    "line": "#123456" in written,
}))
"""


@pytest.mark.long
def test_a_queue_rule_is_replayed_compared_and_reported_from_one_new_file(product, tmp_path):
    product.add_file("training/queue_replay/rules/planted.py", RULE)

    printed = json.loads(product.run(PROGRAM, str(tmp_path / "history")).splitlines()[-1])

    assert not printed["refused"]
    assert printed["rules"]["planted"]["words"] == "As it was planted"
    assert printed["rules"]["planted"]["money_lost"] != printed["rules"]["fifo"]["money_lost"]
    assert "planted" in printed["shown"]
    assert "planted" in printed["against"]
    assert "planted" in printed["curve"]
    assert all("planted" in rules for rules in printed["stress"])
    assert all("planted" in rules for rules in printed["bound"])
    assert printed["in_the_table"]
    assert printed["in_the_pictures"] >= 2
    assert printed["line"]
