"""The real data sets that all are compared on, cut off as of three origins each."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data.history.history import History
from data.ingest.run_source import import_files
from data.ingest.sources import source_folder
from data.ingest.write_history import ImportTerms
from features.demand.grain import Grain
from features.demand.panel import Panel
from features.demand.rhythm import rhythm_of
from training.demand.origins import Origin, cut_offs, read_origin, read_truth

ORIGINS = 3
FREQUENCY = {Grain.DAY: "D", Grain.WEEK: "7D", Grain.MONTH: "MS"}


@dataclass(frozen=True)
class DataSet:
    """One real data set: where its files are and how many periods ahead it is forecast."""

    name: str
    folder: str
    horizon: int


SETS = {
    chosen.name: chosen
    for chosen in (
        DataSet("vn2", "vn2", 8),
        DataSet("carparts", "carparts", 6),
        DataSet("freshretail", "freshretail", 14),
        DataSet("online_retail", "online_retail_ii", 28),
    )
}


def origins_of(chosen: DataSet, work: Path) -> list[Origin]:
    """Read a data set as of the last `ORIGINS` origins, a horizon apart; nothing later is seen."""
    folder = work / chosen.name / "history"
    if not folder.exists():
        files = Path(os.environ["EXPEDITE_REAL_DATA"]) / chosen.folder
        terms = ImportTerms(chosen.name, pd.Timestamp.now("UTC"))
        import_files([files], source_folder(chosen.name), folder, terms)
    history = History.open(folder)
    truth = read_truth(history)
    moments = cut_offs(truth, chosen.horizon, ORIGINS)
    return [read_origin(history, as_of, truth, chosen.horizon) for as_of in moments]


def write_panel(panel: Panel, horizon: int, file: Path) -> None:
    """Write what run.py reads: only in-stock units, attributes as codes."""
    units = panel.demanded()
    seen = np.isfinite(units)
    names = {"sku": panel.sku, "site": panel.site, **panel.attributes}
    codes = [pd.factorize(values)[0] for values in names.values()]
    np.savez(
        file,
        units=units,
        first=np.minimum(np.where(seen.any(1), seen.argmax(1), panel.length), panel.length - 2),
        codes=np.stack(codes, axis=1),
        season=rhythm_of(panel.grain).season,
        horizon=horizon,
        dates=panel.periods,
        freq=FREQUENCY[panel.grain],
    )
