"""Weights of known outcomes: those that take long are known of old subjects only.

An outcome that comes after d hours is known of the subjects that are older than d. So it counts for
the inverse of their share (inverse probability of censoring weights; the time of censoring is the
age, which is known of all).
"""

import numpy as np

from training.triage.dataset import TriageDataset

MIN_KNOWN_SHARE = 0.1
"""No outcome counts for more than ten."""


def label_weights(dataset: TriageDataset, rows: np.ndarray, tick: int) -> np.ndarray:
    """Return n weights; 0 where the outcome is not known.

    Args:
        dataset: The exceptions.
        rows: n exceptions, detected before the tick.
        tick: The moment.
    """
    labelled = dataset.labels.breach_known(tick)[rows]
    detected = dataset.detected_at[rows]
    delay = np.where(labelled, dataset.labels.breached_known_at[rows], tick) - detected
    ages = np.sort(tick - detected)
    older_share = 1 - np.searchsorted(ages, delay) / max(len(rows), 1)
    return np.where(labelled, 1 / np.clip(older_share, MIN_KNOWN_SHARE, 1.0), 0.0)
