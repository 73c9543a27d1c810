"""Plain LightGBM quantiles of the touch time on the raw columns: what anybody would try first."""

import numpy as np

from models.boosters import Booster, TreeSettings
from models.breach.raw_columns import RawColumns
from models.triage.touch_time import QUANTILES
from training.triage import fit
from training.triage.dataset import TriageDataset

KIND = "plain LightGBM on the raw columns"
SETTINGS = TreeSettings(
    rounds=100, learning_rate=0.1, leaves=31, smallest_leaf=20, columns_share=1.0,
    rows_share=1.0, l2=0.0,
)  # fmt: skip
"""LightGBM's own defaults."""


def plain_touch_quantiles(dataset: TriageDataset, rows: np.ndarray, tick: int) -> np.ndarray | None:
    """Return (n, 3) quantiles of minutes, fitted on the touch times known before a tick.

    Returns:
        None where too few touch times were known.
    """
    before = np.flatnonzero(dataset.detected_at < tick)
    minutes, recorded = fit.recorded_touch(dataset, before, tick)
    if recorded.sum() < fit.MIN_ROWS_TO_FIT:
        return None
    learned = before[recorded]
    columns = {name: column[learned] for name, column in dataset.columns.items()}
    read = RawColumns.of(columns)
    later = read.table({name: column[rows] for name, column in dataset.columns.items()})
    quantiles = []
    for share in QUANTILES:
        booster = Booster.fit(
            read.table(columns),
            minutes[recorded],
            SETTINGS,
            weight=None,
            words=read.word_columns,
            objective="quantile",
            alpha=share,
        )
        quantiles.append(booster.predict_table(later)[:, 0])
    return np.sort(np.maximum(np.stack(quantiles, axis=1), 0.0), axis=1)
