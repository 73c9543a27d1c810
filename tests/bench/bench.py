"""`make bench`: ratios of two things timed in one run; the table is kept in docs/results.md."""

import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import allocation_bench
import features_bench
import forecasts_bench
import incidents_bench
import numpy as np
import pandas as pd
import queue_bench
import serving_bench
import training_bench
import worklist_bench
from rich.console import Console
from timing import Ratio

from data.history.history import END_OF_TIME, History
from data.ingest.write_history import ImportTerms, write_history
from data.oms_client.calls import last_days
from data.sources.synthetic import generate
from data.sources.synthetic.shop import SyntheticShop
from models.registry.store import ModelRegistry
from models.triage.load import load_triage
from training.common.run import git_commit
from training.triage.dataset import TriageDataset

RESULTS = Path("docs/results.md")
ORDERS = 200_000
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
console = Console()


def main() -> int:
    """Run all, print the table, keep it; return 1 where a ratio is not kept."""
    with tempfile.TemporaryDirectory() as scratch:
        ratios = _run(Path(scratch))
    table = _table(ratios)
    console.print(table, soft_wrap=True)
    text = RESULTS.read_text(encoding="utf-8")
    kept = re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{table}\n{END}", text, flags=re.DOTALL)
    RESULTS.write_text(kept, encoding="utf-8")
    return int(not all(ratio.kept for ratio in ratios))


def _run(folder: Path) -> list[Ratio]:
    console.print("History features of a million exceptions ...")
    ratios = [features_bench.run()]
    console.print("Allocating a million series ...")
    ratios.append(allocation_bench.run())
    console.print("Playing a queue of a hundred thousand exceptions ...")
    ratios.append(queue_bench.run())
    console.print(f"Simulating {ORDERS:,} orders ...")
    shop = SyntheticShop(orders=ORDERS, seed=7)
    write_history(
        folder / "history", generate(shop), ImportTerms("synthetic", pd.Timestamp(shop.end))
    )
    as_of = pd.Timestamp(shop.end) - pd.Timedelta(days=7)
    store = ModelRegistry(folder / "mlruns")
    console.print("Training ...")
    ratios.append(training_bench.run(folder / "history", as_of, store))
    console.print("Scoring ...")
    history = History.open(folder / "history")
    known = TriageDataset.read(history, END_OF_TIME, load_triage(store).kinds)
    late = np.flatnonzero(known.detected_at >= as_of.value // 1_000_000)[: serving_bench.BATCH]
    columns = {name: column[late] for name, column in known.columns.items()}
    ratios.append(serving_bench.batch(store, columns, columns["detected_at"]))
    sent = [told.exception for told in last_days(history, days=7, newest_at=None)][:200]
    ratios += serving_bench.run(serving_bench.root(folder), sent)
    console.print("A list of ten thousand ...")
    ratios.append(worklist_bench.run(folder))
    console.print("Incidents of ten thousand ...")
    ratios += incidents_bench.run()
    console.print("Reading forecasts ...")
    return ratios + forecasts_bench.run(serving_bench.root(folder))


def _table(ratios: list[Ratio]) -> str:
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit {git_commit()[:10]}, on synthetic data.",
        "",
        "| what | against | ours | theirs | ratio | allowed | |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in ratios:
        word = "kept" if r.kept else "**missed**"
        lines.append(
            f"| {r.what} | {r.against} | {r.ours:.3g} {r.unit} | {r.theirs:.3g} {r.unit} "
            f"| {r.ratio:.2f} | {r.allowed:.2f} | {word} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
