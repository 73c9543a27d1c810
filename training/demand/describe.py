"""Facts of the demand in a history, as names and figures for `python -m training describe`."""

import numpy as np
import pandas as pd

from data.domain import NotEnoughDataError
from data.history.history import History
from features.demand.panel import FULLY_IN_STOCK
from training.demand.dataset import read_panel
from training.demand.scores import demand_classes


def demand_facts(history: History) -> list[tuple[str, str]]:
    """Return names and figures of the demand in a history, all that is known of it; [] if none."""
    table = "demand" if history.rows["demand"] else "order_lines"
    if not history.rows[table]:
        return []
    last_known = history.query("periods").set_index("table")["last_at"]
    try:
        panel = read_panel(history, pd.Timestamp(last_known[table]) + pd.Timedelta(1, "us"))
    except NotEnoughDataError:
        return []
    lived = ~np.isnan(panel.units)
    out = lived & (panel.in_stock < FULLY_IN_STOCK)
    kinds, counts = np.unique(demand_classes(panel.demanded()), return_counts=True)
    classes = sorted(zip(counts.tolist(), kinds.tolist(), strict=True), reverse=True)
    return [
        ("from", "the table demand" if table == "demand" else "order lines, net"),
        ("series", f"{panel.series:,}"),
        ("grain", str(panel.grain)),
        ("periods", f"{panel.length:,}"),
        ("first", str(panel.periods[0])),
        ("last", str(panel.periods[-1])),
        ("not observed", f"{1 - lived.mean():.1%}"),
        ("zeros", _share(lived & (panel.units == 0), lived)),
        ("out of stock, in part or wholly", _share(out, lived)),
        ("with a price", _share(_is_set(panel.price, panel.length), lived)),
        *((f"{kind} series", f"{count:,}") for count, kind in classes),
    ]


def _is_set(matrix: np.ndarray | None, length: int) -> np.ndarray:
    return np.zeros(1, bool) if matrix is None else ~np.isnan(matrix[:, :length])


def _share(kind: np.ndarray, lived: np.ndarray) -> str:
    """Return the share of the observed periods that are of a kind."""
    return f"{(kind & lived).sum() / max(lived.sum(), 1):.1%}"
