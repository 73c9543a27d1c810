"""Rehearse one label: calibrate and choose on the window's first half, judge on its second.

What was chosen gives way to plain LightGBM on the raw columns where the second half says so: the
first half alone, often of a hundred rows, can't tell them apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from models.classifiers.blend import AS_POOLED, ClassPlan
from models.classifiers.blend import NAME as BLEND
from models.classifiers.calibration import Calibration
from models.classifiers.catalog import estimator_named
from models.classifiers.classifier import CalibratedClassifier
from models.classifiers.estimators import majority, raw_trees
from training.triage.classes.class_trials import ClassTrial, judging_rows
from training.triage.fit import FittedClass, PreparedExceptions
from training.triage.window import RehearsalWindow

MIN_GAIN_OF_BLEND = 0.02
"""Share of the loss that a blend must save: it costs more time in every call."""


@dataclass(frozen=True)
class RehearsedClass:
    """Result of the rehearsal of one label.

    Attributes:
        judged: Plan of what was chosen, its weights learned on the first half of the window.
        served: The same, learned on both halves: the final model takes it over.
        model: What was chosen, fitted on the past of the window.
        losses: By kind of estimator, on the second half.
        calibration: On both halves: the final model takes it over.
    """

    judged: ClassPlan
    served: ClassPlan
    model: CalibratedClassifier
    losses: dict[str, float]
    calibration: Calibration


def rehearse_class(
    prepared: PreparedExceptions, fitted: FittedClass, window: RehearsalWindow
) -> RehearsedClass:
    """Rehearse one label: each estimator alone, and a blend of the two that go together best.

    Raises:
        NotEnoughDataError: A half of the window has too few labels.
    """
    rows = judging_rows(prepared, fitted, window)
    trials = {name: rows.trial(own) for name, own in fitted.estimators.items()}
    losses = {fitted.estimators[name].kind: trial.loss for name, trial in trials.items()}
    best = min(trials, key=lambda name: trials[name].loss_fitted)
    plan = served = ClassPlan.of(best)
    chosen = trials[best]
    blend = rows.blended(trials, rows.fit)
    if len(blend.members) > 1:
        pooled = rows.trial_of_blend(blend, trials)
        losses[BLEND] = pooled.loss
        if pooled.loss_fitted <= (1 - MIN_GAIN_OF_BLEND) * chosen.loss_fitted:
            plan, chosen = blend, pooled
            served = rows.blended({name: trials[name] for name in plan.members}, rows.in_classes)
    plain = trials.get(raw_trees.NAME)
    if plain and plan.name != majority.NAME and rows.is_worse(chosen, plain):
        plan, chosen = ClassPlan.of(raw_trees.NAME), plain
        served = plan
    return RehearsedClass(
        judged=plan,
        served=served,
        model=CalibratedClassifier(
            label=fitted.label,
            names=tuple(fitted.names),
            prior=fitted.prior,
            estimator=(estimator := fitted.served(plan)),
            calibration=chosen.calibration,
            selection_reason=_reason(estimator.kind, chosen, trials, fitted),
        ),
        losses=losses,
        calibration=chosen.calibration_of_all if len(served.members) == 1 else AS_POOLED,
    )


def _reason(
    kind: str, chosen: ClassTrial, trials: Mapping[str, ClassTrial], fitted: FittedClass
) -> str:
    baselines = [name for name in trials if estimator_named(name).IS_BASELINE]
    next_best = min(baselines, key=lambda name: trials[name].loss)
    return (
        f"{kind} (loss {chosen.loss:.4f}); best baseline: "
        f"{fitted.estimators[next_best].kind} ({trials[next_best].loss:.4f})"
    )
