"""Figures of a rehearsal: each label and the chance of a breach, beside baselines, with intervals.

Rows are those of judgement: no fit and no calibration has used them. Intervals are of 95 %, from a
bootstrap over days.
"""

from collections.abc import Mapping

import numpy as np

from data.domain import Json
from training.common import measures
from training.triage.breach.breach_evaluation import plain_chance
from training.triage.fit import PreparedExceptions
from training.triage.rehearsal import TriageRehearsal
from training.triage.rehearse_classifier import labelled_exceptions

MODEL, RATE, PLAIN, MAJORITY = "model", "one rate", "plain LightGBM", "majority"
BREACH = "breach"


def rehearsed_figures(prepared: PreparedExceptions, rehearsal: TriageRehearsal) -> Json:
    """Return for each label, and for the breach, its rows and the measures of each predictor."""
    figures = {
        label: own
        for label in rehearsal.triage.classes
        if (own := _class_figures(prepared, rehearsal, label)) is not None
    }
    breach = _breach_figures(prepared, rehearsal)
    return figures if breach is None else {BREACH: breach, **figures}


def plain_metrics(figures: Json) -> dict[str, float]:
    """Return figures by plain names, such as `breach.auc`, `breach.auc_low`, `breach.auc_high`.

    A baseline stands between: `breach.one_rate.brier`.
    """
    metrics: dict[str, float] = {}
    for part, values in figures.items():
        metrics[f"{part}.labelled"] = float(values["labelled"])
        for name, own in values.items():
            if not isinstance(own, dict):
                continue
            prefix = part if name == MODEL else f"{part}.{name.replace(' ', '_')}"
            for measure, figure in own.items():
                metrics[f"{prefix}.{measure}"] = figure["value"]
                metrics[f"{prefix}.{measure}_low"] = figure["low"]
                metrics[f"{prefix}.{measure}_high"] = figure["high"]
    return metrics


def _class_figures(
    prepared: PreparedExceptions, rehearsal: TriageRehearsal, label: str
) -> Json | None:
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
    measured = {
        name: measures.class_measures(probability, judged.code)
        for name, probability in predicted.items()
    }
    return _measured(prepared, judged.rows, measured)


def _breach_figures(prepared: PreparedExceptions, rehearsal: TriageRehearsal) -> Json | None:
    evidence, risk = rehearsal.breach_evidence, rehearsal.triage.breach_risk
    if evidence is None or risk is None or rehearsal.breach_window is None:
        return None
    chances = {MODEL: evidence.chance, RATE: np.full(len(evidence.rows), risk.rate)}
    plain = plain_chance(prepared.dataset, evidence.rows, rehearsal.breach_window.cut)
    if plain is not None:
        chances[PLAIN] = plain
    measured = {
        name: measures.binary_measures(chance, evidence.label) for name, chance in chances.items()
    }
    return _measured(prepared, evidence.rows, measured)


def _measured(
    prepared: PreparedExceptions,
    rows: np.ndarray,
    measured: Mapping[str, dict[str, measures.Measure]],
) -> Json:
    blocks = measures.day_blocks(prepared.dataset.detected_at[rows])
    by_name = {name: measures.figures(own, len(rows), blocks) for name, own in measured.items()}
    return {"labelled": len(rows), **by_name}
