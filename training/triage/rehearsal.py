"""Rehearsal: fit on the past of a window, calibrate on its first half, judge on its second.

The final fit on all data takes over the choice of estimators and their calibration. Where a model
does not beat its baseline the baseline serves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np

from data.domain import NotEnoughDataError
from models.classifiers.blend import ClassPlan
from models.classifiers.calibration import Calibration
from models.classifiers.estimators import majority
from models.triage.breach_risk import BreachRisk
from models.triage.labels import LABEL_NAMES, PROMISED_NAMES
from models.triage.resolve_time import RAW_SHARE
from models.triage.touch_time import TouchTime
from models.triage.triage import Triage
from training.triage import fit
from training.triage.automation.held_out import HeldOutTest, tested
from training.triage.breach.breach_evidence import BreachEvidence
from training.triage.breach.rehearse_breach import rehearse_breach
from training.triage.classes.rehearse_classifier import rehearse_class
from training.triage.fit import PreparedExceptions, TrainingRows
from training.triage.fit_resolve import ResolveModels, TimedRows, fit_resolve, timed_rows
from training.triage.touch.rehearse_touch import TouchEvidence, rehearse_touch
from training.triage.window import (
    MIN_BREACHES_TO_JUDGE,
    RehearsalWindow,
    TickSpan,
    breach_window,
)


@dataclass
class TriageRehearsal:
    """Result of the rehearsal.

    Attributes:
        window: Its ticks.
        triage: The models as fitted on the past of the window.
        reasons: For each model the reason why it, or its baseline, serves.
        losses: For each model and estimator the loss by which it was chosen.
        plans: For each label the plan of what serves.
        calibrations: For each class the calibration that the final model takes over.
        raw_share: Weight of the raw columns in the time to resolve.
        use_baseline: Of resolve, harm and touch, those whose baseline serves.
        tested: For each class that may be promised the test of such a model.
        breach_window: Window by whose outcomes the chance of a breach was chosen; None without.
        breach_risk: The chance of a breach whose weights the final model takes over.
        breach_evidence: Outcomes that the chance of a breach was judged by.
        breach_plain: Chances of plain LightGBM on the raw columns for the same outcomes.
        touch_spread: The touch time whose spread the final model takes over.
        touch_evidence: Touch times that it was judged by, and what stands for all of them.
    """

    window: RehearsalWindow
    triage: Triage
    reasons: dict[str, str] = field(default_factory=dict)
    losses: dict[str, dict[str, float]] = field(default_factory=dict)
    plans: dict[str, ClassPlan] = field(default_factory=dict)
    calibrations: dict[str, Calibration] = field(default_factory=dict)
    tested: dict[str, HeldOutTest] = field(default_factory=dict)
    raw_share: float = RAW_SHARE
    use_baseline: set[str] = field(default_factory=set)
    breach_window: RehearsalWindow | None = None
    breach_risk: BreachRisk | None = None
    breach_evidence: BreachEvidence | None = None
    breach_plain: np.ndarray | None = None
    touch_spread: TouchTime | None = None
    touch_evidence: TouchEvidence | None = None


def rehearse(prepared: PreparedExceptions, labels: Sequence[str] = LABEL_NAMES) -> TriageRehearsal:
    """Rehearse on the last part of what is known, with the classes of some labels."""
    window = RehearsalWindow.of(prepared.dataset)
    triage = Triage(prepared.features, prepared.past, window.cut)
    rehearsal = TriageRehearsal(window, triage)
    learned = TrainingRows.before(prepared.dataset, window.cut)
    steps = [partial(_rehearse_times, prepared, learned, rehearsal)]
    steps += [
        partial(_rehearse_label, prepared, learned, rehearsal=rehearsal, label=label)
        for label in labels
    ]
    steps += [partial(_rehearse_touch, prepared, learned, rehearsal)]
    fit.side_by_side(steps)
    triage.classes = in_order(triage.classes)
    rehearsal.plans = in_order(rehearsal.plans)
    return rehearsal


Result = TypeVar("Result")


def in_order(by_label: dict[str, Result]) -> dict[str, Result]:
    """Return the results of parallel steps in the order of the labels."""
    return {label: by_label[label] for label in LABEL_NAMES if label in by_label}


def learned_models(rehearsal: TriageRehearsal) -> list[str]:
    """Return the names of the models that are better than a constant."""
    numbers = {"resolve", "harm", "touch"} & rehearsal.reasons.keys()
    classes = [label for label, plan in rehearsal.plans.items() if plan.name != majority.NAME]
    return sorted([*(numbers - rehearsal.use_baseline), *classes])


def _rehearse_label(
    prepared: PreparedExceptions, learned: TrainingRows, rehearsal: TriageRehearsal, label: str
) -> None:
    try:
        fitted = fit.fit_class(prepared, learned, label)
        rehearsed = rehearse_class(prepared, fitted, rehearsal.window)
    except NotEnoughDataError as error:
        rehearsal.triage.untrained[label] = str(error)
        return
    rehearsal.triage.classes[label] = rehearsed.model
    rehearsal.losses[label], rehearsal.reasons[label] = (
        rehearsed.losses,
        rehearsed.model.selection_reason,
    )
    rehearsal.plans[label] = rehearsed.served
    rehearsal.calibrations[label] = rehearsed.calibration
    if label in PROMISED_NAMES:
        rehearsal.tested[label] = tested(prepared, rehearsal.window, fitted, rehearsed.judged)


def _rehearse_times(
    prepared: PreparedExceptions, learned: TrainingRows, rehearsal: TriageRehearsal
) -> None:
    models = fit_resolve(prepared, learned)
    if models is not None:
        models = _with_learned_share(prepared, models, rehearsal)
    _rehearse_resolve(prepared, models, rehearsal)
    window = breach_window(prepared.dataset)
    if window is None:
        rehearsal.triage.untrained["harm"] = (
            f"no window holds {MIN_BREACHES_TO_JUDGE} known breaches and as many others"
        )
        return
    if window.cut != learned.tick:
        before = TrainingRows.before(prepared.dataset, window.cut)
        models = fit_resolve(prepared, before, rehearsal.raw_share)
    rehearsed = rehearse_breach(
        prepared, window, models, resolve_baseline="resolve" in rehearsal.use_baseline
    )
    if isinstance(rehearsed, str):
        rehearsal.triage.untrained["harm"] = rehearsed
        return
    rehearsal.breach_window, rehearsal.breach_risk = window, rehearsed.served
    rehearsal.breach_evidence = rehearsed.evidence
    rehearsal.breach_plain = rehearsed.plain_chance
    rehearsal.triage.breach_risk = rehearsed.judged
    rehearsal.losses["harm"], rehearsal.reasons["harm"] = rehearsed.losses, rehearsed.reason
    if rehearsed.judged.blend is None:
        rehearsal.use_baseline.add("harm")


def _with_learned_share(
    prepared: PreparedExceptions, fitted: ResolveModels, rehearsal: TriageRehearsal
) -> ResolveModels:
    """Learn on the first half of the window how much the hazard by the raw columns counts."""
    early = _times_between(prepared, rehearsal.window.halves.first, rehearsal)
    if early.rows.n:
        rehearsal.raw_share = fitted.model.likeliest_raw_share(
            early.rows, early.hours, early.resolved
        )
    return fitted._replace(model=fitted.model.sharing(rehearsal.raw_share))


def _times_between(
    prepared: PreparedExceptions, half: TickSpan, rehearsal: TriageRehearsal
) -> TimedRows:
    """Return the exceptions of a half of the window, with their times at its end."""
    detected = prepared.dataset.between(*half)
    return timed_rows(
        prepared, TrainingRows(rehearsal.window.end, detected, np.ones(len(detected)))
    )


def _rehearse_resolve(
    prepared: PreparedExceptions, fitted: ResolveModels | None, rehearsal: TriageRehearsal
) -> None:
    triage = rehearsal.triage
    if fitted is None:
        triage.untrained["resolve"] = f"fewer than {fit.MIN_ROWS_TO_FIT} resolutions are recorded"
        return
    model, baseline = fitted
    late = _times_between(prepared, rehearsal.window.halves.second, rehearsal)
    losses = {
        own.kind: -float(own.chances(late.rows).log_likelihood(late.hours, late.resolved).sum())
        / max(late.rows.n, 1)
        for own in fitted
    }
    _decide("resolve", losses, model=model.kind, baseline=baseline.kind, rehearsal=rehearsal)
    triage.resolve = baseline if "resolve" in rehearsal.use_baseline else model


def _decide(
    label: str, losses: dict[str, float], model: str, baseline: str, rehearsal: TriageRehearsal
) -> None:
    better = losses[model] < losses[baseline]
    if not better:
        rehearsal.use_baseline.add(label)
    used, other = (model, baseline) if better else (baseline, model)
    rehearsal.losses[label] = losses
    rehearsal.reasons[label] = (
        f"{used} (loss {losses[used]:.4f}) over {other} ({losses[other]:.4f})"
    )


def _rehearse_touch(
    prepared: PreparedExceptions, learned: TrainingRows, rehearsal: TriageRehearsal
) -> None:
    rehearsed = rehearse_touch(prepared, learned, rehearsal.window)
    if rehearsed is None:
        rehearsal.triage.untrained["touch"] = "too few touch times are recorded"
        return
    rehearsal.triage.touch = rehearsed.judged
    rehearsal.touch_spread, rehearsal.touch_evidence = rehearsed.served, rehearsed.evidence
    rehearsal.losses["touch"], rehearsal.reasons["touch"] = rehearsed.losses, rehearsed.reason
    if not rehearsed.judged.is_learned:
        rehearsal.use_baseline.add("touch")
