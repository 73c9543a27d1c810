"""Predictions: what the models of triage expect of n exceptions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

import numpy as np

from models.breach.late_loss import LateLoss
from models.loss_curve import LossCurves
from models.time_grid import ResolveChances

ARRAYS = ("p_breach", "touch_minutes")
NUMBERS = (*ARRAYS, "curve", "resolve")
"""The predictions that are no labels."""


class ClassPredictions(NamedTuple):
    """Probabilities of the classes of one label.

    Attributes:
        names: The classes, by code.
        probability: (n, classes) calibrated probabilities, rows sum to 1.
    """

    names: tuple[str, ...]
    probability: np.ndarray

    @property
    def best(self) -> np.ndarray:
        """N codes of the likeliest classes."""
        return self.probability.argmax(axis=1)

    def take(self, rows: np.ndarray) -> "ClassPredictions":
        """Return some of the rows."""
        return ClassPredictions(self.names, self.probability[rows])


@dataclass(frozen=True)
class Predictions:
    """Predictions for n exceptions; what no model could be trained for is missing, or None.

    Attributes:
        classes: By label.
        p_breach: n chances that it is breached, handled as such exceptions are.
        curve: Chance that it is breached by each age if left open.
        touch_minutes: (n, 3) quantiles 10, 50, 90 % of the touch time.
        resolve: Chances of being resolved in each interval of a `TimeGrid`.
        late: What becomes of them after a missed deadline.
    """

    classes: Mapping[str, ClassPredictions] = field(default_factory=dict)
    p_breach: np.ndarray | None = None
    curve: LossCurves | None = None
    touch_minutes: np.ndarray | None = None
    resolve: ResolveChances | None = None
    late: LateLoss | None = None

    @property
    def names(self) -> set[str]:
        """The labels and numbers that are predicted."""
        return {*self.classes} | {name for name in NUMBERS if getattr(self, name) is not None}

    def keeping(self, names: Iterable[str]) -> Self:
        """Return these predictions without all other labels and numbers."""
        stored = set(names)
        classes = {label: each for label, each in self.classes.items() if label in stored}
        return replace(self, classes=classes, **dict.fromkeys({*NUMBERS} - stored))

    def take(self, rows: np.ndarray) -> Self:
        """Return the predictions of some rows."""
        return replace(
            self,
            classes={label: each.take(rows) for label, each in self.classes.items()},
            curve=self.curve.take(rows) if self.curve else None,
            resolve=self.resolve.take(rows) if self.resolve else None,
            **{name: getattr(self, name)[rows] for name in ARRAYS if name in self.names},
        )

    @classmethod
    def concatenate(cls, parts: "Sequence[Predictions]") -> Self:
        """Join predictions of the same models."""
        first = parts[0]
        classes = {
            label: ClassPredictions(
                each.names, np.concatenate([part.classes[label].probability for part in parts])
            )
            for label, each in first.classes.items()
        }
        arrays = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ARRAYS
            if name in first.names
        }
        times = [part.resolve for part in parts if part.resolve]
        curves = [part.curve for part in parts if part.curve]
        return cls(
            classes=classes,
            curve=LossCurves.concatenate(curves) if curves else None,
            resolve=ResolveChances.concatenate(times) if times else None,
            late=first.late,
            **arrays,
        )
