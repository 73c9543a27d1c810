"""Final fit: all data, with the estimators and calibrations that the rehearsal chose."""

from functools import partial

from models.classifiers.classifier import CalibratedClassifier
from models.triage.labels import past_log
from models.triage.touch_time import TouchTime
from models.triage.triage import Triage
from training.triage import fit
from training.triage.breach.rehearse_breach import final_breach
from training.triage.fit import PreparedExceptions, TrainingRows
from training.triage.fit_resolve import fit_resolve
from training.triage.rehearsal import TriageRehearsal, in_order


def fit_final(prepared: PreparedExceptions, rehearsal: TriageRehearsal) -> Triage:
    """Fit the challenger on all data of the dataset."""
    dataset = prepared.dataset
    learned = TrainingRows.before(dataset, dataset.tick)
    triage = Triage(prepared.features, dict(prepared.past), dataset.tick)
    triage.products = dataset.products.keeping(triage.kinds)
    triage.quotes = dataset.quotes
    triage.untrained = dict(rehearsal.triage.untrained)
    steps = [partial(_times, prepared, learned, rehearsal=rehearsal, triage=triage)]
    steps += [
        partial(_class, prepared, learned, rehearsal=rehearsal, triage=triage, label=label)
        for label in rehearsal.plans
    ]
    steps += [partial(_touch, prepared, learned, rehearsal=rehearsal, triage=triage)]
    fit.side_by_side(steps)
    triage.classes = in_order(triage.classes)
    triage.evidence, triage.sets = in_order(triage.evidence), in_order(triage.sets)
    return triage


def _times(
    prepared: PreparedExceptions, learned: TrainingRows, rehearsal: TriageRehearsal, triage: Triage
) -> None:
    fitted = fit_resolve(prepared, learned, rehearsal.raw_share)
    if fitted and rehearsal.triage.resolve is not None:
        triage.resolve = fitted.baseline if "resolve" in rehearsal.use_baseline else fitted.model
    if rehearsal.breach_risk is not None:
        model = fitted.model if fitted else None
        triage.breach_risk = final_breach(prepared, learned, model, rehearsal.breach_risk)
        if triage.breach_risk is None:
            triage.untrained["harm"] = "what was chosen can't be fitted on all that is known"


def _touch(
    prepared: PreparedExceptions, learned: TrainingRows, rehearsal: TriageRehearsal, triage: Triage
) -> None:
    spread = rehearsal.touch_spread
    if spread is None:
        return
    trees = fit.fit_touch(prepared, learned) if spread.trees else None
    triage.touch = TouchTime(trees, spread.levels, spread.spread)


def _class(
    prepared: PreparedExceptions,
    learned: TrainingRows,
    rehearsal: TriageRehearsal,
    triage: Triage,
    label: str,
) -> None:
    plan = rehearsal.plans[label]
    fitted = fit.fit_class(prepared, learned, label, only=plan)
    model = triage.classes[label] = CalibratedClassifier(
        label=label,
        names=tuple(fitted.names),
        prior=fitted.prior,
        estimator=fitted.served(plan),
        calibration=rehearsal.calibrations[label],
        selection_reason=rehearsal.reasons[label],
    )
    if model.shares is not None and fitted.past is not None:
        triage.past[past_log(label)] = fitted.past
    if label in rehearsal.tested:
        inherited = rehearsal.tested[label].served_by(model, prepared.rows.take)
        triage.evidence[label], triage.sets[label] = inherited
