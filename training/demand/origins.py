"""Cut-offs of a rolling origin: the data before each, the demand after it, and the scores."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data.domain import NotEnoughDataError
from data.history.history import History
from features.demand.extremes import extremes
from features.demand.grain import Grain
from features.demand.panel import Panel
from features.demand.rhythm import rhythm_of
from models.demand.aggregates import level_paths
from models.demand.forecast import Forecast
from models.demand.level_sets import M5_PROBABILITIES, LevelSets
from training.demand.dataset import read_panel
from training.demand.scores import LIVES, demand_classes, histories, series_scores, volumes

SERIES_A_CHUNK = 5_000
MIN_PERIODS_TO_FIT = 2
LIFE_DAYS = 56
MIN_PATHS, MAX_PATHS = 200, 500
MAX_DRAWS = 100_000_000  # numbers; a large panel gets fewer paths
SEED = 7
TOTAL = "total"


@dataclass(frozen=True)
class Origin:
    """One cut-off.

    Attributes:
        as_of: Nothing known at or after it is in the panel.
        panel: n series as they were known.
        periods: (H,) first days of the periods after the panel's last one.
        actual: (n, H) units that came, NaN where out of stock or not known.
    """

    as_of: pd.Timestamp
    panel: Panel
    periods: np.ndarray
    actual: np.ndarray


def read_truth(history: History, grain: Grain | None = None) -> Panel:
    """Read all demand that is known by now."""
    return read_panel(history, last_known(history) + pd.Timedelta(1, "us"), grain)


def last_known(history: History) -> pd.Timestamp:
    """Return when the last row of demand, given or ordered, became known."""
    last_at = history.query("periods").set_index("table")["last_at"]
    last = last_at.reindex(["demand", "orders", "order_lines"]).max()
    if pd.isna(last):
        cure = "Import a source with order lines or demand."
        raise NotEnoughDataError("rows of demand", 0, 1, cure)
    return last


def cut_offs(truth: Panel, horizon: int, origins: int) -> list[pd.Timestamp]:
    """Return the moments of the last origins, a horizon apart; the last horizon ends the truth.

    Raises:
        NotEnoughDataError: The first would have nothing to learn from.
    """
    need = horizon * origins + MIN_PERIODS_TO_FIT
    if truth.length < need:
        what, cure = f"periods ({truth.grain}) of demand", "Lower --horizon or --origins."
        raise NotEnoughDataError(what, truth.length, need, cure)
    columns = truth.length - horizon * np.arange(origins, 0, -1)
    return [truth.begins_at(truth.periods[column]) for column in columns]


def read_origin(history: History, as_of: pd.Timestamp, truth: Panel, horizon: int) -> Origin:
    """Read what was known at a moment, and what of the truth follows it."""
    panel = read_panel(history, as_of, truth.grain)
    periods = panel.next_periods(horizon)
    return Origin(as_of, panel, periods, actual_units(truth, panel, periods))


def actual_units(truth: Panel, panel: Panel, periods: np.ndarray) -> np.ndarray:
    """Return (n, H) units of the panel's series in some periods, NaN where not to be scored.

    A series that had begun at the cut-off and has no later row has sold nothing, however long it
    had been silent. Were its periods left out, whether a target counts would depend on later
    sales, and nobody would see what is forecast for series that have ended.
    """
    keys = (pd.MultiIndex.from_arrays([p.sku, p.site]) for p in (truth, panel))
    row = next(keys).get_indexer(next(keys))
    column = np.minimum(np.searchsorted(truth.periods, periods), truth.length - 1)
    there = (row >= 0)[:, None] & (truth.periods[column] == periods)
    actual = np.where(there, truth.demanded()[row[:, None], column], np.float32(np.nan))
    over = there & np.isnan(truth.units[row[:, None], column])
    begun = np.logical_or.reduce(np.isfinite(panel.units), axis=1)
    return np.where(over & begun[:, None], np.float32(0), actual)


def lives(panel: Panel) -> np.ndarray:
    """Return (n,) of `LIVES`: whether a series gave a sign of life in the last weeks of a panel."""
    lately = panel.periods > panel.periods[-1] - LIFE_DAYS
    return np.where(np.logical_or.reduce(np.isfinite(panel.units[:, lately]), axis=1), *LIVES)


def score(origin: Origin, forecast: Forecast) -> pd.DataFrame:
    """Score a forecast: the rows of `series_scores`, with who each series is.

    Adds `sku`, `site`, `method`, `demand_class`, `history`, `life`, `volume` and
    `extreme_targets` (how many targets are extremes of their series); in chunks, since nine
    quantiles of every series and period at once would be most of the memory.
    """
    panel, parts = origin.panel, []
    for begin in range(0, panel.series, SERIES_A_CHUNK):
        rows = slice(begin, begin + SERIES_A_CHUNK)
        past, shown = panel.take(rows).demanded(), forecast.take(rows)
        quantiles = shown.quantiles(M5_PROBABILITIES)
        actual = origin.actual[rows]
        part = series_scores(
            past, actual, quantiles=quantiles, mean=shown.mean, season=rhythm_of(panel.grain).season
        )
        parts.append(part.assign(demand_class=demand_classes(past), history=histories(past)))
    return pd.concat(parts, ignore_index=True).assign(
        sku=panel.sku,
        site=panel.site,
        method=forecast.method,
        life=lives(panel),
        extreme_targets=_extreme_targets(origin),
        volume=volumes(panel.demanded()),
    )


def _extreme_targets(origin: Origin) -> np.ndarray:
    """Return (n,) numbers of targets that are far outside the usual range of their series."""
    units = np.concatenate([origin.panel.units, origin.actual], axis=1)
    return extremes(units)[:, origin.panel.length :].sum(axis=1)


def score_aggregates(origin: Origin, forecast: Forecast) -> pd.DataFrame:
    """Score sums of series: `level` (total, site, an attribute), `group` and its scores.

    A period of a series that can't be scored is taken out of the sum that was forecast as well.
    """
    observed = np.isfinite(origin.actual)
    table = np.where(observed, forecast.table, len(forecast.tables)).astype(np.uint8)
    left = replace(forecast, table=table, tables=[*forecast.tables, LevelSets.nothing()])
    paths = int(np.clip(MAX_DRAWS // max(table.size, 1), MIN_PATHS, MAX_PATHS))
    levels = _levels(origin.panel)
    drawn = level_paths(left, levels, paths, SEED)
    parts = [
        _score_groups(origin, levels[level], *sums).assign(level=level)
        for level, sums in drawn.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _levels(panel: Panel) -> dict[str, np.ndarray]:
    """Return for each level (n,) groups; levels that join nothing, or everything, are left out."""
    groups = {"site": panel.site, **panel.attributes}
    levels = {TOTAL: np.full(panel.series, TOTAL)}
    for name, group in groups.items():
        texts = np.where(pd.isna(group), "", group).astype(str)
        if 1 < len(np.unique(texts)) <= panel.series / 2:
            levels[name] = texts
    return levels


def _score_groups(
    origin: Origin, group: np.ndarray, names: np.ndarray, sums: np.ndarray
) -> pd.DataFrame:
    code = np.searchsorted(names, group)
    quantiles = np.moveaxis(np.quantile(sums, M5_PROBABILITIES, axis=1), 0, 2)
    past, actual = (_summed(units, code) for units in (origin.panel.units, origin.actual))
    season = rhythm_of(origin.panel.grain).season
    return series_scores(
        past, actual, quantiles=quantiles, mean=sums.mean(axis=1), season=season
    ).assign(group=names)


def _summed(units: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Return (g, T) sums of what is known; NaN where nothing is."""
    observed = np.isfinite(units)
    sums, counts = (
        np.stack([np.bincount(code, column) for column in matrix.T], axis=1)
        for matrix in (np.where(observed, units, 0.0), observed)
    )
    return np.where(counts > 0, sums, np.nan)
