"""Surplus of outcomes: by how much more than predicted went wrong lately.

A season of late parcels shifts every chance for months, up and then down again. The features and
the calibration know the seasons before the training; the orders that ended since tell the present
one. Orders that failed count when that is known, good ones when their delivery is.
"""

from typing import NamedTuple

import numpy as np

from data.domain import Stage
from data.ticks import MS_PER_DAY, NEVER
from models.early_warning.early_warning import ANY, EarlyWarning, OrderRows
from training.early_warning.dataset import OrderDataset

WINDOW_DAYS = 90
PRIOR_FAILURES = 50.0
"""Imaginary failures that were predicted and came: few orders shift a chance but little."""


class PastChances(NamedTuple):
    """Chances of some subjects, as a model gave them.

    Attributes:
        rows: Positions of the subjects.
        chance: n chances.
    """

    rows: np.ndarray
    chance: np.ndarray


def outcome_surplus(
    dataset: OrderDataset, types: list[str], past: PastChances, at: np.ndarray
) -> np.ndarray:
    """Return the log of failures over predicted failures, of the orders that ended lately.

    Args:
        dataset: Orders with their outcomes.
        types: Types of exceptions that count as failures.
        past: Chances of them; those of orders just placed count.
        at: Ticks to look back from; what was known at or after them is not read.
    """
    placed = dataset.stage[past.rows] == str(Stage.PLACED)
    rows, chance = past.rows[placed], past.chance[placed]
    ended_at = np.minimum(dataset.failed_at[rows], dataset.delivery_known_at[rows])
    order = np.argsort(ended_at, kind="stable")
    order = order[ended_at[order] < NEVER]
    rows, ended_at = rows[order], ended_at[order]
    raised_at = np.minimum.reduce([dataset.raised_at[name][rows] for name in types])
    weight = dataset.weight[rows]
    begin, end = (np.searchsorted(ended_at, tick) for tick in (at - WINDOW_DAYS * MS_PER_DAY, at))
    observed, predicted = (
        totals[end] - totals[begin]
        for totals in (_running(weight * (raised_at <= ended_at)), _running(weight * chance[order]))
    )
    return np.log((observed + PRIOR_FAILURES) / (predicted + PRIOR_FAILURES))


def _running(values: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(values)])


def followed(dataset: OrderDataset, rows: OrderRows, model: EarlyWarning) -> OrderRows:
    """Return all rows of a dataset with the pace and the surplus that a model follows."""
    paced = dataset.paced(rows, model.delivery)
    if not model.follows_outcomes:
        return paced
    scores, everyone = model.scores(paced), np.arange(len(paced.stage))
    surplus = {}
    for name, joined in model.stage_logits.items():
        types = dataset.transit_types if name == ANY else [name]
        if name not in model.after_sales and set(types) <= set(dataset.raised_at):
            chance = joined.chance(scores, paced.stage)
            past = PastChances(everyone, chance)
            surplus[name] = outcome_surplus(dataset, types, past, dataset.scored_at)
    return paced._replace(surplus=surplus)
