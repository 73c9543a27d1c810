"""Period of exceptions with the predictions that were made for them."""

from dataclasses import dataclass

import numpy as np

from models.triage.predictions import Predictions
from training.triage.dataset import TriageDataset


@dataclass(frozen=True)
class PeriodPredictions:
    """Predictions for the exceptions of a period.

    Attributes:
        dataset: All of the history, for the outcomes.
        rows: Positions of the exceptions of the period.
        predictions: As of each one's detection.
    """

    dataset: TriageDataset
    rows: np.ndarray
    predictions: Predictions

    def column(self, column: str) -> np.ndarray:
        """Return a column of the exceptions of the period."""
        return self.dataset.columns[column][self.rows]
