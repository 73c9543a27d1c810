"""Contract of a demand method: one file of `models/demand/methods`.

A method gives points; `models.demand.method` makes them distributions. Files of
`models/demand/lifecycle` serve series that have hardly begun, have ended or hardly change; nobody
chooses them.
"""

from typing import Protocol

import numpy as np

from features.demand.panel import Panel
from models.demand.method import ForecastMethod
from models.demand.points import PointForecaster
from models.estimator import Files


class LoadableFile(Protocol):
    """Names that a file of either folder defines.

    Attributes:
        NAME: Unique name, as champions and forecast books store it.
        WORDS: The method in words, for a planner.
    """

    NAME: str
    WORDS: str

    def from_files(self, files: Files, horizon: int) -> PointForecaster:
        """Build a stored point forecaster again, from the texts of its `to_files`."""
        ...


class MethodFile(LoadableFile, Protocol):
    """Names that a file of `models/demand/methods` defines.

    `SETTINGS`, a dataclass, is optional: each training run logs it.

    Attributes:
        IS_BASELINE: Baselines show what a model must beat.
    """

    IS_BASELINE: bool

    def can_learn(self, panel: Panel) -> bool:
        """Return whether a panel holds enough; if not, the fallback serves all series."""
        ...

    def fit(self, panel: Panel, horizon: int, *, seed: int, planned: bool) -> PointForecaster:
        """Fit on a panel.

        Args:
            panel: The series.
            horizon: Periods ahead.
            seed: Of all that is drawn.
            planned: Whether prices and promotions ahead are known when a forecast is made.
        """
        ...


class LifecycleFile(LoadableFile, Protocol):
    """Names that a file of `models/demand/lifecycle` defines."""

    def serves(self, panel: Panel) -> np.ndarray:
        """Return (n,) whether the method serves each series."""
        ...

    def fit(self, panel: Panel, horizon: int) -> ForecastMethod | None:
        """Fit points and distribution; None where the panel shows too few such series."""
        ...
