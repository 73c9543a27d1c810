"""Figures of the last drift job, as its report holds them."""

from pathlib import Path
from typing import Any

import orjson

from serving.metrics.service_state import CalibrationErrors, DriftFigures


def drift_figures(report: Path) -> DriftFigures | None:
    """Read the figures of a report; None where it is gone or can't be read."""
    try:
        content: dict[str, Any] = orjson.loads(report.read_bytes())
        errors = {
            label: CalibrationErrors(
                error=float(cost["current"]["error"]), by_chance=float(cost["current"]["by_chance"])
            )
            for label, cost in content["calibration"].items()
        }
        return DriftFigures(is_drift=bool(content["drift"]), errors=errors)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
