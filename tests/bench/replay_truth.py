"""Does the replay tell the truth? Its savings beside those in the true world, seed by seed.

`PYTHONPATH=. .venv/bin/python tests/bench/replay_truth.py --from-seed 100 --seeds 100 --load 0.97`
simulates small shops, replays each from its history alone, without models, and compares what it
says that rules save with what they save in the world as it truly was.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history
from data.policy.policy import Policy
from data.sources.synthetic import generate
from data.sources.synthetic.shop import SyntheticShop
from training.common.measures import Figure
from training.queue_replay.analysis.comparison import RuleComparison
from training.queue_replay.analysis.experiment import Experiment, simulate_all
from training.queue_replay.analysis.ground_truth import true_experiment
from training.queue_replay.plan import ReplaySpec, prepare_replay
from training.queue_replay.rules.registry import all_rules

READ = ("orders", "exceptions", "exception_events", "outcomes")
COMPARED = ("edd_lost_last", "value_per_hour", "ours")
AGAINST = ("fifo", "history")
DRAWS = 5
T_4 = 2.776
"""Student's t for 4 degrees of freedom: five draws."""
TERMS = ImportTerms("test", pd.Timestamp("2026-01-01", tz="UTC"))
console = Console()


@dataclass(frozen=True)
class Agreement:
    """What a rule saves against another, as replayed and in truth.

    Attributes:
        told: As replayed, with its interval over days and draws.
        narrow: Half the width of an interval over the draws alone, days as they were.
        true: In the true world.
    """

    told: Figure
    narrow: float
    true: float

    @property
    def holds(self) -> bool:
        """Whether the truth lies in the interval that is reported."""
        return self.told.low <= self.true <= self.told.high

    @property
    def holds_narrowly(self) -> bool:
        """Whether it lies in the interval over the draws alone."""
        return abs(self.told.value - self.true) <= self.narrow


def agreement(shop: SyntheticShop, folder: Path) -> dict[str, Agreement]:
    """Replay the middle of a simulated shop, and compare with the truth."""
    tables = generate(shop, folder / "truth")
    write_history(folder, ((n, rows) for n, rows in tables if n in READ), TERMS)
    begin = pd.Timestamp(shop.start) + pd.Timedelta(shop.period_days // 4, "D")
    end = pd.Timestamp(shop.start) + pd.Timedelta(shop.period_days * 9 // 10, "D")
    asked = ReplaySpec(begin, end, Policy.read(), 0, DRAWS, shop.seed)
    scene = prepare_replay(History.open(folder), asked, lambda _: None).experiment.reduced(DRAWS)
    told, true = _played(scene, shop), _played(true_experiment(scene, folder / "truth"), shop)
    found = {}
    for rule in COMPARED:
        for other in AGAINST:
            by_draw = (told.money(other) - told.money(rule)).sum(axis=1)
            narrow = T_4 * np.sqrt(by_draw.var(ddof=1) * (1 + 1 / DRAWS))
            figures = told.saved(rule, other), float(narrow), true.saved(rule, other).value
            found[f"{rule} against {other}"] = Agreement(*figures)
    return found


def _played(scene: Experiment, shop: SyntheticShop) -> RuleComparison:
    rules = {name: all_rules()[name] for name in (*AGAINST, *COMPARED)}
    return RuleComparison.of(scene, simulate_all(scene, rules, lambda _: None), shop.seed)


def main(
    from_seed: Annotated[int, typer.Option()] = 100,
    seeds: Annotated[int, typer.Option()] = 100,
    load: Annotated[float, typer.Option()] = 0.97,
    orders: Annotated[int, typer.Option()] = 20_000,
) -> None:
    """Compare for each seed, and count."""
    found = []
    for seed in range(from_seed, from_seed + seeds):
        with tempfile.TemporaryDirectory() as folder:
            shop = SyntheticShop(orders=orders, seed=seed, load=load)
            found.append(agreement(shop, Path(folder)))
        console.print(f"seed {seed}", end="\r")
    columns = (
        "saving",
        "true",
        "told",
        "truth in interval",
        "half width",
        "in that of draws alone",
    )
    table = Table(*columns, "root of mean squared error", title=f"{seeds} seeds, load {load}")
    for name in found[0]:
        rows = [each[name] for each in found]
        error = np.array([row.told.value - row.true for row in rows])
        table.add_row(
            name,
            f"{np.mean([row.true for row in rows]):,.0f}",
            f"{np.mean([row.told.value for row in rows]):,.0f}",
            f"{sum(row.holds for row in rows)}",
            f"{np.mean([(row.told.high - row.told.low) / 2 for row in rows]):,.0f}",
            f"{sum(row.holds_narrowly for row in rows)}",
            f"{np.sqrt((error**2).mean()):,.0f}",
        )
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
