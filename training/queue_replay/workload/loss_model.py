"""Regression of the loss on recorded losses, for exceptions without a recorded one.

The logarithm of the loss is linear in the logarithm of the order's value. Each segment has a slope
and a level; each category, type and severity has a level. The residuals are those of recorded
losses of about the same size. Where too few losses were recorded, the policy sets the loss.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

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
TEXT_FACTS = ("segment", "category", "type", "severity")


@dataclass(frozen=True)
class LossModel:
    """Log-linear regression, fitted on one draw of the recorded losses.

    Attributes:
        weights: Of the columns of the design.
        ordered: Fitted logarithms of recorded losses, rising.
        residual: Recorded less fitted logarithms, in the same order.
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

    def draw(self, fitted: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Draw losses about n fitted logarithms, with the residual of a similar recorded loss."""
        size = len(self.ordered)
        reach = min(NEIGHBOURS, size // 2)
        middle = np.clip(np.searchsorted(self.ordered, fitted), reach, size - reach)
        donor = middle + random.integers(-reach, max(reach, 1), len(fitted))
        return np.exp(fitted + self.residual[np.clip(donor, 0, size - 1)])


class LossRecords:
    """Recorded losses, and the policy's values where they are too few.

    Args:
        log: Record of n exceptions.
        policy: Prices of losses.
    """

    def __init__(self, log: HandlingLog, policy: LossTerms) -> None:
        facts = log.facts
        lost = (facts["breached"] == 1) & np.isfinite(facts["loss"])
        self.loss = np.where(lost, facts["loss"], np.nan)
        value = np.where(np.isnan(facts["order_value"]), policy.order_value, facts["order_value"])
        self.policy_loss = _policy_loss(facts, value, policy)
        logs = np.log(np.maximum(value, MIN_MONEY))
        self.log_value = (logs - logs.mean()) / max(logs.std(), MIN_SPREAD)
        self.codes = [pd.factorize(facts[name], sort=True)[0] for name in TEXT_FACTS]
        self.sizes = [int(code.max()) + 1 for code in self.codes]

    def draw(self, rows: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Draw the losses of some exceptions; recorded ones are as recorded.

        The fit is on a draw with replacement, so that the draws also hold the error of the fit.
        """
        recorded = self.loss[rows]
        fitted_rows = np.flatnonzero(self.loss >= MIN_MONEY)
        if len(fitted_rows) < MIN_LOSSES_TO_FIT:
            return np.where(np.isnan(recorded), self.policy_loss[rows], recorded)
        fitted_rows = random.choice(fitted_rows, min(len(fitted_rows), MAX_LOSSES_FITTED))
        model = LossModel.fit(self._design(fitted_rows), self.loss[fitted_rows])
        drawn = model.draw(self._fitted(model.weights, rows), random)
        return np.where(
            np.isnan(recorded), np.minimum(drawn, self.loss[fitted_rows].max()), recorded
        )

    def _design(self, rows: np.ndarray) -> np.ndarray:
        """Return the design matrix of the regression for some exceptions."""
        value = self.log_value[rows, None]
        indicators = [
            code[rows, None] == np.arange(size)
            for code, size in zip(self.codes, self.sizes, strict=True)
        ]
        return np.hstack([np.ones((len(rows), 1)), value, indicators[0] * value, *indicators])

    def _fitted(self, weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the design matrix times the weights, without building the matrix."""
        slopes, *levels = np.split(weights[2:], np.cumsum([self.sizes[0], *self.sizes[:-1]]))
        fitted = weights[0] + (weights[1] + slopes[self.codes[0][rows]]) * self.log_value[rows]
        for code, level in zip(self.codes, levels, strict=True):
            fitted += level[code[rows]]
        return fitted


def _policy_loss(facts: dict[str, np.ndarray], value: np.ndarray, policy: LossTerms) -> np.ndarray:
    """Return the preventable money of n exceptions by the policy."""
    code, names = kinds_of(facts)
    share, fixed, helps = np.array([policy.terms(name) for name in names]).T
    return np.minimum(share[code] * value + fixed[code], policy.largest) * helps[code]


class ExceptionKinds(NamedTuple):
    """Codes of n exceptions, and the names by code."""

    code: np.ndarray
    names: list[str]


def kinds_of(facts: dict[str, np.ndarray]) -> ExceptionKinds:
    """Return the categories, or the types where no category is recorded."""
    kind = np.where(facts["category"] == "", facts["type"], facts["category"])
    code, names = pd.factorize(kind, sort=True)
    return ExceptionKinds(code, [str(name) for name in names])
