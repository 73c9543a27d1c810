"""The bar of quality: nine direct quantile boosters on our own features, nine times the cost."""

import time

import numpy as np

from features.demand.panel import Panel
from models.boosters import Booster
from models.demand.boosted import NO_ATTRIBUTES, SETTINGS, BoostedDemand, training_rows
from models.demand.level_sets import M5_PROBABILITIES


def nine_quantiles(panel: Panel, horizon: int) -> dict[str, np.ndarray]:
    """Return quantiles (n, H, 9), their mean, and the seconds of processor time."""
    began = time.process_time()
    training = training_rows(
        panel, horizon, seed=SETTINGS.seed, planned=False, attributes=NO_ATTRIBUTES
    )
    found = []
    for probability in M5_PROBABILITIES:
        trees = Booster.fit(
            training.table,
            training.label,
            SETTINGS,
            weight=training.weight,
            objective="quantile",
            alpha=probability,
        )
        found.append(BoostedDemand(trees, horizon, planned=False).points(panel))
    quantiles = np.stack(found, axis=2)
    seconds = np.array(time.process_time() - began)
    return {"quantiles": quantiles, "mean": quantiles.mean(axis=2), "seconds": seconds}
