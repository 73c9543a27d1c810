"""Evaluation of demand: forecasts of the periods after a moment, as a file, and their scores."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.domain import BadInputError
from data.history.history import History
from features.demand.grain import Grain
from features.demand.panel import Panel
from models.demand.forecast import Forecast
from models.demand.forecaster import DemandForecaster
from models.demand.level_sets import M5_PROBABILITIES
from models.registry.store import ModelRegistry
from training.common.run import Progress
from training.demand.backtest import MethodBacktest, summary
from training.demand.champion import load_demand, trained_as_of
from training.demand.origins import Origin, actual_units, read_truth, score, score_aggregates
from training.demand.rehearsal import fit, read_recent_panel, rehearse, restricted

FRESH, CHAMPION = "fresh", "champion"
SERIES_A_ROW_GROUP = 2_000
SCHEMA = pa.schema(
    {
        "sku": pa.string(),
        "site": pa.string(),
        "period_start": pa.timestamp("us", tz="UTC"),
        "quantile": pa.float64(),
        "units": pa.float32(),
        "mean": pa.float32(),
        "method": pa.string(),
    }
)


@dataclass(frozen=True)
class ForecastSpec:
    """Specification of a forecast.

    Attributes:
        as_of: Only data known before it is used, by the model too.
        horizon: Periods after the last complete one.
        model: `fresh` (rehearsed and fitted on what was known), `champion`, or a version's number.
        grain: That of the given demand, else a day, if None.
    """

    as_of: pd.Timestamp
    horizon: int
    model: str = FRESH
    grain: Grain | None = None


@dataclass(frozen=True)
class DemandEvaluation:
    """A forecast, the actual demand, and the model that made it."""

    origin: Origin
    forecast: Forecast
    made_by: str


def forecast_period(
    history: History, spec: ForecastSpec, store: ModelRegistry, progress: Progress
) -> DemandEvaluation:
    """Forecast the periods after a moment with what was known before it.

    Raises:
        BadInputError: The model has seen what it should forecast, or forecasts other periods, or
            the moment is long after everything that is known.
        NoChampionError: None is promoted, or it can't be loaded.
        NotEnoughDataError: No period was complete before the moment.
    """
    progress("Reading what was known")
    if spec.model == FRESH:
        panel = read_recent_panel(history, spec.as_of, spec.grain)
        rehearsal = rehearse(history, panel, spec.horizon, progress)
        progress(f"Fitting on everything known before: {rehearsal.served_by}")
        demand = fit(panel, spec.horizon, rehearsal.served_by)
        made_by = f"fitted as of {spec.as_of:%Y-%m-%d} for this: {rehearsal.reason}"
    else:
        demand, version = load_demand(store, None if spec.model == CHAMPION else spec.model)
        since = trained_as_of(store, version)
        _check(demand, version, since, spec)
        panel = read_recent_panel(history, spec.as_of, demand.grain)
        made_by = f"{version}, trained as of {since:%Y-%m-%d}"
    progress("Forecasting")
    origin, forecast = _origin(history, spec, panel), demand.forecast(panel)
    return DemandEvaluation(*restricted(origin, forecast, np.arange(spec.horizon)), made_by)


def _check(demand: DemandForecaster, version: str, since: pd.Timestamp, spec: ForecastSpec) -> None:
    if since > spec.as_of:
        raise BadInputError(
            "--model",
            f"{version} was trained as of {since:%Y-%m-%d %H:%M}, after --as-of "
            f"{spec.as_of:%Y-%m-%d %H:%M}, so it has seen what it should forecast",
            f"Choose --model {FRESH}, which is fitted on what was known then, or an older version.",
        )
    if demand.grain != (spec.grain or demand.grain):
        raise BadInputError(
            "--grain",
            f"{version} forecasts by {demand.grain}, not by {spec.grain}",
            f"Leave it out, or choose --model {FRESH}.",
        )
    if demand.horizon < spec.horizon:
        raise BadInputError(
            "--horizon",
            f"{version} forecasts {demand.horizon} periods, not {spec.horizon}",
            f"Lower it, or choose --model {FRESH}.",
        )


def _origin(history: History, spec: ForecastSpec, panel: Panel) -> Origin:
    """Return the panel with what came, as far as it is known by now."""
    periods = panel.next_periods(spec.horizon)
    truth = read_truth(history, panel.grain)
    return Origin(spec.as_of, panel, periods, actual_units(truth, panel, periods))


def write_forecasts(forecast: Forecast, path: Path) -> int:
    """Write a row a series, period and quantile, in row groups; return how many rows.

    Columns: sku, site, period_start (first moment of the period, UTC), quantile (the nine of the M5
    competition), units, mean (of the period, the same in nine rows), method (of the series).
    """
    written = 0
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as file:
        for begin in range(0, forecast.series, SERIES_A_ROW_GROUP):
            rows = _rows(forecast.take(slice(begin, begin + SERIES_A_ROW_GROUP)))
            file.write_table(rows)
            written += len(rows)
    return written


def _rows(forecast: Forecast) -> pa.Table:
    quantiles = forecast.quantiles(M5_PROBABILITIES)
    _, horizon, levels = quantiles.shape
    starts = np.repeat(forecast.periods.astype("datetime64[us]"), levels)
    columns = {
        "sku": np.repeat(forecast.sku, horizon * levels),
        "site": np.repeat(forecast.site, horizon * levels),
        "period_start": np.tile(starts, forecast.series),
        "quantile": np.tile(M5_PROBABILITIES, forecast.series * horizon),
        "units": quantiles.ravel(),
        "mean": np.repeat(forecast.mean.ravel(), levels).astype(np.float32),
        "method": np.repeat(forecast.method, horizon * levels),
    }
    arrays = [pa.array(columns[field.name], field.type) for field in SCHEMA]
    return pa.table(arrays, schema=SCHEMA)


def report(result: DemandEvaluation) -> dict[str, Any]:
    """Return who forecast what, and the figures as far as the history knows what came."""
    origin, forecast = result.origin, result.forecast
    methods, counts = np.unique(forecast.method.astype(str), return_counts=True)
    facts = {
        "as_of": origin.as_of.isoformat(),
        "made_by": result.made_by,
        "grain": str(forecast.grain),
        "horizon": forecast.horizon,
        "first_period": str(forecast.periods[0]),
        "last_period": str(forecast.periods[-1]),
        "series": forecast.series,
        "series_by_method": dict(zip(methods.tolist(), counts.tolist(), strict=True)),
        "targets": int(np.isfinite(origin.actual).sum()),
    }
    if not facts["targets"]:
        return facts
    method = MethodBacktest(
        scores=[score(origin, forecast).assign(origin=0)],
        aggregates=[score_aggregates(origin, forecast).assign(origin=0)],
    )
    return facts | {"figures": summary(method)}
