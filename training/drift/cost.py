"""Cost of drift: the calibration error of the champion in two periods."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from training.common.measures import Figure, day_blocks, expected_calibration_error

MIN_LABELLED_OUTCOMES = 100
"""Fewer known outcomes on a side say nothing of its calibration."""
MIN_ERROR_CHANGE = 0.03
"""A smaller change of the calibration error moves no rank and pays for no retraining."""
MAX_CALIBRATION_ERROR = 0.06
"""Quiet weeks of a champion that is in use stay below this error, beyond chance."""
_SIMULATED = 40


@dataclass(frozen=True)
class PeriodPromises:
    """Chances that a model gave in a period, and the recorded outcomes.

    Attributes:
        promised: n chances.
        happened: n values, 1 where it happened, else 0.
        detected_at: n ticks.
    """

    promised: np.ndarray
    happened: np.ndarray
    detected_at: np.ndarray


@dataclass(frozen=True)
class PeriodCalibration:
    """Calibration of a model in one period.

    Attributes:
        labelled: How many outcomes are known.
        promised: Mean chance.
        observed: Share of the outcomes.
        error: Expected calibration error.
        by_chance: The error that a perfectly calibrated model would show on so few outcomes.
    """

    labelled: int
    promised: float
    observed: float
    error: float
    by_chance: float

    def to_json(self) -> dict[str, Any]:
        """Return plain values by the names that reports store."""
        return {
            "labelled": self.labelled,
            "promised": self.promised,
            "seen": self.observed,
            "error": self.error,
            "by_chance": self.by_chance,
        }


@dataclass(frozen=True)
class CalibrationCost:
    """Difference of a label's calibration between two periods.

    Attributes:
        label: breach, category or team.
        reference: Calibration in the reference.
        current: Calibration in the current period.
        change: Of the error beyond chance, from reference to current, with its 95 % interval.
    """

    label: str
    reference: PeriodCalibration
    current: PeriodCalibration
    change: Figure

    @property
    def grew(self) -> bool:
        """True where the error is larger in the current period, beyond chance."""
        return self.change.value >= MIN_ERROR_CHANGE and self.change.low > 0

    @property
    def misses(self) -> bool:
        """True where the current period is not well calibrated, regardless of the reference."""
        return self.current.error - self.current.by_chance >= MAX_CALIBRATION_ERROR

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "label": self.label,
            "reference": self.reference.to_json(),
            "current": self.current.to_json(),
            "change": asdict(self.change),
            "grew": self.grew,
            "misses": self.misses,
        }


def cost(label: str, reference: PeriodPromises, current: PeriodPromises) -> CalibrationCost | None:
    """Compare the calibration of two periods; None where too few outcomes are known."""
    if min(len(reference.happened), len(current.happened)) < MIN_LABELLED_OUTCOMES:
        return None
    (before, spread_before), (now, spread_now) = _calibration(reference), _calibration(current)
    change = (now.error - now.by_chance) - (before.error - before.by_chance)
    half = 1.96 * float(np.hypot(spread_before, spread_now))
    return CalibrationCost(label, before, now, Figure(change, change - half, change + half))


class MeasuredCalibration(NamedTuple):
    """Calibration with its uncertainty.

    Attributes:
        calibration: The calibration.
        error_spread: Standard deviation of its error.
    """

    calibration: PeriodCalibration
    error_spread: float


def _calibration(promises: PeriodPromises) -> MeasuredCalibration:
    """Return the calibration, and the standard deviation of its error.

    The spread is that of a bootstrap over days, or of chance alone where that is larger: a period
    of one or two days has no days to draw from.
    """
    promised, happened = promises.promised, promises.happened
    rng = np.random.default_rng(7)
    drawn = [
        expected_calibration_error(promised, (rng.random(len(promised)) < promised).astype(float))
        for _ in range(_SIMULATED)
    ]
    by_day = [
        expected_calibration_error(promised[rows], happened[rows])
        for rows in day_blocks(promises.detected_at)
    ]
    error = expected_calibration_error(promised, happened)
    calibration = PeriodCalibration(
        labelled=len(happened),
        promised=float(promised.mean()),
        observed=float(happened.mean()),
        error=error,
        by_chance=float(np.mean(drawn)),
    )
    return MeasuredCalibration(calibration, float(max(np.std(by_day), np.std(drawn))))
