"""The real data sets that all are compared on, cut off as of three origins each."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data.choices import source_folder
from data.domain import Grain
from data.history import ALWAYS, History
from data.importing import Terms
from data.sourcing import import_files
from features.demand_panel import Panel
from training.demand_known import read_panel
from training.demand_scores import SEASON

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


@dataclass(frozen=True)
class Cut:
    """A data set as of an origin, and what was demanded in the horizon after it."""

    past: Panel
    actual: np.ndarray


def cuts_of(chosen: DataSet, work: Path) -> list[Cut]:
    """Read a data set as of the last `ORIGINS` origins, a horizon apart; nothing later is seen."""
    folder = work / chosen.name / "history"
    if not folder.exists():
        files = Path(os.environ["EXPEDITE_REAL_DATA"]) / chosen.folder
        terms = Terms(chosen.name, pd.Timestamp.now("UTC"))
        import_files([files], source_folder(chosen.name), folder, terms)
    history = History.open(folder)
    whole = read_panel(history, ALWAYS)
    found = []
    for back in range(ORIGINS, 0, -1):
        column = whole.length - back * chosen.horizon
        past = read_panel(history, pd.Timestamp(whole.periods[column], tz="UTC"))
        found.append(Cut(past, _came(whole, past, slice(column, column + chosen.horizon))))
    return found


def _came(whole: Panel, past: Panel, columns: slice) -> np.ndarray:
    later = pd.DataFrame(whole.demanded()[:, columns])
    later.index = pd.MultiIndex.from_arrays([whole.sku, whole.site])
    return later.reindex(pd.MultiIndex.from_arrays([past.sku, past.site])).to_numpy(np.float32)


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
        season=SEASON[panel.grain],
        horizon=horizon,
        dates=panel.periods,
        freq=FREQUENCY[panel.grain],
    )
