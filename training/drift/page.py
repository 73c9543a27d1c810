"""Page of a drift report: the verdict, what decided it, and each column, without scripts."""

from collections.abc import Sequence
from html import escape

from training.drift.columns import ColumnDrift
from training.drift.cost import CalibrationCost

_STYLE = "body{font:16px sans-serif;margin:2em}td,th{padding:.2em 1em;text-align:left}"


def drift_page(
    periods: str,
    verdict: str,
    decided_by: str,
    *,
    costs: Sequence[CalibrationCost],
    columns: Sequence[ColumnDrift],
) -> str:
    """Return the page as HTML.

    Args:
        periods: Names of the model and of both periods.
        verdict: The sentence that the terminal prints.
        decided_by: The sentence that names the comparison behind the verdict.
        costs: Calibration by label, which decides first.
        columns: Each compared column.
    """
    labels = [
        (c.label, f"{c.reference.error:.3f}", f"{c.current.error:.3f}", _word(drifted=c.grew))
        for c in costs
    ]
    compared = [
        (c.name, c.of, f"{c.reference:.4g}", f"{c.current:.4g}", f"{c.score:.3f}", _word(c.drifted))
        for c in columns
    ]
    title = escape(f"Drift of {periods}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1><p><strong>{escape(verdict)}</strong>"
        f"</p><p>Decided by: {escape(decided_by)}</p><h2>Calibration: decides first</h2>"
        + _table(("label", "error in the reference", "error now", ""), labels)
        + "<h2>Columns</h2>"
        + _table(("column", "figure", "reference", "current", "distance", ""), compared)
        + "</body></html>"
    )


def _word(drifted: bool) -> str:
    return "drifted" if drifted else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table><tr>{names}</tr>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
