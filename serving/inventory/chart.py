"""Chart of the stock ahead of one series, as a plain dict for Plotly. No HTTP in it."""

from typing import Any

from data.ticks import MS_PER_WEEK
from serving.http.chart_parts import chart_layout, chart_line, numbers
from serving.inventory.stock_detail import StockOutlook


def stock_chart(shown: StockOutlook) -> dict[str, Any]:
    """Return the stock ahead with the order and without it, over the risk to lose sales."""
    days, now, then = shown.days, shown.replenishment["as_it_is"], shown.replenishment["with_order"]
    risk = {
        "type": "bar",
        "x": days,
        "y": numbers(now["risk"] * 100),
        "marker": {"color": "--risk-bar"},
        "hovertemplate": "risk to lose sales %{y:.0f} %<extra></extra>",
    }
    stock = [(now, "as it is", "--history"), (then, "with the order", "--fan-line")]
    lines = [
        chart_line(days, projection["stock"], name, colour)
        | {"mode": "lines+markers", "yaxis": "y2"}
        | {"hovertemplate": f"stock {name} %{{y:,.0f}}<extra></extra>"}
        for projection, name, colour in stock[: 2 if shown.order else 1]
    ]
    layout = chart_layout()
    # The second axis is drawn above the first: lines over bars.
    layout["xaxis"] |= {"tickformat": "%-d %b", "tick0": days[0], "dtick": MS_PER_WEEK}
    layout["yaxis2"] = layout["yaxis"] | {"overlaying": "y", "showgrid": False}
    layout["yaxis"] |= {"side": "right", "range": [0, 100], "ticksuffix": " %", "nticks": 5}
    return {"data": [risk, *lines], "layout": layout | {"margin": layout["margin"] | {"r": 44}}}
