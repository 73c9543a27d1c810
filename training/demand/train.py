"""Training of the demand forecaster: read, rehearse, fit, compare, register, promote or not."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from data.domain import NoChampionError, NotEnoughDataError
from data.history.history import History
from features.demand.grain import Grain
from features.demand.panel import Panel, begin_of_day
from features.demand.rhythm import rhythm_of
from models.boosters import varied
from models.demand.catalog import FALLBACK, methods
from models.demand.forecaster import DemandForecaster
from models.registry.store import ModelRegistry, TrainedModel
from training.common.model_card.card import model_card, write_card
from training.common.model_card.figures import plain_metrics
from training.common.promotion import GateDecision, TrainingResult
from training.common.run import Progress, logged_settings, register, run_tags
from training.common.trials import Losses, Trials, search
from training.demand import report
from training.demand.champion import MODEL, load_demand, trained_as_of
from training.demand.choices import ALL_METHODS, DemandChoices
from training.demand.dataset import read_panel
from training.demand.gate import comparable, decide_demand, implausible
from training.demand.model_card import card_content, demand_figures
from training.demand.origins import MIN_PERIODS_TO_FIT
from training.demand.rehearsal import (
    DemandRehearsal,
    deciding_figures,
    fit,
    read_recent_panel,
    rehearse,
    restricted,
    score_origin,
)


def train_demand(  # noqa: PLR0913  (each is an option of the command)
    history: History,
    as_of: pd.Timestamp,
    store: ModelRegistry,
    progress: Progress,
    *,
    horizon: int | None = None,
    grain: Grain | None = None,
    choices: DemandChoices = ALL_METHODS,
) -> TrainingResult:
    """Train a challenger on the data available before a moment; promote it if it is better.

    Args:
        history: The order history.
        as_of: Only data known before it is used.
        store: Where runs and versions are kept.
        progress: Receives a line at each step.
        horizon: Periods; by the grain if left out.
        grain: That of the given demand, else a day, if left out.
        choices: Offers that are read, methods that compete, and trials of tree settings.

    Raises:
        NotEnoughDataError: No period was complete before the moment.
        BadInputError: The moment is long after everything that is known, or a pattern of the
            choices matches nothing.
    """
    progress("Reading what was known")
    panel = read_recent_panel(history, as_of, grain)
    horizon = horizon or rhythm_of(panel.grain).horizon
    searched = _searched(history, panel, horizon, choices, progress)
    with varied(searched.variation):
        rehearsal = rehearse(history, panel, horizon, progress, choices)
        progress(f"Fitting on everything: {rehearsal.served_by}")
        challenger = fit(choices.narrowed(panel), horizon, rehearsal.served_by)
        decision = _judge(rehearsal, challenger, store)
        progress("Registering")
        figures = demand_figures(rehearsal)
        page = model_card(card_content(history, as_of, panel, rehearsal, decision, figures=figures))
        trained = _trained(panel, rehearsal, challenger, searched=searched, card=page)
        trained = replace(trained, tags={**run_tags(history, as_of), **trained.tags})
        version = register(store, trained, decision)
    reasons = {MODEL: rehearsal.reason, **searched.reasons}
    return TrainingResult(version, decision, reasons, {}, figures=figures, card=page)


def _chosen(choices: DemandChoices) -> dict[str, str]:
    return {f"chosen.{option}": value for option, value in choices.options.items()}


def _searched(
    history: History,
    panel: Panel,
    horizon: int,
    choices: DemandChoices,
    progress: Progress,
) -> Trials:
    """Try settings on the horizon before the one that is reported."""
    until = panel.begins_at(panel.periods[-min(horizon, panel.length)])

    def prepare() -> Callable[[], Losses]:
        before = read_panel(history, until, panel.grain)
        return partial(_least_loss, history, before, horizon, choices)

    return search(choices.trials, prepare, f"{until:%Y-%m-%d}", progress)


def _least_loss(
    history: History, panel: Panel, horizon: int, choices: DemandChoices
) -> dict[str, float]:
    rehearsal = rehearse(history, panel, horizon, lambda _: None, choices)
    losses = [float(comparable(scores)["spl"].mean()) for scores in rehearsal.scores.values()]
    if not np.isfinite(losses).any():
        need = 2 * horizon + MIN_PERIODS_TO_FIT
        raise NotEnoughDataError("periods of demand", panel.length, need, "Lower --horizon.")
    return {MODEL: float(np.nanmin(losses))}


def _judge(
    rehearsal: DemandRehearsal, challenger: DemandForecaster, store: ModelRegistry
) -> GateDecision:
    """Compare the rehearsed challenger with the champion on periods that neither learned from."""
    own = rehearsal.scores.get(rehearsal.served_by)
    if own is not None and (reason := implausible(own)):
        return GateDecision(False, reason)
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
    starts = [begin_of_day(day, origin.panel.timezone) for day in origin.periods]
    columns = np.flatnonzero([start >= since for start in starts[: champion.horizon]])
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
    panel: Panel,
    rehearsal: DemandRehearsal,
    challenger: DemandForecaster,
    *,
    searched: Trials,
    card: str,
) -> TrainedModel:
    rehearsed = {
        f"{method}.{measure}": values[measure]["value"]
        for method, scores in rehearsal.scores.items()
        for values in [deciding_figures(scores)]
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
            method.NAME: logged_settings(settings)
            for method in methods()
            if (settings := getattr(method, "SETTINGS", None)) is not None
        }
        | _chosen(rehearsal.choices)
        | searched.params,
        metrics=rehearsed
        | {"series": float(panel.series), "periods": float(panel.length)}
        | plain_metrics(demand_figures(rehearsal)),
        tags={"served.demand": rehearsal.reason},
        write_report=partial(write_card, (searched.write, partial(_draw, rehearsal)), card),
    )


def _draw(rehearsal: DemandRehearsal, folder: Path) -> None:
    """Draw the calibration of the rehearsed quantiles, and some series with their actual demand."""
    if rehearsal.origin is None:
        return
    report.calibration({"methods": rehearsal.report}, folder / "calibration.png")
    origin, forecast = rehearsal.origin, rehearsal.forecasts[rehearsal.served_by]
    report.fans(origin.panel, forecast, origin.actual, folder / "fans.png")
