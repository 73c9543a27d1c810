"""Regression of the loss on recorded losses, for exceptions without a recorded one.

The logarithm of the loss is linear in that of the order's value, with a slope and a level for each
segment and a level for each category and type; the spread about it is that of recorded losses of
about the same size. Where too few were recorded, the policy says what a loss costs.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from data.policy.policy import LossTerms
from training.queue_replay.workload.event_log import HandlingLog

MIN_LOSSES_TO_FIT = 30
MAX_LOSSES_FITTED = 20_000
RIDGE = 1.0
NEIGHBOURS = 25
MIN_MONEY = 0.01
MIN_SPREAD = 1e-9
WORDS = ("segment", "category", "type", "severity")


@dataclass(frozen=True)
class LossModel:
    """Fitted on one draw of the recorded losses.

    Attributes:
        weights: Of the columns of the design.
        ordered: Fitted logarithms of recorded losses, rising.
        residual: What was recorded less what was fitted, in the same order.
    """

    weights: np.ndarray
    ordered: np.ndarray
    residual: np.ndarray

    @classmethod
    def fit(cls, design: np.ndarray, loss: np.ndarray) -> Self:
        """Fit on n losses above 0."""
        logs = np.log(loss)
        penalty = RIDGE * np.eye(design.shape[1])
        penalty[0, 0] = 0.0
        weights = np.linalg.solve(design.T @ design + penalty, design.T @ logs)
        fitted = design @ weights
        order = np.argsort(fitted)
        return cls(weights, fitted[order], (logs - fitted)[order])

    def spread(self, fitted: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Draw losses about n fitted logarithms."""
        size = len(self.ordered)
        reach = min(NEIGHBOURS, size // 2)
        middle = np.clip(np.searchsorted(self.ordered, fitted), reach, size - reach)
        lender = middle + random.integers(-reach, max(reach, 1), len(fitted))
        return np.exp(fitted + self.residual[np.clip(lender, 0, size - 1)])


class LossRecords:
    """Recorded losses, and the policy's values where they are too few.

    Args:
        record: n exceptions.
        policy: What a loss costs.
    """

    def __init__(self, record: HandlingLog, policy: LossTerms) -> None:
        facts = record.facts
        lost = (facts["breached"] == 1) & np.isfinite(facts["loss"])
        self.loss = np.where(lost, facts["loss"], np.nan)
        value = np.where(np.isnan(facts["order_value"]), policy.order_value, facts["order_value"])
        self.told = _told(facts, value, policy)
        logs = np.log(np.maximum(value, MIN_MONEY))
        self.log_value = (logs - logs.mean()) / max(logs.std(), MIN_SPREAD)
        self.codes = [pd.factorize(facts[name], sort=True)[0] for name in WORDS]
        self.sizes = [int(code.max()) + 1 for code in self.codes]

    def drawn(self, rows: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Draw the losses of some exceptions; recorded ones are as recorded.

        The fit is on a draw with replacement, so that what it can't know is in the spread as well.
        """
        recorded = self.loss[rows]
        lent = np.flatnonzero(self.loss >= MIN_MONEY)
        if len(lent) < MIN_LOSSES_TO_FIT:
            return np.where(np.isnan(recorded), self.told[rows], recorded)
        lent = random.choice(lent, min(len(lent), MAX_LOSSES_FITTED))
        model = LossModel.fit(self._design(lent), self.loss[lent])
        drawn = model.spread(self._fitted(model.weights, rows), random)
        return np.where(np.isnan(recorded), np.minimum(drawn, self.loss[lent].max()), recorded)

    def _design(self, rows: np.ndarray) -> np.ndarray:
        """Return the columns of the regression for some exceptions."""
        value = self.log_value[rows, None]
        words = [
            code[rows, None] == np.arange(size)
            for code, size in zip(self.codes, self.sizes, strict=True)
        ]
        return np.hstack([np.ones((len(rows), 1)), value, words[0] * value, *words])

    def _fitted(self, weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the same columns times weights, without laying them out."""
        slopes, *levels = np.split(weights[2:], np.cumsum([self.sizes[0], *self.sizes[:-1]]))
        fitted = weights[0] + (weights[1] + slopes[self.codes[0][rows]]) * self.log_value[rows]
        for code, level in zip(self.codes, levels, strict=True):
            fitted += level[code[rows]]
        return fitted


def _told(facts: dict[str, np.ndarray], value: np.ndarray, policy: LossTerms) -> np.ndarray:
    """Return the preventable money of n exceptions as the policy reckons it."""
    code, words = kinds(facts)
    share, fixed, helps = np.array([policy.terms(word) for word in words]).T
    return np.minimum(share[code] * value + fixed[code], policy.largest) * helps[code]


def kinds(facts: dict[str, np.ndarray]) -> tuple[np.ndarray, list[str]]:
    """Return codes and names of the categories, or of the types where no category is recorded."""
    kind = np.where(facts["category"] == "", facts["type"], facts["category"])
    code, words = pd.factorize(kind, sort=True)
    return code, [str(word) for word in words]
