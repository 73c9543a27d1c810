"""Rehearsal of the chance of a breach: real outcomes of a later window decide what serves.

The estimators are fitted on what was known before the window. Its first half gives the weights of
the blend, its second half the judgement, each calibrated or not. The blend serves; where it is
worse than plain LightGBM on the raw columns, and not by chance, half of each, or that alone. Where
the one that would serve is no better than one rate for all beyond noise, the rate serves. A small
history may have too few outcomes in a half to say so: then each half judges what the other one
gave, and both count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.breach.blend import blended
from models.breach.breach_label import BreachByLateness
from models.breach.contract import BreachEstimator, BreachTask
from models.breach.estimators import raw_trees
from models.estimator import Batch
from models.time_grid import ResolveChances
from models.triage.breach_risk import BreachRisk
from models.triage.resolve_time import ConstantResolveTime, ResolveTime
from training.common import measures
from training.common.promotion import MIN_SHARE_NO_WORSE, NOISE_QUANTILE
from training.triage import fit
from training.triage.breach.breach_evidence import BreachEvidence
from training.triage.breach.fit_breach import breach_task, fit_breach
from training.triage.breach.known_labels import label_weights
from training.triage.breach.late_losses import late_loss
from training.triage.fit import PreparedExceptions, TrainingRows
from training.triage.fit_resolve import ResolveModels
from training.triage.window import RehearsalWindow

RATE = "one rate for all"


@dataclass(frozen=True)
class RehearsedBreach:
    """Result of the rehearsal.

    Attributes:
        judged: What would have served in the second half of the window.
        served: The same, its weights and calibration learned on the whole window: the final model
            takes them over.
        evidence: Outcomes of the second half, with the chances of what would have served.
        plain_chance: Chances of plain LightGBM on the raw columns for the same outcomes; None where
            it could not be fitted.
        losses: Log loss on the second half, by kind.
        reason: Sentence that names what was compared, on how many outcomes.
    """

    judged: BreachRisk
    served: BreachRisk
    evidence: BreachEvidence
    plain_chance: np.ndarray | None
    losses: dict[str, float]
    reason: str


@dataclass(frozen=True)
class _Half:
    """One half of the window: chances by estimator; outcomes with their weights."""

    rows: np.ndarray
    chances: Mapping[str, np.ndarray]
    label: np.ndarray
    weight: np.ndarray
    detected_at: np.ndarray

    def and_then(self, other: "_Half") -> "_Half":
        """Return both halves."""
        return _Half(
            np.concatenate([self.rows, other.rows]),
            {n: np.concatenate([own, other.chances[n]]) for n, own in self.chances.items()},
            np.concatenate([self.label, other.label]),
            np.concatenate([self.weight, other.weight]),
            np.concatenate([self.detected_at, other.detected_at]),
        )


def rehearse_breach(
    prepared: PreparedExceptions,
    window: RehearsalWindow,
    models: ResolveModels | None,
    *,
    resolve_baseline: bool,
) -> RehearsedBreach | str:
    """Fit before a window, choose by its outcomes; a text says why there is nothing to choose.

    Args:
        prepared: The exceptions.
        window: As of `breach_window`.
        models: Times to resolve, fitted before the window; None where none are recorded.
        resolve_baseline: Whether one distribution of the time to resolve serves for all.
    """
    learned = TrainingRows.before(prepared.dataset, window.cut)
    task = breach_task(prepared, learned, models.model if models else None)
    if task is None:
        return f"fewer than {fit.MIN_ROWS_TO_FIT} breaches are known before the last weeks"
    times = (models.baseline if resolve_baseline else models.model) if models else None
    members = fit_breach(task, prepared.candidates.breach)
    first, second = (_half(prepared, members, times, half) for half in window.halves)
    return _chosen(task, members, first, second)


def _half(
    prepared: PreparedExceptions,
    members: Mapping[str, BreachEstimator],
    resolve: ResolveTime | ConstantResolveTime | None,
    half: tuple[int, int],
) -> _Half:
    dataset = prepared.dataset
    detected = dataset.between(*half)
    weight = label_weights(dataset, detected, dataset.tick)
    rows, weight = detected[weight > 0], weight[weight > 0]
    batch = prepared.rows.take(rows)
    times = resolve.chances(batch) if resolve else None
    return _Half(
        rows,
        _chances(members, batch, times),
        dataset.labels.breached[rows],
        weight / weight.mean(),
        dataset.detected_at[rows],
    )


def _chances(
    members: Mapping[str, BreachEstimator], rows: Batch, times: ResolveChances | None
) -> dict[str, np.ndarray]:
    return {name: member.predict(rows, times) for name, member in members.items()}


@dataclass(frozen=True)
class _Candidate:
    """Something that could serve.

    Attributes:
        plain_share: Share of the plain LightGBM; the rest is shared by what the outcomes say.
        calibrate: Whether the mean of the chances is calibrated.
    """

    plain_share: float
    calibrate: bool

    def learned(
        self, members: Mapping[str, BreachEstimator], half: _Half, clock: BreachByLateness | None
    ) -> BreachRisk:
        """Learn weights and calibration from one half."""
        blend = blended(
            members,
            half.chances,
            half.label,
            half.weight,
            fixed_shares={raw_trees.NAME: self.plain_share},
            calibrate=self.calibrate,
        )
        return replace(_rate(half, clock), blend=blend)


CANDIDATES = tuple(
    _Candidate(plain_share, calibrate)
    for plain_share in (0.0, 0.5, 1.0)
    for calibrate in (True, False)
)


def _rate(half: _Half, clock: BreachByLateness | None) -> BreachRisk:
    return BreachRisk(None, float(np.average(half.label, weights=half.weight)), clock)


def _chosen(
    task: BreachTask, members: Mapping[str, BreachEstimator], first: _Half, second: _Half
) -> RehearsedBreach:
    judged = {candidate: candidate.learned(members, first, task.clock) for candidate in CANDIDATES}
    losses = {candidate: _evidence(risk, second).losses for candidate, risk in judged.items()}
    of_rate = _evidence(_rate(first, task.clock), second).losses
    best = _preferred(losses, second.detected_at)
    least_plain = min(losses[c].mean() for c in CANDIDATES if c.plain_share == 1)
    both = first.and_then(second)
    gain = of_rate - losses[best]
    other = _gain(best, members, task.clock, learned=second, judged=first)
    is_learned = _beyond_noise(gain, second.detected_at) or _beyond_noise(
        np.concatenate([other, gain]), both.detected_at
    )
    compared = (
        f"log loss {losses[best].mean():.4f}, one rate {of_rate.mean():.4f}, plain LightGBM "
        f"{least_plain:.4f}, on {len(second.label):,} known outcomes"
    )
    if is_learned:
        chosen, served = judged[best], best.learned(members, both, task.clock)
        reason = f"{chosen.kind} ({compared})"
    else:
        chosen, served = _rate(first, task.clock), _rate(both, task.clock)
        reason = f"not learned, {RATE}: the best is no better beyond noise ({compared})"
    evidence = _evidence(chosen, second)
    alone = {
        member.kind: float(evidence.of_model(second.chances[name]).losses.mean())
        for name, member in members.items()
    }
    of_best = {"blend": float(losses[best].mean()), RATE: float(of_rate.mean())}
    return RehearsedBreach(
        judged=chosen,
        served=served,
        evidence=evidence,
        plain_chance=second.chances.get(raw_trees.NAME),
        losses=alone | of_best,
        reason=reason,
    )


def _gain(
    candidate: _Candidate,
    members: Mapping[str, BreachEstimator],
    clock: BreachByLateness | None,
    *,
    learned: _Half,
    judged: _Half,
) -> np.ndarray:
    """Return by how much less each outcome of a half costs than with one rate for all."""
    risk, rate = candidate.learned(members, learned, clock), _rate(learned, clock)
    return _evidence(rate, judged).losses - _evidence(risk, judged).losses


def _beyond_noise(gain: np.ndarray, detected_at: np.ndarray) -> bool:
    return bool(np.quantile(_drawn(gain, detected_at), NOISE_QUANTILE) > 0)


def _drawn(gain: np.ndarray, detected_at: np.ndarray) -> np.ndarray:
    return np.array([gain[rows].mean() for rows in measures.day_blocks(detected_at)])


def _preferred(losses: Mapping[_Candidate, np.ndarray], detected_at: np.ndarray) -> _Candidate:
    """Return the candidate with the least of plain LightGBM that is not worse than it.

    Args:
        losses: Of each candidate n losses.
        detected_at: Their n ticks; whole days are drawn.
    """
    by_share = {
        share: min((c for c in losses if c.plain_share == share), key=lambda c: losses[c].mean())
        for share in sorted({candidate.plain_share for candidate in losses})
    }
    plain = by_share.pop(1.0)
    for best in by_share.values():
        gain = losses[plain] - losses[best]
        if gain.mean() >= 0 or (_drawn(gain, detected_at) >= 0).mean() >= MIN_SHARE_NO_WORSE:
            return best
    return plain


def _evidence(risk: BreachRisk, half: _Half) -> BreachEvidence:
    blend = risk.blend
    if blend is None:
        chance = np.full(len(half.label), risk.rate)
    else:
        mean = np.sum([w * half.chances[name] for name, w in blend.weights.items()], axis=0)
        chance = blend.calibration.apply(mean)
    return BreachEvidence(half.rows, chance, label=half.label, weight=half.weight)


def final_breach(
    prepared: PreparedExceptions,
    learned: TrainingRows,
    resolve: ResolveTime | None,
    served: BreachRisk,
) -> BreachRisk | None:
    """Fit the estimators that serve anew on all that is known, with their rehearsed weights."""
    task = breach_task(prepared, learned, resolve)
    if task is None:
        return None
    blend = served.blend
    if blend is not None:
        members = fit_breach(task, blend.weights)
        if blend.weights.keys() - members.keys():
            return None
        blend = blend.of(members)
    late = late_loss(prepared.dataset, learned.tick)
    return BreachRisk(blend, served.rate, task.clock, late)
