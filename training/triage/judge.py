"""Judgement of a challenger: against the champion, or a constant, on outcomes new to both."""

from typing import NamedTuple

import numpy as np

from data.domain import NoChampionError
from models.classifiers.calibration import codes
from models.registry.store import ModelRegistry
from models.triage.load import load_triage
from models.triage.triage import Triage
from training.common import measures
from training.common.promotion import (
    GateDecision,
    GateLosses,
    decide,
    decide_first,
)
from training.triage.breach.breach_evidence import BreachEvidence
from training.triage.dataset import TriageDataset
from training.triage.evaluation import since_training
from training.triage.fit import PreparedExceptions
from training.triage.labels import unswayed
from training.triage.rehearsal import TriageRehearsal, learned_models
from training.triage.window import MIN_ROWS_TO_JUDGE_TRIAGE


def judge_triage(
    prepared: PreparedExceptions,
    rehearsal: TriageRehearsal,
    store: ModelRegistry,
    latency_ms: float,
    recorded: TriageDataset,
) -> GateDecision:
    """Compare the rehearsed challenger with the champion on rows that neither has learned from.

    The champion is judged as it would serve today: its past continued by what became known since.
    """
    try:
        champion = load_triage(store)
    except NoChampionError:
        return decide_first(rehearsal.reasons, learned_models(rehearsal))
    window, detected = rehearsal.window, prepared.dataset.detected_at
    begin = max(window.middle, champion.trained_as_of)
    rows = np.flatnonzero((detected >= begin) & (detected < window.end))
    if len(rows) < MIN_ROWS_TO_JUDGE_TRIAGE:
        return GateDecision(
            False,
            f"the champion was trained on all but {len(rows)} of the last exceptions, so too "
            f"few are left to judge by (at least {MIN_ROWS_TO_JUDGE_TRIAGE}): train with a later "
            "--as-of",
        )
    dataset, challenger = prepared.dataset, rehearsal.triage
    as_champion = recorded.read_by(champion.kinds)
    live = champion.with_recent(since_training(champion, as_champion))
    shared = sorted(challenger.classes.keys() & champion.classes.keys())
    evidence = _shared_evidence(rehearsal, live, as_champion)
    challenger_losses = losses_of(challenger, dataset, rows, shared)
    champion_losses = losses_of(live, as_champion, rows, shared)
    ticks = np.tile(detected[rows], len(shared))
    if evidence is not None:
        own, other = evidence
        challenger_losses = _with_breaches(challenger_losses, own)
        champion_losses = _with_breaches(champion_losses, other)
        ticks = np.concatenate([ticks, detected[own.rows]])
    if not len(challenger_losses.losses):
        return GateDecision(False, "no outcome of the window is known that both models predict")
    return decide(challenger_losses, champion_losses, measures.day_blocks(ticks), latency_ms)


class _SharedEvidence(NamedTuple):
    """The same outcomes of breaches with the chances of both models."""

    challenger: BreachEvidence
    champion: BreachEvidence


def _shared_evidence(
    rehearsal: TriageRehearsal, live: Triage, dataset: TriageDataset
) -> _SharedEvidence | None:
    """Return the outcomes of breaches that neither model has learned from; None without any."""
    evidence = rehearsal.breach_evidence
    if evidence is None or live.breach_risk is None:
        return None
    own = evidence.take(dataset.detected_at[evidence.rows] >= live.trained_as_of)
    if not len(own.rows):
        return None
    columns = {name: column[own.rows] for name, column in dataset.columns.items()}
    chance = live.predict(columns, columns["detected_at"]).p_breach
    return None if chance is None else _SharedEvidence(own, own.of_model(chance))


def _with_breaches(losses: GateLosses, evidence: BreachEvidence) -> GateLosses:
    error = measures.expected_calibration_error(evidence.chance, evidence.label)
    return GateLosses(np.concatenate([losses.losses, evidence.losses]), error)


def losses_of(
    triage: Triage, dataset: TriageDataset, rows: np.ndarray, shared: list[str]
) -> GateLosses:
    """Return log losses of the labels that both models predict; 0 for a row without a label."""
    columns = {name: column[rows] for name, column in dataset.columns.items()}
    predictions = triage.predict(columns, columns["detected_at"])
    parts, error = [], 0.0
    for label in shared:
        if label == "harm" and predictions.p_breach is not None:
            p, happened = (
                np.clip(predictions.p_breach, 1e-4, 1 - 1e-4),
                dataset.labels.breached[rows],
            )
            labelled = ~np.isnan(happened)
            chance = np.where(happened > 0.5, p, 1 - p)
            error = measures.expected_calibration_error(p[labelled], happened[labelled])
        else:
            truth = dataset.labels.classes[label].at(dataset.tick, len(dataset.ids))[rows]
            has_label = np.array([name is not None for name in truth])
            labelled = unswayed(has_label, dataset.labels.hidden[rows])
            code = codes(truth, triage.classes[label].names)
            chance = predictions.classes[label].probability[
                np.arange(len(rows)), np.maximum(code, 0)
            ]
            chance = np.where(code >= 0, chance, 0.0)
        parts.append(np.where(labelled, -np.log(np.maximum(chance, 1e-4)), 0.0))
    return GateLosses(np.concatenate(parts) if parts else np.empty(0), error)
