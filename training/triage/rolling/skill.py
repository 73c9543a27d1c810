"""Skill test of predictions: a replay uses a prediction only if it beats a constant.

The rehearsed models are judged on the last weeks before an origin, of which they learned nothing
but their calibration. Each thing that the ranking rule reads must do better than a constant would
with hindsight (the curve of harm: than the same curves dealt out at random). What does not is left
out, and the policy's own value stands in its place. A model that is broken only when it is asked
(its rows mixed up, say) is caught by this too.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from data.ticks import MS_PER_HOUR
from models.classifiers.calibration import codes
from models.loss_curve import LossCurves
from models.triage.labels import CATEGORY
from models.triage.predictions import Predictions
from training.common.measures import quantile_measures
from training.triage.fit import PreparedExceptions
from training.triage.rehearsal import TriageRehearsal

MIN_ROWS_TO_JUDGE_SKILL = 40
QUANTILES = (0.1, 0.5, 0.9)
_FLOOR = 1e-4
_SURE = 1.645  # 95 %, one-sided
_DEALS, _SEED = 20, 7


@dataclass(frozen=True)
class SkillEvidence:
    """Predictions of the weeks before an origin, and how those exceptions ended; length k.

    Attributes:
        predictions: Of models that were fitted on what was known before these weeks.
        category: Codes of the actual categories, -1 where not known.
        touch_minutes: NaN where not known.
        ended_hours: Age at the resolution, NaN where not known.
        breached: 1, 0 or NaN where not known.
    """

    predictions: Predictions
    category: np.ndarray
    touch_minutes: np.ndarray
    ended_hours: np.ndarray
    breached: np.ndarray

    def shuffled(self, random: np.random.Generator) -> "SkillEvidence":
        """Return the same with predictions exchanged between exceptions."""
        order = random.permutation(len(self.category))
        return replace(self, predictions=self.predictions.take(order))


@dataclass(frozen=True)
class Skill:
    """Loss of one prediction, beside that of a constant.

    Attributes:
        measure: What is measured, in words; lower is better.
        model: The figure of the model.
        constant: What it must stay below.
        judged: Exceptions that it was measured on.
    """

    measure: str
    model: float
    constant: float
    judged: int

    @property
    def has(self) -> bool:
        """True where the prediction is used: it beats the constant on enough exceptions."""
        return self.judged >= MIN_ROWS_TO_JUDGE_SKILL and bool(self.model < self.constant)

    @property
    def plain(self) -> dict[str, Any]:
        """The figures, and the flag `listened_to`."""
        return asdict(self) | {"listened_to": self.has}


def evidence_of(prepared: PreparedExceptions, rehearsal: TriageRehearsal) -> SkillEvidence:
    """Predict the weeks of calibration and evaluation with the rehearsed models."""
    dataset, window = prepared.dataset, rehearsal.window
    rows = np.flatnonzero((dataset.detected_at >= window.cut) & (dataset.detected_at < window.end))
    predictions = rehearsal.triage.predict_rows(prepared.rows.take(rows))
    labels = dataset.labels
    category_labels = labels.classes.get(CATEGORY.name)
    predicted = predictions.classes.get(CATEGORY.name)
    names = list(predicted.names) if predicted else []
    truth = (
        category_labels.at(dataset.tick, len(dataset.ids))[rows]
        if category_labels
        else np.full(len(rows), None)
    )
    return SkillEvidence(
        predictions=predictions,
        category=codes(truth, names) if names else np.full(len(rows), -1),
        touch_minutes=labels.touch_minutes[rows],
        ended_hours=(labels.resolved_at[rows] - dataset.detected_at[rows]) / MS_PER_HOUR,
        breached=labels.breached[rows],
    )


def measure_skill(evidence: SkillEvidence) -> dict[str, Skill]:
    """Measure each prediction that the ranking rule reads."""
    measures: dict[str, Callable[[SkillEvidence], Skill]] = {
        CATEGORY.name: _category, "touch_minutes": _touch, "curve": _curve,
    }  # fmt: skip
    predicted = evidence.predictions.names
    return {name: measure(evidence) for name, measure in measures.items() if name in predicted}


def _category(evidence: SkillEvidence) -> Skill:
    labelled = evidence.category >= 0
    code = evidence.category[labelled]
    category = evidence.predictions.classes.get(CATEGORY.name)
    n = len(code)
    if category is None or not n:
        return Skill("log loss", np.inf, np.inf, 0)
    chance = category.probability[labelled][np.arange(n), code]
    loss = -np.log(np.maximum(chance, _FLOOR)).mean()
    share = np.bincount(code) / n
    constant = -(share[share > 0] * np.log(share[share > 0])).sum()
    return Skill("log loss", float(loss), float(constant), n)


def _touch(evidence: SkillEvidence) -> Skill:
    recorded = ~np.isnan(evidence.touch_minutes) & (evidence.touch_minutes > 0)
    minutes, quantiles = evidence.touch_minutes[recorded], evidence.predictions.touch_minutes
    n = len(minutes)
    if quantiles is None or not n:
        return Skill("error of quantiles, minutes", np.inf, np.inf, 0)
    same = np.tile(np.quantile(minutes, QUANTILES), (n, 1))
    rows = np.arange(n)
    model, constant = (
        quantile_measures(each, minutes, QUANTILES)["pinball"](rows)
        for each in (quantiles[recorded], same)
    )
    return Skill("error of quantiles, minutes", model, constant, n)


def _curve(evidence: SkillEvidence) -> Skill:
    """Judge the chance of harm at the age at which each ended, beside chances dealt out at random.

    Which labels are known by now depends on how long cases took, so no constant is a fair measure.
    """
    curve = evidence.predictions.curve
    recorded = ~np.isnan(evidence.breached) & ~np.isnan(evidence.ended_hours)
    if curve is None or not recorded.any():
        return Skill("log loss", np.inf, np.inf, 0)
    breached, hours = (
        evidence.breached[recorded] > 0.5,
        np.maximum(evidence.ended_hours[recorded], 0.0),
    )
    random, curve = np.random.default_rng(_SEED), curve.take(recorded)
    deals = (random.permutation(len(hours)) for _ in range(_DEALS))
    dealt = [_loss(curve.take(deal), hours, breached) for deal in deals]
    at_random = float(np.mean(dealt) - _SURE * np.std(dealt))
    return Skill("log loss", _loss(curve, hours, breached), at_random, len(hours))


def _loss(curve: LossCurves, hours: np.ndarray, breached: np.ndarray) -> float:
    chance = curve.at(hours)
    right = np.where(breached, chance, 1 - chance)
    return float(-np.log(np.maximum(right, _FLOOR)).mean())
