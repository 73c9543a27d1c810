"""Categories of exceptions as predicted at their detection; the burst detector reads them."""

import numpy as np
import pandas as pd

from data.history.history import History
from data.ticks import tick_of
from models.triage.labels import CATEGORY
from training.common.run import Progress
from training.triage.rolling.predictions import predict_by_origins


def categories_of(
    history: History, period: tuple[pd.Timestamp, pd.Timestamp], fits: int, progress: Progress
) -> dict[str, str]:
    """Return predicted categories by exception id; none where nothing could be trained.

    Args:
        history: The history.
        period: First day, and the day after the last; the fits are spread evenly over it.
        fits: How many; without any there are no predictions.
        progress: Receives a line at each step.
    """
    if not fits:
        return {}
    begin, end = period
    origins = list(pd.date_range(begin, end, periods=fits + 1)[:-1])
    categories: dict[str, str] = {}
    for window in predict_by_origins(
        history, origins, begin=tick_of(begin), end=end, progress=progress
    ):
        category = window.predictions.classes.get(CATEGORY.name)
        if category is not None:
            best = np.asarray(category.names, object)[category.best]
            categories |= dict(zip(window.ids.tolist(), best.tolist(), strict=True))
    return categories
