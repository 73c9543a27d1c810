"""`make bench-peers`: our forecasts and those of well-kept libraries, on the same real data.

Same cut-offs, same targets, same scorer; the libraries run in an environment of their own, since
they need an older pandas. What is done is kept in the work folder, so that a run that was cut off
goes on. The table is kept in docs/results.md.
"""

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from nine import nine_quantiles
from rich.console import Console
from scale import scale_table
from sets import SETS, DataSet, origins_of, write_panel

from features.demand.rhythm import rhythm_of
from models.demand.forecaster import DemandForecaster
from models.demand.level_sets import M5_PROBABILITIES
from training.demand.origins import Origin
from training.demand.scores import HISTORIES, figures, histories, series_scores

RUN = Path(__file__).with_name("run.py")
RESULTS = Path("docs/results.md")
BEGIN, END = "<!-- peers -->", "<!-- /peers -->"
PEERS = (
    "seasonal_naive", "croston_sba", "auto_ets", "auto_theta", "mlforecast_conformal",
    "quantile_recursive", "quantile_direct", "skforecast_binned",
)  # fmt: skip
# A grid of direct models would take hours: they take what was chosen for the recursive ones.
CHOSEN_FOR = {"quantile_direct": "quantile_recursive"}
OURS = {"**Expedite**": "trees", "moving average + level sets": "average"}
SHOWN = ("spl", "rmsse", "wape", "bias", "covers_0.975", "below_0.975")
console = Console()
Found = dict[str, np.ndarray]


def compare(
    python: Annotated[Path, typer.Option(help="Python of the libraries' environment")],
    work: Annotated[Path, typer.Option(help="folder that keeps what is done")],
    sets: Annotated[str, typer.Option(help="which data sets, by comma")] = ",".join(SETS),
    limit_seconds: Annotated[int, typer.Option(help="for one forecast of a library")] = 1200,
) -> None:
    """Forecast all data sets with all methods and write the tables."""
    parts = []
    for name in sets.split(","):
        rows = _compared(SETS[name], work, python.absolute(), limit_seconds)
        parts.append(_table(SETS[name], rows))
        console.print(parts[-1], soft_wrap=True)
    parts.append(scale_table(work, python.absolute()))
    console.print(parts[-1], soft_wrap=True)
    text = RESULTS.read_text(encoding="utf-8")
    table = "\n\n".join(parts)
    kept = re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{table}\n{END}", text, flags=re.DOTALL)
    RESULTS.write_text(kept, encoding="utf-8")


def _compared(chosen: DataSet, work: Path, python: Path, limit_seconds: int) -> dict[str, dict]:
    origins = origins_of(chosen, work)
    folder = work / chosen.name
    for number, origin in enumerate(origins):
        write_panel(origin.panel, chosen.horizon, folder / f"panel{number}.npz")
    rows = {}
    for peer in PEERS:
        ask = Peer(python, folder, peer, limit_seconds)
        rows[peer] = judged(origins, ask.forecast) if ask.choose() else {}
        console.print(f"{chosen.name}: {peer} done")
    for shown, method in OURS.items():
        rows[shown] = judged(origins, lambda n, m=method: _ours(origins[n], chosen.horizon, m))
        console.print(f"{chosen.name}: {shown} done")
    rows["nine quantile boosters on our features"] = judged(
        origins, lambda n: nine_quantiles(origins[n].panel, chosen.horizon)
    )
    return rows


def _ours(origin: Origin, horizon: int, method: str) -> Found:
    began = time.process_time()
    forecast = DemandForecaster.fit(origin.panel, horizon, method=method).forecast(origin.panel)
    found = forecast.quantiles(M5_PROBABILITIES)
    took = np.array(time.process_time() - began)
    return {"quantiles": found, "mean": forecast.mean, "seconds": took}


class Peer:
    """One method of a library; its files are kept."""

    def __init__(self, python: Path, folder: Path, method: str, limit_seconds: int) -> None:
        self.folder, self.method, self.limit = folder, method, limit_seconds
        self.config = folder / f"{CHOSEN_FOR.get(method, method)}.json"
        self.command = [str(python), str(RUN)]

    def choose(self) -> bool:
        """Choose the configuration on the first cut-off; say whether that ended."""
        grid_seconds = 6 * self.limit
        return self.config.exists() or self._run(0, grid_seconds, "--choose")

    def forecast(self, number: int) -> Found | None:
        """Return the forecast of a cut-off; None if it failed or took too long."""
        out = self.folder / f"{self.method}{number}.npz"
        failed = self.folder / f"{self.method}.failed"  # its other origins would fail too
        if failed.exists() or out.exists():
            return None if failed.exists() else dict(np.load(out, allow_pickle=False))
        if not self._run(number, self.limit, "--out", str(out)):
            failed.touch()
            return None
        return dict(np.load(out, allow_pickle=False))

    def _run(self, number: int, limit: int, *options: str) -> bool:
        panel = str(self.folder / f"panel{number}.npz")
        command = [*self.command, panel, self.method, str(self.config), *options]
        try:
            subprocess.run(command, check=True, timeout=limit, capture_output=True, text=True)
        except subprocess.TimeoutExpired:
            console.print(f"  not finished in {limit} s")
            return False
        except subprocess.CalledProcessError as error:
            console.print("  failed: " + error.stderr.strip().splitlines()[-1], markup=False)
            return False
        return True


def judged(origins: list[Origin], forecast: Callable[[int], Found | None]) -> dict:
    """Score all cut-offs; a series that a method refused counts with forecasts of nothing."""
    scores, seconds, refused = [], [], 0
    for number, origin in enumerate(origins):
        found = forecast(number)
        if found is None:
            return {}
        refused += int(np.isnan(found["quantiles"][:, 0, 0]).sum())
        quantiles = np.sort(np.maximum(np.nan_to_num(found["quantiles"]), 0), axis=2)
        mean = np.maximum(np.nan_to_num(found["mean"]), 0)
        panel = origin.panel
        scored = series_scores(
            panel.demanded(), origin.actual, quantiles, mean, rhythm_of(panel.grain).season
        )
        ids = pd.Series(panel.sku + "|" + panel.site)
        history = histories(panel.demanded())
        scores.append(scored.assign(series=ids, origin=number, history=history))
        seconds.append(float(found["seconds"]))
    told = pd.concat(scores, ignore_index=True)
    said = figures(told, repeats=200)
    established = float(told["spl"][told["history"] == HISTORIES[0]].mean())
    return {
        "figures": said,
        "established": established,
        "seconds": float(np.mean(seconds)),
        "refused": refused,
    }


def _table(chosen: DataSet, rows: dict[str, dict]) -> str:
    lines = [
        f"**{chosen.name}**, {chosen.horizon} periods ahead",
        "",
        "| method | SPL | 95 % interval | established | RMSSE | WAPE | bias | 97.5 % covers | s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        if not row:
            lines.append(f"| {name} | failed or not finished | | | | | | | |")
            continue
        spl, rmsse, wape, bias, covers, below = (row["figures"][key] for key in SHOWN)
        note = f" ({row['refused']} series refused)" if row["refused"] else ""
        lines.append(
            f"| {name}{note} | {spl.value:.4f} | {spl.low:.4f} to {spl.high:.4f} "
            f"| {row['established']:.4f} | {rmsse.value:.3f} | {wape.value:.3f} "
            f"| {bias.value:+.3f} | {covers.value:.3f} / {below.value:.3f} | {row['seconds']:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(compare)
