"""A simulated shop: orders, stock, exceptions with a cause behind each, and people who solve them.

It is for a first run and for tests; that the product works is shown on real data. The ground
truth (causes, hazards, bursts, true demand) goes to files of its own.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from data.sources.synthetic.shop import SyntheticShop
from data.sources.synthetic.simulation import Simulation
from data.sources.synthetic.truth import TruthFiles


def generate(shop: SyntheticShop, truth: Path | None = None) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield table name and rows, parents before children, about `block_orders` orders at a time.

    Args:
        shop: What to simulate.
        truth: Folder to write the truth to, as one Parquet file a table; nowhere if it is None.
    """
    with TruthFiles(truth) as files:
        for name, rows in Simulation(shop).run():
            if name.startswith("truth/"):
                files.write(name.removeprefix("truth/"), rows)
            elif len(rows):
                yield name, rows


def write_truth(shop: SyntheticShop, truth: Path) -> None:
    """Write the truth alone, by simulating again."""
    for _ in generate(shop, truth):
        pass
