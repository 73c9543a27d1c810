"""Page of a replay for people: one file without network, light or dark, for print too."""

import io
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from data.domain import Json
from training.queue_replay.analysis.summary import amount, long_time
from training.queue_replay.rules.registry import all_rules

INK = "#010203"
"""Placeholder for the colour of the text, which the page sets: light or dark."""
NONE = "\N{EN DASH}"
_PLAIN: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "replay",
    "font.family": "sans-serif",
    "font.size": 11,
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK
    ),
}


def page(report: Json) -> str:
    """Write the page of a report of `queue_replay.replay`."""
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    currency = report["currency"]
    environment.filters |= {
        "money": lambda value: amount(value, currency),
        "between": lambda f: f"{amount(f['low'], currency)} to {amount(f['high'], currency)}",
        "span": lambda f: f"{f['low']:,.0f} to {f['high']:,.0f}",
        "count": lambda value: f"{value:,.0f}",
        "share": lambda value: NONE if value is None else f"{value:.0%}",
        "hours": long_time,
        "sure": sure,
        "day": lambda moment: moment[:10],
    }
    pictures = {}
    if report["savings_told"]:
        pictures = {"curve": curve(report), "bars": bars(report)}
    return environment.get_template("report.html").render(report=report, pictures=pictures)


def sure(figure: Json) -> str:
    """Return `better` or `worse` for a saving beyond chance, else `same`."""
    if figure["low"] > 0:
        return "better"
    return "worse" if figure["high"] < 0 else "same"


def curve(report: Json) -> Markup:
    """Draw the money lost up to each day, by rule."""
    days, lost = report["curve"]["days"], report["curve"]["money_lost"]
    with mpl.rc_context(_PLAIN):
        figure = Figure(figsize=(9.0, 4.2), layout="constrained")
        axes = figure.subplots()
        for rule in all_rules().values():
            if rule.colour and rule.name in lost:
                line = "--" if rule.knows else "-"
                width = 3.0 if rule.name == "ours" else 1.6
                money = lost[rule.name][:-1]
                axes.plot(money, line, color=rule.colour, linewidth=width, label=rule.words)
        every = max(len(days) // 6, 1)
        axes.set_xticks(range(0, len(days), every), days[::every])
        axes.set_ylabel(f"lost so far, {report['currency']}")
        axes.legend(frameon=False, loc="upper left", fontsize=10)
        return _on_page(figure, axes, "Money lost up to each day, for each order of work")


def bars(report: Json) -> Markup:
    """Draw what each rule saves against the order as worked, with its interval."""
    rules = {name: report["rules"][name] for name in report["shown"] if name != "history"}
    best_last = sorted(rules, key=lambda name: rules[name]["saved_against_history"]["value"])
    saved = [rules[name]["saved_against_history"] for name in best_last]
    value, low, high = (np.array([figure[k] for figure in saved]) for k in ("value", "low", "high"))
    row = np.arange(len(saved))
    with mpl.rc_context(_PLAIN):
        figure = Figure(figsize=(9.0, 0.34 * len(saved) + 0.6), layout="constrained")
        axes = figure.subplots()
        ours = all_rules()["ours"].colour
        colours = [ours if name == "ours" else "#8fa3b8" for name in best_last]
        axes.barh(row, value, color=colours, height=0.62)
        errors = [np.maximum(value - low, 0), np.maximum(high - value, 0)]
        axes.errorbar(value, row, xerr=errors, fmt="none", ecolor=INK, elinewidth=1, capsize=2)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_yticks(row, [rules[name]["words"] for name in best_last])
        axes.set_xlabel(f"saved, {report['currency']}; the thin line is where it lies with 95 %")
        return _on_page(figure, axes, "Saved by each order of work against that which was worked")


def _on_page(figure: Figure, axes: Axes, title: str) -> Markup:
    """Return a picture as SVG that takes its ink from the page and refers to nothing outside."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="both", color="#8a8f98", alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_major_formatter().__class__.__name__ == "ScalarFormatter":
            axis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    drawn = file.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", drawn)
    drawn = re.sub(r'width="[^"]*" height="[^"]*"', "", drawn, count=1)
    named = f'<svg role="img" aria-label="{title}"'
    drawn = drawn.replace("<svg", named, 1).replace(INK, "currentColor")
    return Markup(drawn)  # noqa: S704  (drawn here; the labels in it are escaped by matplotlib)
