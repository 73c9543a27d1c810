"""Figures of a rehearsal of triage: each label beside its baselines, with intervals.

Rows are those of judgement: no fit and no calibration has used them. Intervals are of 95 %, from a
bootstrap over days.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from data.domain import Json
from data.ticks import MS_PER_HOUR
from models.triage.resolve_time import ConstantResolveTime
from models.triage.touch_time import ONE_FOR_ALL, QUANTILES
from training.common import measures
from training.common.model_card.figures import MODEL, measured
from training.common.plots import ReliabilityPoints, binned
from training.triage.classes.class_trials import labelled_exceptions
from training.triage.fit import PreparedExceptions, TrainingRows, resolve_hours
from training.triage.rehearsal import TriageRehearsal
from training.triage.window import MIN_ROWS_TO_JUDGE_TRIAGE

RATE, PLAIN, MAJORITY, ALL = "one rate", "plain LightGBM", "majority", ONE_FOR_ALL
BREACH, RESOLVE, TOUCH = "breach", "resolve", "touch"


class JudgedLabel(NamedTuple):
    """One label on its rows of judgement.

    Attributes:
        rows: Positions of the exceptions.
        measures: The measures of each predictor.
        reliability: What the model promised, and what came.
        is_learned: False where one value for all serves, for it was not beaten.
    """

    rows: np.ndarray
    measures: Mapping[str, Mapping[str, measures.Measure]]
    reliability: ReliabilityPoints
    is_learned: bool = True


def judged_labels(
    prepared: PreparedExceptions, rehearsal: TriageRehearsal
) -> dict[str, JudgedLabel]:
    """Return the labels that can be judged: the breach, the classes, and both times."""
    judged = {BREACH: _breach(rehearsal)}
    judged |= {label: _class(prepared, rehearsal, label) for label in rehearsal.triage.classes}
    judged |= {RESOLVE: _resolve(prepared, rehearsal), TOUCH: _touch(prepared, rehearsal)}
    return {label: own for label, own in judged.items() if own is not None}


def rehearsed_figures(prepared: PreparedExceptions, judged: Mapping[str, JudgedLabel]) -> Json:
    """Return for each label its rows and the measures of each predictor.

    The time to resolve is judged as a chance: of being resolved within the usual time.
    """
    detected = prepared.dataset.detected_at
    return {
        label: {
            **measured(own.measures, len(own.rows), measures.day_blocks(detected[own.rows])),
            "learned": own.is_learned,
        }
        for label, own in judged.items()
    }


def _breach(rehearsal: TriageRehearsal) -> JudgedLabel | None:
    evidence, risk = rehearsal.breach_evidence, rehearsal.triage.breach_risk
    if evidence is None or risk is None:
        return None
    chances = {MODEL: evidence.chance, RATE: np.full(len(evidence.rows), risk.rate)}
    if rehearsal.breach_plain is not None:
        chances[PLAIN] = rehearsal.breach_plain
    return _chance(evidence.rows, chances, evidence.label)


def _chance(
    rows: np.ndarray, chances: Mapping[str, np.ndarray], happened: np.ndarray
) -> JudgedLabel:
    return JudgedLabel(
        rows,
        {name: measures.binary_measures(chance, happened) for name, chance in chances.items()},
        binned(chances[MODEL], happened),
    )


def _class(
    prepared: PreparedExceptions, rehearsal: TriageRehearsal, label: str
) -> JudgedLabel | None:
    window, model = rehearsal.window, rehearsal.triage.classes[label]
    judged = labelled_exceptions(
        prepared.dataset,
        label,
        names=list(model.names),
        within=window.halves.second,
        at=window.end,
    )
    if not len(judged.rows):
        return None
    predicted = {
        MODEL: model.probability(prepared.rows.take(judged.rows)),
        MAJORITY: np.tile(model.prior, (len(judged.rows), 1)),
    }
    best = predicted[MODEL]
    right = (best.argmax(axis=1) == judged.code).astype(float)
    return JudgedLabel(
        judged.rows,
        {name: measures.class_measures(own, judged.code) for name, own in predicted.items()},
        binned(best.max(axis=1), right),
    )


def _resolve(prepared: PreparedExceptions, rehearsal: TriageRehearsal) -> JudgedLabel | None:
    """Judge the chance of being resolved within a time that has passed for all judged rows.

    Were those that are resolved taken alone, only the quick ones among the latest would count.
    """
    dataset, window, model = prepared.dataset, rehearsal.window, rehearsal.triage.resolve
    if model is None:
        return None
    learned = TrainingRows.before(dataset, window.cut)
    before = prepared.rows.take(learned.rows)
    constant = ConstantResolveTime.fit(before, *resolve_hours(dataset, learned), learned.weight)
    judged = dataset.between(window.middle, window.end)
    age = (window.end - dataset.detected_at[judged]) / MS_PER_HOUR
    edges = constant.grid.edges
    until = int(np.searchsorted(np.cumsum(constant.shares), 0.5)) + 1
    while until and (age >= edges[until]).sum() < MIN_ROWS_TO_JUDGE_TRIAGE:
        until -= 1
    if not until:
        return None
    rows = judged[age >= edges[until]]
    at_end = TrainingRows(window.end, rows, np.ones(len(rows)))
    hours, resolved = resolve_hours(dataset, at_end)
    chances = {
        name: own.chances(prepared.rows.take(rows)).mass[:, :until].sum(axis=1)
        for name, own in ((MODEL, model), (ALL, constant))
    }
    return _chance(rows, chances, (resolved & (hours <= edges[until])).astype(float))


def _touch(prepared: PreparedExceptions, rehearsal: TriageRehearsal) -> JudgedLabel | None:
    evidence, model = rehearsal.touch_evidence, rehearsal.triage.touch
    if evidence is None or model is None:
        return None
    rows, minutes = prepared.rows.take(evidence.rows), evidence.minutes
    predicted = {MODEL: model.predict(rows), ALL: evidence.constant.predict(rows)}
    if evidence.plain is not None:
        predicted[PLAIN] = evidence.plain
    covered = [(minutes <= column).mean() for column in predicted[MODEL].T]
    return JudgedLabel(
        evidence.rows,
        {
            name: measures.quantile_measures(own, minutes, QUANTILES)
            for name, own in predicted.items()
        },
        ReliabilityPoints(np.array(QUANTILES), np.array(covered)),
        is_learned=model.is_learned,
    )
