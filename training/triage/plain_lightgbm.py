"""Plain LightGBM on the raw columns, tuned with care: the mark of times and classes."""

import numpy as np

from features.engine.feature_set import Columns
from models.classifiers.calibration import codes
from models.classifiers.estimators import raw_trees
from models.raw_columns.tuned_trees import TunedTrees
from training.triage import fit
from training.triage.dataset import TriageDataset

QUANTILES = (0.1, 0.5, 0.9)


def plain_quantiles(
    dataset: TriageDataset, rows: np.ndarray, tick: int, values: np.ndarray, recorded: np.ndarray
) -> np.ndarray | None:
    """Return (n, 3) quantiles of a time, fitted on what was recorded before a tick.

    Args:
        dataset: The exceptions.
        rows: Positions of n exceptions.
        tick: What was detected at or after it is not learned from.
        values: The time of each exception, in any unit.
        recorded: Whether it was known before the tick.

    Returns:
        None where too few times were known.
    """
    learned = np.flatnonzero((dataset.detected_at < tick) & recorded)
    if len(learned) < fit.MIN_ROWS_TO_FIT:
        return None
    actual, read = np.maximum(values[learned], 0.0), _taken(dataset.columns, rows)
    columns = _taken(dataset.columns, learned)
    quantiles = [
        TunedTrees.fit(columns, actual, objective="quantile", alpha=share).predict(read)[:, 0]
        for share in QUANTILES
    ]
    return np.sort(np.maximum(np.stack(quantiles, axis=1), 0.0), axis=1)


def plain_classes(
    dataset: TriageDataset, rows: np.ndarray, tick: int, label: str, names: list[str]
) -> np.ndarray | None:
    """Return (n, classes) probabilities of a label, fitted on the labels known before a tick.

    Args:
        dataset: The exceptions.
        rows: Positions of n exceptions.
        tick: Labels recorded at or after it are not learned from.
        label: category, team or priority.
        names: The classes, by code.

    Returns:
        None where too few labels, or only those of one class, were known.
    """
    latest = dataset.labels.classes[label].at(tick, len(dataset.ids))
    code = codes(latest, names)
    learned = np.flatnonzero((dataset.detected_at < tick) & (code >= 0))
    if len(learned) < fit.MIN_ROWS_TO_FIT or len(np.unique(code[learned])) < 2:
        return None
    trees = raw_trees.learned(_taken(dataset.columns, learned), code[learned], len(names))
    return trees.predict(_taken(dataset.columns, rows))


def _taken(columns: Columns, rows: np.ndarray) -> Columns:
    return {name: column[rows] for name, column in columns.items()}
