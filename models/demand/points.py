"""Point forecaster: one number for each series and period ahead."""

from typing import Protocol

import numpy as np

from features.demand.panel import Panel
from models.estimator import Files


class PointForecaster(Protocol):
    """A fitted model of points."""

    def points(self, panel: Panel) -> np.ndarray:
        """Return (n, H) float32 units for the periods after the panel's end."""
        ...

    def to_files(self) -> Files:
        """Return texts, from which `from_files` of its file builds it again."""
        ...
