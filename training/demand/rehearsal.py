"""Rehearsal of demand: every method is fitted before the last horizon, and scored on it."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from data.domain import BadInputError
from data.history.history import History
from features.demand.grain import Grain
from features.demand.panel import Panel
from models.demand.catalog import FALLBACK, that_can_learn
from models.demand.forecast import Forecast
from models.demand.forecaster import DemandForecaster
from training.common.run import Progress
from training.demand.backtest import SEED, figures_of
from training.demand.choices import ALL_METHODS, DemandChoices
from training.demand.dataset import read_panel
from training.demand.gate import best_method, comparable
from training.demand.origins import (
    MIN_PERIODS_TO_FIT,
    Origin,
    last_known,
    read_origin,
    score,
)

OF_ALL = ("series", "units_for_nothing", "for_nothing")


@dataclass(frozen=True)
class DemandRehearsal:
    """Forecasts of each method for the last horizon.

    Attributes:
        origin: The cut-off; None where the history is too short for one.
        forecasts: By method.
        scores: By method, a row a series.
        served_by: The method that was best.
        reason: The sentence that compares the methods.
        choices: Offers that were read, and methods that competed.
    """

    origin: Origin | None
    forecasts: dict[str, Forecast]
    scores: dict[str, pd.DataFrame]
    served_by: str
    reason: str
    choices: DemandChoices = ALL_METHODS

    @property
    def report(self) -> dict[str, Any]:
        """The figures by method, as a backtest reports them."""
        return {name: {"all": figures_of(scores)} for name, scores in self.scores.items()}


def read_recent_panel(history: History, as_of: pd.Timestamp, grain: Grain | None) -> Panel:
    """Read what was known at a moment that is not long after everything that is known.

    Raises:
        BadInputError: It is: the periods between would look as if nothing had been sold.
        NotEnoughDataError: No period was complete before the moment.
    """
    panel, last = read_panel(history, as_of, grain), last_known(history)
    if panel.begins_at(panel.periods[-1]) > last:
        raise BadInputError(
            "--as-of",
            f"{as_of:%Y-%m-%d} is long after the last known row ({last:%Y-%m-%d %H:%M})",
            "Name the day after it, or an earlier one.",
        )
    return panel


def rehearse(
    history: History,
    panel: Panel,
    horizon: int,
    progress: Progress,
    choices: DemandChoices = ALL_METHODS,
) -> DemandRehearsal:
    """Play the last horizon of a panel with each method, and choose one.

    Args:
        history: Read anew as of the cut-off, so that nothing known later is learned from.
        panel: As known at the moment of training: the truth of the rehearsal.
        horizon: Periods.
        progress: Receives a line at each step.
        choices: Offers that are read, and methods that compete.
    """
    if panel.length < horizon + MIN_PERIODS_TO_FIT:
        return DemandRehearsal(None, {}, {}, *best_method({}, FALLBACK), choices)
    as_of = panel.begins_at(panel.periods[-horizon])
    origin = read_origin(history, as_of, panel, horizon)
    read, forecasts = choices.narrowed(origin.panel), {}
    for method in that_can_learn(choices.methods, read):
        progress(f"Rehearsing on the {horizon} periods from {as_of:%Y-%m-%d}: {method}")
        forecasts[method] = fit(read, horizon, method).forecast(read)
    scores = {name: score_origin(origin, forecast) for name, forecast in forecasts.items()}
    return DemandRehearsal(origin, forecasts, scores, *best_method(scores, FALLBACK), choices)


def fit(panel: Panel, horizon: int, method: str) -> DemandForecaster:
    """Fit a method with the seed of all that is trained here."""
    return DemandForecaster.fit(panel, horizon, method=method, seed=SEED)


def score_origin(origin: Origin, forecast: Forecast) -> pd.DataFrame:
    """Score a forecast at one origin, ready for figures."""
    scores = score(origin, forecast)
    return scores.assign(series=np.arange(len(scores)), origin=0)


def deciding_figures(scores: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of the series that decide; `for_nothing` and `series` are of all."""
    own, every = figures_of(comparable(scores)), figures_of(scores)
    every = {name: every[name] for name in OF_ALL if name in every}
    return own | every


class RestrictedForecast(NamedTuple):
    """Some periods of an origin and of its forecast.

    Attributes:
        origin: The origin.
        forecast: The forecast.
    """

    origin: Origin
    forecast: Forecast


def restricted(origin: Origin, forecast: Forecast, columns: np.ndarray) -> RestrictedForecast:
    """Return some of the periods of an origin and of a forecast that was made at it."""
    cut = {name: getattr(forecast, name)[:, columns] for name in ("mean", "point", "table")}
    dependence = forecast.dependence[np.ix_(columns, columns)]
    periods = forecast.periods[columns]
    return RestrictedForecast(
        replace(origin, periods=periods, actual=origin.actual[:, columns]),
        replace(forecast, periods=periods, dependence=dependence, **cut),
    )
