"""Facts of the demand in a history, as names and figures for `python -m training describe`."""

import numpy as np
import pandas as pd

from data.domain import BadInputError, NotEnoughDataError
from data.history.history import History
from features.demand.grain import Grain
from features.demand.panel import FULLY_IN_STOCK, Panel
from features.demand.periods import PeriodCalendar
from training.demand.dataset import read_panel
from training.demand.period_reading import recorded_periods
from training.demand.scores import demand_classes


def demand_facts(history: History) -> list[tuple[str, str]]:
    """Return names and figures of the demand in a history, all that is known of it; [] if none."""
    table = "demand" if history.rows["demand"] else "order_lines"
    if not history.rows[table]:
        return []
    last_known = history.query("periods").set_index("table")["last_at"]
    until = pd.Timestamp(last_known[table]) + pd.Timedelta(1, "us")
    try:
        panel = read_panel(history, until)
    except BadInputError as error:
        return [("from", "the table demand"), ("grain", f"none: {error}")]
    except NotEnoughDataError:
        return []
    lived = ~np.isnan(panel.units)
    out = lived & (panel.in_stock < FULLY_IN_STOCK)
    kinds, counts = np.unique(demand_classes(panel.demanded()), return_counts=True)
    classes = sorted(zip(counts.tolist(), kinds.tolist(), strict=True), reverse=True)
    return [
        ("from", "the table demand" if table == "demand" else "order lines, net"),
        ("series", f"{panel.series:,}"),
        ("grain", _grain(history, panel, until)),
        ("periods", _periods(history, panel, until)),
        ("first", str(panel.periods[0])),
        ("last", str(panel.periods[-1])),
        ("not observed", f"{1 - lived.mean():.1%}"),
        ("zeros", _share(lived & (panel.units == 0), lived)),
        ("out of stock, in part or wholly", _share(out, lived)),
        ("with a price", _share(_is_set(panel.price, panel.length), lived)),
        *((f"{kind} series", f"{count:,}") for count, kind in classes),
    ]


def _grain(history: History, panel: Panel, until: pd.Timestamp) -> str:
    """Return the length of a period, and on which day one begins where that is not usual."""
    begins = PeriodCalendar.from_day(panel.grain, panel.periods[0])
    if panel.grain == Grain.WEEK:
        text = f"{panel.grain} from {pd.Timestamp(panel.periods[0]):%A}"
    elif begins == PeriodCalendar.of(panel.grain):
        text = str(panel.grain)
    else:
        text = f"{panel.grain}, one from {panel.periods[0]}"
    recorded = history.rows["demand"] and recorded_periods(history, until).by_last_day
    return f"{text}; recorded by its last day" if recorded else text


def _periods(history: History, panel: Panel, until: pd.Timestamp) -> str:
    """Return how many periods there are, and how many of them have no row at all."""
    missing = recorded_periods(history, until).missing if history.rows["demand"] else 0
    return f"{panel.length:,}" + (f", {missing:,} of them without any row" if missing else "")


def _is_set(matrix: np.ndarray | None, length: int) -> np.ndarray:
    return np.zeros(1, bool) if matrix is None else ~np.isnan(matrix[:, :length])


def _share(kind: np.ndarray, lived: np.ndarray) -> str:
    """Return the share of the observed periods that are of a kind."""
    return f"{(kind & lived).sum() / max(lived.sum(), 1):.1%}"
