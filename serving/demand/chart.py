"""Charts as plain dicts for Plotly, drawn from a book's rows. No HTTP in it.

A colour is the name of a property of the stylesheet, like `--fan-80`: the page puts in its value,
so that charts follow light and dark.
"""

from typing import Any

import numpy as np

from features.demand.grain import Grain
from serving.demand.view import SeriesView
from serving.http.chart_parts import chart_layout, chart_line, iso_days, numbers

SHOWN_PERIODS = {Grain.DAY: 120, Grain.WEEK: 78, Grain.MONTH: 48}
"""How much of the past stands beside the forecast at first."""
_HIDDEN_LINE = {"width": 0, "color": "--fan-line"}


def demand_chart(shown: SeriesView) -> dict[str, Any]:
    """Return history, the fan of what is to come, and the past forecast against what came."""
    traces = [*_fan(shown), *_past_forecast(shown), _history(shown)]
    return {"data": traces, "layout": _layout(shown)}


def _fan(shown: SeriesView) -> list[dict[str, Any]]:
    days = iso_days(shown.periods)
    bands = [
        _band(days, shown.quantiles[:, low], shown.quantiles[:, -1 - low], name=name, colour=colour)
        for low, (name, colour) in enumerate(
            (("95 %", "--fan-95"), ("80 %", "--fan-80"), ("50 %", "--fan-50"))
        )
    ]
    expected = chart_line(days, shown.mean, "expected", "--fan-line") | {
        "customdata": np.round(shown.quantiles, 2).tolist(),
        "hovertemplate": "expected %{y:,.1f} · 80 %: %{customdata[1]:,.0f} to %{customdata[4]:,.0f}"
        " · 95 %: %{customdata[0]:,.0f} to %{customdata[5]:,.0f}<extra></extra>",
    }
    return [*bands, expected]


def _past_forecast(shown: SeriesView) -> list[dict[str, Any]]:
    if shown.past is None:
        return []
    days = iso_days(shown.past_periods)
    low, middle, high = shown.past.T
    line = chart_line(days, middle, "forecast then", "--past-line")
    line["line"] |= {"dash": "dot"}
    line["customdata"] = np.round(shown.past, 2).tolist()
    line["hovertemplate"] = (
        "median forecast then %{y:,.0f} · 95 %: %{customdata[0]:,.0f} to %{customdata[2]:,.0f}"
        "<extra></extra>"
    )
    return [_band(days, low, high, name="95 % then", colour="--past-95"), line]


def _history(shown: SeriesView) -> dict[str, Any]:
    line = chart_line(iso_days(shown.past_days), shown.units, "sold", "--history")
    if shown.in_stock is None:
        return line | {"hovertemplate": "sold %{y:,.0f}<extra></extra>"}
    labels = [
        "" if share >= 1 else f" · {share * 100:.0f} % of it in stock" for share in shown.in_stock
    ]
    template = "sold %{y:,.0f}%{customdata}<extra></extra>"
    return line | {"customdata": labels, "hovertemplate": template}


def _band(
    days: list[str], low: np.ndarray, high: np.ndarray, *, name: str, colour: str
) -> dict[str, Any]:
    finite = np.isfinite(low) & np.isfinite(high)
    there = [day for day, is_drawn in zip(days, finite, strict=True) if is_drawn]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": there + there[::-1],
        "y": numbers(np.concatenate([high[finite], low[finite][::-1]])),
        "name": name,
        "fill": "toself",
        "fillcolor": colour,
        "line": _HIDDEN_LINE,
        "hoverinfo": "skip",
    }


def _layout(shown: SeriesView) -> dict[str, Any]:
    begin = max(0, len(shown.past_days) - shown.grain.like(SHOWN_PERIODS))
    first, last = shown.past_days[begin], shown.periods[-1]
    layout = chart_layout()
    layout["xaxis"] |= {"range": iso_days(np.array([first, last]))}
    return layout | {"shapes": [_shade(*span) for span in shown.stock_outs()] + [_today(shown)]}


def _shade(begin: str, end: str) -> dict[str, Any]:
    return {
        "type": "rect",
        "layer": "below",
        "xref": "x",
        "yref": "paper",
        "x0": begin,
        "x1": end,
        "y0": 0,
        "y1": 1,
        "fillcolor": "--out-of-stock",
        "line": {"width": 0},
    }


def _today(shown: SeriesView) -> dict[str, Any]:
    at = str(shown.periods[0])
    line = {"color": "--line-2", "width": 1, "dash": "dash"}
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "line": line,
    }
