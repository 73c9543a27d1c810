"""Training of the demand forecaster: read, rehearse, fit, compare, register, promote or not."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from data.domain import Grain, NoChampionError
from data.history.history import History
from features.demand.panel import Panel
from models.demand.catalog import FALLBACK, methods
from models.demand.forecaster import DemandForecaster
from models.registry.store import ModelRegistry, TrainedModel
from training.common.promotion import GateDecision, TrainingResult
from training.common.run import Progress, git_commit, register
from training.demand import report
from training.demand.backtest import figures_of
from training.demand.champion import MODEL, load_demand, trained_as_of
from training.demand.gate import comparable, decide_demand
from training.demand.rehearsal import (
    HORIZONS,
    DemandRehearsal,
    fit,
    read_recent_panel,
    rehearse,
    restricted,
    score_origin,
)


def train_demand(
    history: History,
    as_of: pd.Timestamp,
    store: ModelRegistry,
    progress: Progress,
    *,
    horizon: int | None = None,
    grain: Grain | None = None,
) -> TrainingResult:
    """Train a challenger on the data available before a moment; promote it if it is better.

    Args:
        history: The order history.
        as_of: Only data known before it is used.
        store: Where runs and versions are kept.
        progress: Receives a line at each step.
        horizon: Periods; by the grain if left out.
        grain: That of the given demand, else a day, if left out.

    Raises:
        NotEnoughDataError: No period was complete before the moment.
        BadInputError: The moment is long after everything that is known.
    """
    progress("Reading what was known")
    panel = read_recent_panel(history, as_of, grain)
    horizon = horizon or HORIZONS[panel.grain]
    rehearsal = rehearse(history, panel, horizon, progress)
    progress(f"Fitting on everything: {rehearsal.served_by}")
    challenger = fit(panel, horizon, rehearsal.served_by)
    decision = _judge(rehearsal, challenger, store)
    progress("Registering")
    trained = _trained(history, as_of, panel=panel, rehearsal=rehearsal, challenger=challenger)
    version = register(store, trained, decision)
    return TrainingResult(version, decision, {MODEL: rehearsal.reason}, {})


def _judge(
    rehearsal: DemandRehearsal, challenger: DemandForecaster, store: ModelRegistry
) -> GateDecision:
    """Compare the rehearsed challenger with the champion on periods that neither learned from."""
    try:
        champion, version = load_demand(store)
    except NoChampionError:
        return GateDecision(True, f"the first champion. {rehearsal.reason}")
    if champion.grain != challenger.grain:
        return GateDecision(
            False,
            f"the champion forecasts by {champion.grain}, this one by {challenger.grain}, which "
            "can't be compared: make it the champion by hand with `promote`",
        )
    if rehearsal.origin is None:
        return GateDecision(False, rehearsal.reason)
    origin, challenger_forecast = rehearsal.origin, rehearsal.forecasts[rehearsal.served_by]
    since = trained_as_of(store, version)
    starts = pd.DatetimeIndex(origin.periods, tz="UTC")
    columns = np.flatnonzero(starts[: champion.horizon] >= since)
    if not len(columns):
        return GateDecision(
            False,
            f"the champion was trained as of {since:%Y-%m-%d} and has seen all that it could be "
            "judged by: train with a later --as-of",
        )
    champion_forecast = champion.forecast(origin.panel)
    return decide_demand(
        score_origin(*restricted(origin, challenger_forecast, columns)),
        score_origin(*restricted(origin, champion_forecast, columns)),
    )


def _trained(
    history: History,
    as_of: pd.Timestamp,
    panel: Panel,
    rehearsal: DemandRehearsal,
    challenger: DemandForecaster,
) -> TrainedModel:
    figures = {
        f"{method}.{measure}": values[measure]["value"]
        for method, scores in rehearsal.scores.items()
        for values in [figures_of(comparable(scores))]  # of the series that decided
        for measure in report.COLUMNS
        if measure in values
    }
    return TrainedModel(
        model=MODEL,
        files=challenger.to_files(),
        past={},
        params={
            "grain": str(panel.grain),
            "horizon": challenger.horizon,
            "served_by": rehearsal.served_by,
            "fallback": FALLBACK,
        }
        | {
            method.NAME: settings
            for method in methods()
            if (settings := getattr(method, "SETTINGS", None)) is not None
        },
        metrics=figures | {"series": float(panel.series), "periods": float(panel.length)},
        tags={
            "as_of": as_of.isoformat(),
            "data_fingerprint": history.fingerprint,
            "git_commit": git_commit(),
            "served.demand": rehearsal.reason,
        },
        write_report=partial(_draw, rehearsal),
    )


def _draw(rehearsal: DemandRehearsal, folder: Path) -> None:
    """Draw the calibration of the rehearsed quantiles, and some series with their actual demand."""
    if rehearsal.origin is None:
        return
    report.calibration({"methods": rehearsal.report}, folder / "calibration.png")
    origin, forecast = rehearsal.origin, rehearsal.forecasts[rehearsal.served_by]
    report.fans(origin.panel, forecast, origin.actual, folder / "fans.png")
