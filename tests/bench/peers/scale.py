"""Seconds and memory of a fit and forecast, ours and mlforecast's, by the number of series."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from sets import write_panel

from features.demand.grain import Grain
from features.demand.panel import Panel

DAYS, HORIZON = 180, 28
PEER_SERIES = (500, 30_000)
OUR_SERIES = (500, 30_000, 300_000)
OURS = Path(__file__).with_name("ours.py")
RUN = Path(__file__).with_name("run.py")
METHOD = "mlforecast_conformal"
# mlforecast's quickest way to quantiles: LightGBM on plain units, two conformal windows.
CONFIG = {
    "tail": "zero", "windows": 2, "objective": "l2", "transform": "none", "rate": 0.05,
    "leaves": 31,
}  # fmt: skip


def drawn_panel(series: int) -> Panel:
    """Simulate days of negative binomial demand with a weekday pattern; seeded."""
    rng = np.random.default_rng(7)
    days = np.arange("2025-01-01", DAYS, dtype="datetime64[D]")
    level = rng.lognormal(0, 1.2, (series, 1))
    week = 1 + 0.5 * np.sin(2 * np.pi * (np.arange(DAYS) % 7) / 7)
    units = rng.poisson(level * week * rng.gamma(2, 0.5, (series, DAYS))).astype(np.float32)
    names = np.array([f"sku{i}" for i in range(series)], object)
    site = np.full(series, "all", object)
    return Panel(Grain.DAY, days, names, site, units, np.ones_like(units))


def scale_table(work: Path, python: Path) -> str:
    """Run both in processes of their own and return a Markdown table."""
    folder = work / "scale"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    lines = [
        f"**Cost**, {DAYS} simulated days, {HORIZON} days ahead, one thread: fit and forecast",
        "",
        "| series | ours | mlforecast | ratio of time | ours, peak | mlforecast, peak |",
        "|---|---|---|---|---|---|",
    ]
    for series in OUR_SERIES:
        panel = folder / f"panel{series}.npz"
        write_panel(drawn_panel(series), HORIZON, panel)
        ours = _run([sys.executable, str(OURS), str(series)], folder / "ours.npz")
        line = f"| {series:,} | {ours[0]:.1f} s |"
        if series in PEER_SERIES:
            command = [str(python), str(RUN), str(panel), METHOD, str(folder / "config.json")]
            peer = _run(command, folder / "peer.npz")
            line += (
                f" {peer[0]:.1f} s | {ours[0] / peer[0]:.2f} | {ours[1]:,} MB | {peer[1]:,} MB |"
            )
        else:
            line += f" | | {ours[1]:,} MB | |"
        lines.append(line)
    return "\n".join(lines)


def _run(command: list[str], out: Path) -> tuple[float, int]:
    subprocess.run([*command, "--out", str(out)], check=True, capture_output=True)
    read = np.load(out, allow_pickle=False)
    return float(read["seconds"]), int(read["peak_mb"])
