"""Figures of a rehearsal: the measures of a model and its baselines on the same judged rows."""

from collections.abc import Mapping

import numpy as np

from data.domain import Json
from training.common import measures

MODEL = "model"


def measured(
    predicted: Mapping[str, Mapping[str, measures.Measure]], n: int, blocks: list[np.ndarray]
) -> Json:
    """Measure predictors on the same n rows.

    Args:
        predicted: The measures of each predictor; the model's is `MODEL`.
        n: Judged rows.
        blocks: Draws of rows for the intervals.
    """
    by_name = {name: measures.figures(dict(own), n, blocks) for name, own in predicted.items()}
    return {"labelled": n, **by_name}


def plain_metrics(figures: Json) -> dict[str, float]:
    """Return figures by plain names, such as `breach.auc`, `breach.auc_low`, `breach.auc_high`.

    A baseline stands between: `breach.one_rate.brier`. What is not defined is left out.
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
    return {name: value for name, value in metrics.items() if np.isfinite(value)}
