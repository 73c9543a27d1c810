"""Evaluation of the chance of a breach, beside one rate for all and plain LightGBM."""

import numpy as np

from models.breach.estimators import raw_trees
from models.raw_columns.tuned_trees import KIND
from models.triage.triage import Triage
from training.common import measures
from training.triage.breach.known_labels import label_weights
from training.triage.dataset import TriageDataset
from training.triage.period import PeriodPredictions

MIN_ROWS_TO_FIT_PLAIN = 200


def breach_figures(scoring: PeriodPredictions, triage: Triage) -> dict[str, object] | None:
    """Return figures of the model and its baselines on the known outcomes of a period.

    Returns:
        None where the model gives no chance of a breach.
    """
    happened = scoring.dataset.labels.breached[scoring.rows]
    chance = scoring.predictions.p_breach
    if chance is None:
        return None
    labelled = ~np.isnan(happened)
    if not labelled.any():
        return {"labelled": 0}
    happened, n = happened[labelled], int(labelled.sum())
    rate = np.full(n, triage.breach_risk.rate if triage.breach_risk else np.nan)
    chances = {"model": chance[labelled], "one rate for all": rate}
    plain = plain_chance(scoring.dataset, scoring.rows, triage.trained_as_of)
    if plain is not None:
        chances[KIND] = plain[labelled]
    blocks = measures.day_blocks(scoring.column("detected_at")[labelled])
    figures: dict[str, object] = {"labelled": n, "rate": float(happened.mean())}
    for name, own in chances.items():
        figures[name] = measures.figures(measures.binary_measures(own, happened), n, blocks)
    return figures


def plain_chance(dataset: TriageDataset, rows: np.ndarray, tick: int) -> np.ndarray | None:
    """Return the chances that plain LightGBM, fitted on what was known before a tick, gives rows.

    Returns:
        None where too few outcomes, or only those of one kind, were known.
    """
    before = np.flatnonzero(dataset.detected_at < tick)
    weight = label_weights(dataset, before, tick)
    learned = before[weight > 0]
    label = dataset.labels.breached[learned]
    if len(learned) < MIN_ROWS_TO_FIT_PLAIN or len(np.unique(label)) < 2:
        return None
    columns = {name: column[learned] for name, column in dataset.columns.items()}
    model = raw_trees.learned(columns, label, weight[weight > 0])
    later = {name: column[rows] for name, column in dataset.columns.items()}
    return model.of_columns(later)
