"""Parts of Plotly charts that several pages draw, as plain dicts.

A colour is the name of a property of the stylesheet, like `--fan-80`: the page puts in its value,
so that charts follow light and dark.
"""

from typing import Any

import numpy as np


def chart_line(days: list[str], values: np.ndarray, name: str, colour: str) -> dict[str, Any]:
    """Return a line; one point alone is a marker."""
    return {
        "type": "scatter",
        "mode": "lines" if len(days) > 1 else "markers",
        "x": days,
        "y": numbers(values),
        "name": name,
        "line": {"color": colour, "width": 2},
    }


def chart_layout() -> dict[str, Any]:
    """Return the axes and colours that all charts share."""
    axis = {"gridcolor": "--line", "linecolor": "--line-2", "zeroline": False, "fixedrange": True}
    return {
        "margin": {"l": 44, "r": 8, "t": 8, "b": 40},
        "font": {"color": "--quiet", "size": 12},
        "paper_bgcolor": "--clear",
        "plot_bgcolor": "--clear",
        "showlegend": False,
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "--sheet", "bordercolor": "--line-2", "font": {"color": "--ink"}},
        "dragmode": False,
        "xaxis": axis | {"type": "date", "showgrid": False},
        "yaxis": axis | {"rangemode": "tozero", "tickformat": ",~g", "nticks": 6},
    }


def iso_days(days: np.ndarray) -> list[str]:
    """Return days as ISO 8601 texts."""
    return np.datetime_as_string(days, "D").tolist()


def numbers(values: np.ndarray) -> list[float | None]:
    """Return numbers as JSON has them, to 3 decimals; NaN is a gap."""
    return [round(float(v), 3) if np.isfinite(v) else None for v in values]
