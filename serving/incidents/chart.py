"""The arrivals of an incident's members against what is usual, as the shapes of a small chart."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from data.ticks import MS_PER_HOUR
from serving.scoring.answer import rfc3339

WIDTH, HEIGHT = 360, 72
MOST_BARS = 36
STEPS_HOURS = (0.05, 0.1, 0.25, 0.5, 1, 2, 6, 12, 24, 48, 24 * 7)


def arrivals_chart(ticks: Sequence[int], usual_per_hour: float) -> dict[str, Any]:
    """Return bars of how many came in each step of time, and the height of the usual.

    Args:
        ticks: When the members were detected; one at least.
        usual_per_hour: As many are usual.
    """
    begin, span_hours = min(ticks), (max(ticks) - min(ticks)) / MS_PER_HOUR
    step_hours = next((s for s in STEPS_HOURS if span_hours / s < MOST_BARS), STEPS_HOURS[-1])
    step = int(step_hours * MS_PER_HOUR)
    counts = np.bincount((np.array(ticks) - begin) // step)
    most, usual = int(counts.max()), usual_per_hour * step_hours
    scale = (HEIGHT - 4) / max(most, usual)
    pitch = WIDTH / len(counts)
    bars = [
        {
            "x": round(i * pitch + pitch * 0.1, 1),
            "y": round(HEIGHT - count * scale, 1),
            "width": round(pitch * 0.8, 1),
            "height": round(count * scale, 1),
            "begins_at": rfc3339(begin + i * step),
            "count": count,
        }
        for i, count in enumerate(counts.tolist())
    ]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "bars": bars,
        "most": most,
        "usual": usual,
        "usual_y": round(HEIGHT - usual * scale, 1),
        "step_hours": step_hours,
        "begins_at": rfc3339(begin),
        "ends_at": rfc3339(begin + len(counts) * step),
        "told": f"{len(ticks)} arrivals, {most} at most in a step where {usual:.2g} are usual",
    }
