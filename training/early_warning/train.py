"""Training of the early warning: read, rehearse, fit, compare, register, promote or not."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from data.domain import NoChampionError
from data.history.history import History
from models.boosters import varied
from models.early_warning import delivery_time, early_warning
from models.early_warning.early_warning import ANY, EarlyWarning
from models.registry.store import ModelRegistry, TrainedModel
from training.common import measures, plots
from training.common.model_card.card import model_card, write_card
from training.common.model_card.figures import plain_metrics
from training.common.promotion import (
    GateDecision,
    GateLosses,
    TrainingResult,
    decide,
    decide_first,
)
from training.common.run import (
    Progress,
    call_ms,
    logged_settings,
    register,
    run_tags,
    timed_rows,
)
from training.common.trials import NO_TRIALS, Losses, Trials, search
from training.early_warning.choices import ALL_FEATURES, WarningChoices
from training.early_warning.comparison import log_losses
from training.early_warning.dataset import OrderDataset
from training.early_warning.fit import PreparedOrders, evened
from training.early_warning.model_card import (
    EXCEPTION,
    card_content,
    importance_of_scores,
    warning_figures,
)
from training.early_warning.rehearsal import WarningRehearsal, fit_final, rehearse
from training.early_warning.surplus import followed
from training.early_warning.windows import window_origins

MODEL = "warning"
MIN_ROWS_TO_JUDGE_WARNING = 200


def train_warning(
    history: History,
    as_of: pd.Timestamp,
    store: ModelRegistry,
    progress: Progress,
    choices: WarningChoices = ALL_FEATURES,
) -> TrainingResult:
    """Train a challenger on the data available before a moment; promote it if it is better.

    Args:
        history: The order history.
        as_of: Only data known before it is used.
        store: Where runs and versions are kept.
        progress: Receives a line at each step.
        choices: Features that are read, scores that compete, and trials of tree settings.

    Raises:
        NotEnoughDataError: Too few orders are settled, or hardly any raised an exception.
        BadInputError: A pattern of the choices matches no feature.
    """
    progress("Reading what was known")
    prepared = PreparedOrders.of(OrderDataset.read(history, as_of), choices)
    searched = _searched(history, prepared, progress)
    with varied(searched.variation):
        count = len(prepared.dataset.weight)
        progress(f"Rehearsing on the last of {count:,} orders at their stages")
        rehearsal = rehearse(prepared)
        progress("Fitting on everything")
        challenger = fit_final(prepared, rehearsal)
        latency_ms = call_ms(_single_calls(challenger, prepared))
        decision = _judge(prepared, rehearsal, store, latency_ms)
        progress("Measuring on the judged rows")
        figures = warning_figures(prepared, rehearsal)
        page = model_card(
            card_content(history, prepared, rehearsal, challenger, decision, figures=figures)
        )
        progress("Registering")
        trained = _trained(prepared, rehearsal, challenger)
        drawn = partial(_draw, prepared, rehearsal, challenger)
        trained = replace(
            trained,
            params={**trained.params, **searched.params},
            metrics={**trained.metrics, "call_ms": latency_ms, **plain_metrics(figures)},
            tags={**run_tags(history, as_of), **trained.tags},
            write_report=partial(write_card, (searched.write, drawn), page),
        )
        version = register(store, trained, decision)
    reasons = {EXCEPTION: rehearsal.served_by, **searched.reasons}
    return TrainingResult(version, decision, reasons, {}, figures=figures, card=page)


def _searched(history: History, prepared: PreparedOrders, progress: Progress) -> Trials:
    """Try settings on what was known before the last window."""
    trials = prepared.choices.trials
    if not trials:
        return NO_TRIALS
    until = pd.Timestamp(window_origins(prepared)[-1], unit="ms", tz="UTC")

    def prepare() -> Callable[[], Losses]:
        before = OrderDataset.read(history, until)
        return partial(_least_loss, PreparedOrders.of(before, prepared.choices))

    return search(trials, prepare, f"{until:%Y-%m-%d}", progress)


def _least_loss(prepared: PreparedOrders) -> dict[str, float]:
    return {EXCEPTION: min(rehearse(prepared).losses.values())}


def load_warning(store: ModelRegistry, version: str | None = None) -> EarlyWarning:
    """Load the early warning, the champion where no version is named.

    Raises:
        NoChampionError: None is promoted, or it can't be loaded.
    """
    version, files, _ = store.read(MODEL, version)
    try:
        loaded = EarlyWarning.from_files(files)
    except (KeyError, ValueError, TypeError) as error:
        raise NoChampionError(MODEL, f"version {version} can't be built: {error}") from error
    loaded.version = f"{MODEL}-{version}"
    return loaded


def _single_calls(model: EarlyWarning, prepared: PreparedOrders) -> Iterator[Callable[[], object]]:
    """Yield calls that score one order each."""
    for row in timed_rows(len(prepared.dataset.weight)):
        yield partial(model.predict, prepared.rows.take(np.array([row])))


def _judge(
    prepared: PreparedOrders, rehearsal: WarningRehearsal, store: ModelRegistry, latency_ms: float
) -> GateDecision:
    """Compare the rehearsed challenger with the champion on rows that neither has learned from."""
    try:
        champion = load_warning(store)
    except NoChampionError:
        learned = [] if ANY in rehearsal.not_learned else [EXCEPTION]
        return decide_first({EXCEPTION: rehearsal.served_by}, learned)
    dataset = prepared.dataset
    fresh = dataset.scored_at[rehearsal.evaluated] >= champion.trained_as_of
    rows = rehearsal.evaluated[fresh]
    if len(rows) < MIN_ROWS_TO_JUDGE_WARNING:
        return GateDecision(
            False,
            f"the champion has seen all but {len(rows)} of the last settled orders, too few to "
            f"judge by (at least {MIN_ROWS_TO_JUDGE_WARNING}): train with a later --as-of",
        )
    read, _ = dataset.rows(champion.plan, thinned=champion.thinned)
    champion_warnings = champion.predict(followed(dataset, read, champion).take(rows))
    challenger = _gate_losses(dataset, rows, rehearsal.chance[fresh])
    blocks = measures.day_blocks(dataset.columns["placed_at"][rows])
    return decide(
        challenger, _gate_losses(dataset, rows, champion_warnings.p_exception), blocks, latency_ms
    )


def _gate_losses(dataset: OrderDataset, rows: np.ndarray, chance: np.ndarray) -> GateLosses:
    happened, weight = dataset.to_come(dataset.transit_types)[rows], evened(dataset.weight[rows])
    losses = log_losses(np.clip(chance, 1e-4, 1 - 1e-4), happened) * weight
    promised, observed = np.average(chance, weights=weight), np.average(happened, weights=weight)
    return GateLosses(losses, float(abs(promised - observed)))


def _trained(
    prepared: PreparedOrders, rehearsal: WarningRehearsal, challenger: EarlyWarning
) -> TrainedModel:
    settings = {"trees": early_warning.SETTINGS, "delivery": delivery_time.SETTINGS}
    losses = {f"loss.{name.replace(',', '')}": loss for name, loss in rehearsal.losses.items()}
    return TrainedModel(
        model=MODEL,
        files=challenger.to_files(),
        past={},
        params={
            **{name: logged_settings(own) for name, own in settings.items()},
            "features": len(prepared.names),
            "types": ", ".join(challenger.shares),
            **{f"chosen.{option}": value for option, value in prepared.choices.options.items()},
        },
        metrics=losses | {"orders_at_stages": float(len(prepared.dataset.weight))},
        tags={"served.exception": challenger.served_by},
    )


def _draw(
    prepared: PreparedOrders,
    rehearsal: WarningRehearsal,
    challenger: EarlyWarning,
    folder: Path,
) -> None:
    """Draw the rehearsed chance on the rows of judgement, and what the final models read."""
    happened = rehearsal.judged[ANY].happened.astype(float)
    for draw in (plots.reliability, plots.lift):
        draw(folder / f"exception_{draw.__name__}.png", rehearsal.chance, happened, EXCEPTION)
    for name, weights in importance_of_scores(prepared, challenger).items():
        plots.importance(folder / f"{name.replace(' ', '_')}_importance.png", weights, name)
