"""`make bench-plain`: Expedite against plain LightGBM on the raw columns, and a constant.

Every real set of EXPEDITE_REAL_DATA is imported, trained and judged on what came after; each prints
a row for each label that it records, with the ratio of both losses: below 1, in bold, ours is
worse. What is done is kept in the work folder, so that a run that was cut off goes on. The whole
run writes the table into docs/results.md.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import orjson
import pandas as pd
import typer
from compare import judged
from plain_demand import constant_forecast, plain_forecast, settings_of
from rich.console import Console
from sets import SETS, DataSet, origins_of

from data.history.history import History
from models.demand.level_sets import M5_PROBABILITIES
from models.raw_columns.tuned_trees import KIND
from models.registry.store import ModelRegistry
from models.triage.load import load_triage
from training.common.run import git_commit
from training.demand.origins import Origin
from training.demand.rehearsal import fit, rehearse
from training.triage.evaluation import report, score_period
from training.triage.train import train_triage

RESULTS = Path("docs/results.md")
BEGIN, END = "<!-- plain -->", "<!-- /plain -->"
HEAD = (
    "| history | judged | label | rows | measure | ours | plain LightGBM | constant | ratio |",
    "|---|---|---|---|---|---|---|---|---|",
)
MEASURES = {
    "breach": "log_loss",
    "category": "log_loss",
    "team": "log_loss",
    "priority": "log_loss",
    "hours_to_resolve": "pinball",
    "touch_minutes": "pinball",
}
CONSTANTS = ("one rate for all", "one distribution for all", "quantiles of all known before")
SIMULATED = "synthetic"
"""Source that reads no files."""
console = Console(stderr=True)


@dataclass(frozen=True)
class TriageSet:
    """A set of exceptions, real or simulated.

    Attributes:
        name: Name of the rows.
        folder: Below EXPEDITE_REAL_DATA.
        files: Pattern of the files below it; empty for the folder itself.
        source: Name of the source that reads them.
        as_of: Day before which everything is learned.
        until: Day before which exceptions are judged.
        options: Further options of the import.
    """

    name: str
    folder: str
    files: str
    source: str
    as_of: str
    until: str
    options: tuple[str, ...] = ()


def _incidents(as_of: str, until: str) -> TriageSet:
    return TriageSet("incident log", "incident_log", "*.csv*", "incident_log", as_of, until)


def _tickets(as_of: str, until: str) -> TriageSet:
    return TriageSet("helpdesk", "helpdesk", "*.csv*", "helpdesk", as_of, until)


TRIAGE = {
    "incidents_1": _incidents("2016-04-01", "2016-04-15"),
    "incidents_15": _incidents("2016-04-15", "2016-04-29"),
    "just_in_time": TriageSet(
        "just_in_time", "just_in_time", "orders_and_shipments*", "just_in_time", "2017-01-01",
        "2018-01-01", ("--encoding", "latin-1"),
    ),
    "olist": TriageSet("Olist", "olist", "", "olist", "2018-06-01", "2018-09-01"),
    "helpdesk_2012": _tickets("2012-01-01", "2012-07-01"),
    "helpdesk_2013": _tickets("2013-04-01", "2014-02-01"),
    "shop": TriageSet(
        "synthetic shop", "shop", "", SIMULATED, "2025-04-09", "2025-05-19",
        ("--orders", "20000", "--seed", "7"),
    ),
}  # fmt: skip


def table(
    work: Annotated[Path, typer.Option(help="folder that keeps what is done")],
    sets: Annotated[str, typer.Option(help="which sets, by comma; nothing is written")] = "",
) -> None:
    """Judge every set and print the table."""
    work.mkdir(exist_ok=True)
    names = sets.split(",") if sets else [*TRIAGE, *SETS]
    rows = [row for name in names for row in _rows(name, work)]
    lines = "\n".join([f"Commit {git_commit()[:10]}.", "", *HEAD, *rows])
    sys.stdout.write(lines + "\n")
    if not sets:
        text = RESULTS.read_text(encoding="utf-8")
        new = re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{lines}\n{END}", text, flags=re.DOTALL)
        RESULTS.write_text(new, encoding="utf-8")


def _rows(name: str, work: Path) -> list[str]:
    """Return the rows of a set; those of a run before are read."""
    stored = work / f"{name}.rows.json"
    if not stored.exists():
        console.print(f"Judging {name}")
        made = (
            _triage_rows(TRIAGE[name], work) if name in TRIAGE else _demand_rows(SETS[name], work)
        )
        stored.write_bytes(orjson.dumps(list(made)))
    return orjson.loads(stored.read_bytes())


def _triage_rows(chosen: TriageSet, work: Path) -> Iterator[str]:
    history = _history(chosen, work)
    store = ModelRegistry(work / f"{chosen.folder}-{chosen.as_of}.mlruns")
    version = next((own.version for own in store.versions("triage")), None)
    as_of, until = (pd.Timestamp(day, tz="UTC") for day in (chosen.as_of, chosen.until))
    if version is None:
        version = train_triage(history, as_of, store, console.print).version
    triage = load_triage(store, version)
    figures: dict[str, Any] = report(score_period(triage, history, as_of, until), triage)
    period = f"{chosen.as_of} to {chosen.until}"
    for label, measure in MEASURES.items():
        own = figures.get(label)
        if not own or KIND not in own:
            continue
        constant = next(own[name] for name in CONSTANTS if name in own)
        losses = [_shown(part[measure]) for part in (own["model"], own[KIND], constant)]
        ratio = own[KIND][measure]["value"] / own["model"][measure]["value"]
        cells = [chosen.name, period, label, f"{own['labelled']:,}", measure, *losses]
        yield f"| {' | '.join(cells)} | {_ratio(ratio)} |"
        if "accuracy" in own["model"]:
            shares = [part["accuracy"] for part in (own["model"], own[KIND], constant)]
            cells[4:] = ["accuracy (higher is better)", *map(_shown, shares)]
            yield f"| {' | '.join(cells)} | |"


def _history(chosen: TriageSet, work: Path) -> History:
    folder = work / "histories" / chosen.folder
    if not folder.exists():
        source = Path(os.environ["EXPEDITE_REAL_DATA"]) / chosen.folder
        files = sorted(source.glob(chosen.files)) if chosen.files else [source]
        files = [] if chosen.source == SIMULATED else files
        command = [sys.executable, "-m", "data", "import", *map(str, files)]
        more = ["--source", chosen.source, "--into", str(folder), *chosen.options]
        subprocess.run([*command, *more], check=True, stdout=subprocess.DEVNULL)
    return History.open(folder)


def _demand_rows(chosen: DataSet, work: Path) -> Iterator[str]:
    """Judge the method that each rehearsal chooses; every cut-off is read and fitted anew."""
    origins, horizon = origins_of(chosen, work), chosen.horizon
    history = History.open(work / chosen.name / "history")
    settings = settings_of(origins[0].panel, horizon)
    methods: dict[str, Callable[[int], dict[str, np.ndarray]]] = {
        "ours": lambda number: _ours(history, origins[number], horizon),
        "plain": lambda number: plain_forecast(origins[number].panel, horizon, settings),
        "constant": lambda number: constant_forecast(origins[number].panel, horizon),
    }
    results = {name: judged(origins, forecast) for name, forecast in methods.items()}
    spl = {name: own["figures"]["spl"] for name, own in results.items()}
    period = f"{len(origins)} x {horizon} periods from {origins[0].as_of:%Y-%m-%d}"
    series = f"{origins[-1].panel.series:,} series"
    cells = [f"{own.value:.4f} ({own.low:.4f} to {own.high:.4f})" for own in spl.values()]
    row = [chosen.name, period, "demand", series, "SPL", *cells]
    yield f"| {' | '.join(row)} | {_ratio(spl['plain'].value / spl['ours'].value)} |"
    known = [f"{own['established']:.4f}" for own in results.values()]
    ratio = results["plain"]["established"] / results["ours"]["established"]
    row = [chosen.name, period, "demand", "established series", "SPL", *known]
    yield f"| {' | '.join(row)} | {_ratio(ratio)} |"


def _ours(history: History, origin: Origin, horizon: int) -> dict[str, np.ndarray]:
    method = rehearse(history, origin.panel, horizon, console.print).served_by
    forecast = fit(origin.panel, horizon, method).forecast(origin.panel)
    quantiles = forecast.quantiles(M5_PROBABILITIES)
    return {"quantiles": quantiles, "mean": forecast.mean, "seconds": np.array(0.0)}


def _shown(figure: dict[str, float]) -> str:
    return "{value:.4g} ({low:.4g} to {high:.4g})".format(**figure)


def _ratio(ratio: float) -> str:
    """Write a ratio; one below 1, where ours is worse, in bold."""
    return f"**{ratio:.4g}**" if ratio < 1 else f"{ratio:.4g}"


if __name__ == "__main__":
    typer.run(table)
