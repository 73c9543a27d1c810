"""The chance that an exception ends breached, and the curve of it if it is left open.

Which estimators give the chance was decided by real outcomes; where none of them is better than one
rate for all, that rate serves, and the chance says "not learned".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from data.domain import Json
from features.engine.feature_set import Columns
from models.breach.blend import BreachBlend
from models.breach.breach_label import BreachByLateness
from models.breach.clock import breach_groups, due_hours
from models.breach.contract import Contribution
from models.breach.estimators import resolve_clock, soft_trees
from models.breach.late_loss import LateLoss
from models.estimator import Batch, Files, ModelState
from models.loss_curve import CURVE_AGES_HOURS, LossCurves
from models.time_grid import ResolveChances


@dataclass(frozen=True)
class BreachRisk:
    """Blend of estimators, or one rate for all; and the breach clock.

    Attributes:
        blend: Chance of a breach; None where one rate serves.
        rate: Share of known outcomes that are breached.
        clock: Chance of a breach by how late the end is; None where times are not recorded.
        late: What becomes of those whose deadline has passed; None where the history does not tell.
    """

    blend: BreachBlend | None
    rate: float
    clock: BreachByLateness | None
    late: LateLoss | None = None

    @property
    def is_learned(self) -> bool:
        """Return whether the chance differs from case to case; else one rate stands for all."""
        return self.blend is not None

    @property
    def kind(self) -> str:
        """Name in reports."""
        return self.blend.kind if self.blend else "one rate for all"

    def contributions(self, rows: Batch, meanings: Sequence[str]) -> list[Contribution]:
        """Return what the inputs add to the chance of one subject; empty where one rate serves."""
        return self.blend.contributions(rows, meanings) if self.blend else []

    def importance(self, names: Sequence[str]) -> dict[str, float]:
        """Return what each input weighs; empty where one rate serves."""
        return self.blend.importance(names) if self.blend else {}

    def predict(self, rows: Batch, times: ResolveChances | None) -> np.ndarray:
        """Return n chances of ending breached.

        Args:
            rows: n subjects.
            times: Their times to resolve, where such a model was trained.
        """
        if self.blend is None:
            return np.full(rows.n, self.rate)
        return self.blend.predict(rows, times)

    def curve(self, columns: Columns) -> LossCurves | None:
        """Return n curves of the chance of a breach if left open, on the scale of the history."""
        if self.clock is None:
            return None
        ages = CURVE_AGES_HOURS * self.clock.scale
        chance = self.clock.chance(breach_groups(columns), ages, due_hours(columns))
        return LossCurves(chance, np.full(len(chance), self.clock.scale))

    def to_json(self) -> ModelState:
        """Return plain values, and the files of the estimators."""
        plain: dict[str, Any] = {"rate": self.rate}
        files: Files = {}
        if self.clock is not None:
            plain["clock"] = self.clock.to_json()
        if self.late is not None:
            plain["late"] = self.late.to_json()
        if self.blend is not None:
            plain["blend"], files = self.blend.to_json()
        return ModelState(plain, files)

    @classmethod
    def from_json(cls, values: Json, files: Files) -> Self:
        """Build from what `to_json` gave."""
        clock = BreachByLateness.from_json(values["clock"]) if "clock" in values else None
        stored, files = _as_blend(values, files)
        blend = BreachBlend.from_json(stored, files) if stored else None
        late = LateLoss(**values["late"]) if "late" in values else None
        return cls(blend, values["rate"], clock, late)


class _StoredBlend(NamedTuple):
    """A blend as stored; `values` is None where there is none."""

    values: Json | None
    files: Files


def _as_blend(values: Json, files: Files) -> _StoredBlend:
    """Return the stored blend; champions of before stored the halves of a fixed mean."""
    if "trees.txt" not in files:
        return _StoredBlend(values.get("blend"), files)
    names = (soft_trees.NAME, resolve_clock.NAME)
    stored = {
        "members": {names[0]: {}, names[1]: {"clock": values["clock"]}},
        "weights": dict.fromkeys(names, 0.5),
        "calibration": values.get("calibration", {}),
    }
    return _StoredBlend(stored, {f"{names[0]}.trees.txt": files["trees.txt"]})
