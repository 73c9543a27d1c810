"""Training of the early warning: read, rehearse, fit, compare, register, promote or not."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import orjson
import pandas as pd

from data.domain import NoChampionError
from data.history.history import History
from models.early_warning import delivery_time, early_warning
from models.early_warning.early_warning import EarlyWarning
from models.registry.store import ModelRegistry, TrainedModel
from training.common import measures, plots
from training.common.promotion import (
    GateDecision,
    GateLosses,
    TrainingResult,
    decide,
    decide_first,
)
from training.common.run import Progress, call_ms, git_commit, register, timed_rows
from training.early_warning.dataset import OrderDataset
from training.early_warning.fit import PreparedOrders, evened
from training.early_warning.rehearsal import WarningRehearsal, fit_final, log_losses, rehearse

MODEL = "warning"
MIN_ROWS_TO_JUDGE_WARNING = 200


def train_warning(
    history: History, as_of: pd.Timestamp, store: ModelRegistry, progress: Progress
) -> TrainingResult:
    """Train a challenger on the data available before a moment; promote it if it is better.

    Args:
        history: The order history.
        as_of: Only data known before it is used.
        store: Where runs and versions are kept.
        progress: Receives a line at each step.

    Raises:
        NotEnoughDataError: Too few orders are settled, or hardly any raised an exception.
    """
    progress("Reading what was known")
    prepared = PreparedOrders.of(OrderDataset.read(history, as_of))
    progress(f"Rehearsing on the last of {len(prepared.dataset.weight):,} orders at their stages")
    rehearsal = rehearse(prepared)
    progress("Fitting on everything")
    challenger = fit_final(prepared, rehearsal)
    latency_ms = call_ms(_single_calls(challenger, prepared))
    decision = _judge(prepared, rehearsal, store, latency_ms)
    progress("Registering")
    trained = _trained(
        (history, as_of),
        prepared,
        rehearsal=rehearsal,
        challenger=challenger,
        latency_ms=latency_ms,
    )
    version = register(store, trained, decision)
    return TrainingResult(version, decision, {"exception": rehearsal.served_by}, {})


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
        return decide_first({"exception": rehearsal.served_by}, ["exception"])
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
    champion_warnings = champion.predict(dataset.paced(read, champion.delivery).take(rows))
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
    source: tuple[History, pd.Timestamp],
    prepared: PreparedOrders,
    rehearsal: WarningRehearsal,
    challenger: EarlyWarning,
    latency_ms: float,
) -> TrainedModel:
    history, as_of = source
    settings = {"trees": early_warning.SETTINGS, "delivery": delivery_time.SETTINGS}
    losses = {f"loss.{name.replace(',', '')}": loss for name, loss in rehearsal.losses.items()}
    return TrainedModel(
        model=MODEL,
        files=challenger.to_files(),
        past={},
        params={name: orjson.dumps(asdict(s)).decode() for name, s in settings.items()}
        | {"features": len(prepared.names), "types": ", ".join(challenger.shares)},
        metrics=losses
        | {"call_ms": latency_ms, "orders_at_stages": float(len(prepared.dataset.weight))},
        tags={
            "as_of": as_of.isoformat(),
            "data_fingerprint": history.fingerprint,
            "git_commit": git_commit(),
            "served.exception": challenger.served_by,
        },
        write_report=partial(_draw, prepared, rehearsal, challenger),
    )


def _draw(
    prepared: PreparedOrders,
    rehearsal: WarningRehearsal,
    challenger: EarlyWarning,
    folder: Path,
) -> None:
    """Draw the rehearsed chance on the rows of judgement, and what the final models read."""
    happened = prepared.dataset.to_come(prepared.dataset.transit_types)[rehearsal.evaluated].astype(
        float
    )
    for draw in (plots.reliability, plots.lift):
        draw(folder / f"exception_{draw.__name__}.png", rehearsal.chance, happened, "exception")
    boosters = {"exception": challenger.trees["any"]}
    if challenger.delivery:
        boosters["delivery_time"] = challenger.delivery.trees
    for name, trees in boosters.items():
        path = folder / f"{name}_importance.png"
        weights = trees.importance_by_name(prepared.names)
        plots.importance(path, weights, name.replace("_", " "))
