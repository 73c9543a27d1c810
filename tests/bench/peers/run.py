"""Forecast one panel with one library's method; runs in an environment of its own.

Reads and writes .npz: in come `units` (series x periods, NaN where nothing is known or it was out
of stock), `first` (each series' first period), `codes` (series x attributes), `start` and `freq`;
out go `quantiles` (series x horizon x 9), `mean`, `seconds` and `peak_mb`.

Every method gets what it can take: out-of-stock periods are filled with the series' own recent
mean and, where weights are possible, weigh nothing; after the last sale the gap is filled with
zeros or with that mean, whichever did better. Configurations are chosen by pinball loss on the last
horizon before the end, once for each data set (`--choose`).
"""

import argparse
import itertools
import json
import resource
import time
import warnings
from pathlib import Path

import numpy as np
from boosted import PROBABILITIES, binned_residuals, conformal_trees, quantile_trees
from peer_panel import Panel
from statistical import statistical


def grid(**choices: list) -> list[dict]:
    return [dict(zip(choices, row, strict=True)) for row in itertools.product(*choices.values())]


TAILS = ["zero", "mean"]
QUANTILE_GRID = [
    *grid(tail=["mean"], transform=["none", "standard", "log1p"], rate=[0.05], leaves=[31]),
    *grid(tail=["zero"], transform=["none"], rate=[0.05], leaves=[31]),
]
METHODS = {
    "seasonal_naive": (statistical, grid(tail=TAILS, windows=[4, 10])),
    "croston_sba": (statistical, grid(tail=TAILS, windows=[4, 10])),
    "auto_ets": (statistical, grid(tail=["zero"])),
    "auto_theta": (statistical, grid(tail=["zero"])),
    "mlforecast_conformal": (
        conformal_trees,
        [
            {"tail": tail, "windows": 6, "objective": objective, "transform": transform,
             "rate": 0.05, "leaves": leaves}
            for tail in TAILS
            for leaves in (15, 63)
            for objective, transform in (("tweedie", "none"), ("l2", "standard"), ("l1", "log1p"))
        ],
    ),
    "quantile_recursive": (quantile_trees, QUANTILE_GRID),
    "quantile_direct": (quantile_trees, QUANTILE_GRID),
    "skforecast_binned": (
        binned_residuals,
        grid(tail=TAILS, objective=["tweedie", "l2"], rate=[0.05], leaves=[31]),
    ),
}  # fmt: skip


def pinball(panel: Panel, actual: np.ndarray, quantiles: np.ndarray) -> float:
    """Mean over series of the mean pinball loss over the mean absolute one-step difference."""
    error = actual[:, :, None] - np.sort(np.maximum(quantiles, 0), axis=2)
    loss = np.maximum(PROBABILITIES * error, (PROBABILITIES - 1) * error)
    step = np.nanmean(np.abs(np.diff(panel.units, axis=1)), axis=1)
    each = np.nanmean(loss, axis=(1, 2)) / step
    return float(np.nanmean(np.where(np.isfinite(each), each, np.nan)))


def choose(panel: Panel, name: str) -> dict:
    """The configuration with the least loss on the last horizon."""
    method, configs = METHODS[name]
    if len(configs) == 1:
        return configs[0]
    cut = panel.units.shape[1] - panel.horizon
    earlier = panel.until(cut)
    actual = panel.units[panel.first < cut - 1][:, cut:]
    losses = [pinball(earlier, actual, method(earlier, name, config)[0]) for config in configs]
    return configs[int(np.nanargmin(losses))]


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("panel", type=Path)
    asked.add_argument("method", choices=METHODS)
    asked.add_argument("config", type=Path, help="made with --choose, read without")
    asked.add_argument("--choose", action="store_true")
    asked.add_argument("--out", type=Path)
    options = asked.parse_args()
    warnings.simplefilter("ignore")
    panel = Panel(options.panel)
    if options.choose:
        options.config.write_text(json.dumps(choose(panel, options.method)))
        return
    config = json.loads(options.config.read_text())
    began = time.process_time()
    quantiles, mean = METHODS[options.method][0](panel, options.method, config)
    seconds = time.process_time() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    np.savez(options.out, quantiles=quantiles, mean=mean, seconds=seconds, peak_mb=peak_mb)


if __name__ == "__main__":
    main()
