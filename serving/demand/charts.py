"""Charts as plain dicts for Plotly, drawn from a book's rows. No HTTP in it.

A colour is the name of a property of the stylesheet, like `--fan-80`: the page puts in its value,
so that charts follow light and dark.
"""

from typing import Any

import numpy as np

from data.ticks import MS_PER_WEEK
from serving.demand.view import SeriesView
from serving.inventory.stock_detail import StockOutlook

SHOWN_PERIODS = {"day": 120, "week": 78, "month": 48}
"""How much of the past stands beside the forecast at first."""
_HIDDEN_LINE = {"width": 0, "color": "--fan-line"}


def demand_chart(shown: SeriesView) -> dict[str, Any]:
    """Return history, the fan of what is to come, and the past forecast against what came."""
    traces = [*_fan(shown), *_past_forecast(shown), _history(shown)]
    return {"data": traces, "layout": _layout(shown)}


def stock_chart(shown: StockOutlook) -> dict[str, Any]:
    """Return the stock ahead with the order and without it, over the risk to lose sales."""
    days, now, then = shown.days, shown.told["as_it_is"], shown.told["with_order"]
    risk = {
        "type": "bar",
        "x": days,
        "y": _numbers(now["risk"] * 100),
        "marker": {"color": "--risk-bar"},
        "hovertemplate": "risk to lose sales %{y:.0f} %<extra></extra>",
    }
    stock = [(now, "as it is", "--history"), (then, "with the order", "--fan-line")]
    lines = [
        _line(days, projection["stock"], name, colour)
        | {"mode": "lines+markers", "yaxis": "y2"}
        | {"hovertemplate": f"stock {name} %{{y:,.0f}}<extra></extra>"}
        for projection, name, colour in stock[: 2 if shown.order else 1]
    ]
    layout = _plain_layout()
    # The second axis is drawn above the first: lines over bars.
    layout["xaxis"] |= {"tickformat": "%-d %b", "tick0": days[0], "dtick": MS_PER_WEEK}
    layout["yaxis2"] = layout["yaxis"] | {"overlaying": "y", "showgrid": False}
    layout["yaxis"] |= {"side": "right", "range": [0, 100], "ticksuffix": " %", "nticks": 5}
    return {"data": [risk, *lines], "layout": layout | {"margin": layout["margin"] | {"r": 44}}}


def _fan(shown: SeriesView) -> list[dict[str, Any]]:
    days = _days(shown.periods)
    bands = [
        _band(days, shown.quantiles[:, low], shown.quantiles[:, -1 - low], name, colour)
        for low, (name, colour) in enumerate(
            (("95 %", "--fan-95"), ("80 %", "--fan-80"), ("50 %", "--fan-50"))
        )
    ]
    expected = _line(days, shown.mean, "expected", "--fan-line") | {
        "customdata": np.round(shown.quantiles, 2).tolist(),
        "hovertemplate": "expected %{y:,.1f} · 80 %: %{customdata[1]:,.0f} to %{customdata[4]:,.0f}"
        " · 95 %: %{customdata[0]:,.0f} to %{customdata[5]:,.0f}<extra></extra>",
    }
    return [*bands, expected]


def _past_forecast(shown: SeriesView) -> list[dict[str, Any]]:
    if shown.past is None:
        return []
    days = _days(shown.past_periods)
    low, middle, high = shown.past.T
    line = _line(days, middle, "forecast then", "--past-line")
    line["line"] |= {"dash": "dot"}
    line["customdata"] = np.round(shown.past, 2).tolist()
    line["hovertemplate"] = (
        "median forecast then %{y:,.0f} · 95 %: %{customdata[0]:,.0f} to %{customdata[2]:,.0f}"
        "<extra></extra>"
    )
    return [_band(days, low, high, "95 % then", "--past-95"), line]


def _history(shown: SeriesView) -> dict[str, Any]:
    line = _line(_days(shown.past_days), shown.units, "sold", "--history")
    if shown.in_stock is None:
        return line | {"hovertemplate": "sold %{y:,.0f}<extra></extra>"}
    told = [
        "" if share >= 1 else f" · {share * 100:.0f} % of it in stock" for share in shown.in_stock
    ]
    template = "sold %{y:,.0f}%{customdata}<extra></extra>"
    return line | {"customdata": told, "hovertemplate": template}


def _line(days: list[str], values: np.ndarray, name: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines" if len(days) > 1 else "markers",
        "x": days,
        "y": _numbers(values),
        "name": name,
        "line": {"color": colour, "width": 2},
    }


def _band(
    days: list[str], low: np.ndarray, high: np.ndarray, name: str, colour: str
) -> dict[str, Any]:
    known = np.isfinite(low) & np.isfinite(high)
    there = [day for day, is_known in zip(days, known, strict=True) if is_known]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": there + there[::-1],
        "y": _numbers(np.concatenate([high[known], low[known][::-1]])),
        "name": name,
        "fill": "toself",
        "fillcolor": colour,
        "line": _HIDDEN_LINE,
        "hoverinfo": "skip",
    }


def _layout(shown: SeriesView) -> dict[str, Any]:
    begin = max(0, len(shown.past_days) - SHOWN_PERIODS[shown.grain])
    first, last = shown.past_days[begin], shown.periods[-1]
    layout = _plain_layout()
    layout["xaxis"] |= {"range": _days(np.array([first, last]))}
    return layout | {"shapes": [_shade(*span) for span in shown.stock_outs()] + [_today(shown)]}


def _plain_layout() -> dict[str, Any]:
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


def _days(days: np.ndarray) -> list[str]:
    return np.datetime_as_string(days, "D").tolist()


def _numbers(values: np.ndarray) -> list[float | None]:
    """Numbers as JSON knows them: NaN is a gap."""
    return [round(float(v), 3) if np.isfinite(v) else None for v in values]
