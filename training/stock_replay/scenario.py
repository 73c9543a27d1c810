"""Scenario of a replay: its series and periods, and the demand on record at each decision."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from data.domain import BadInputError, NotEnoughDataError
from data.history.history import END_OF_TIME, History
from features.demand.panel import Panel, begin_of_day, next_periods
from training.demand.dataset import read_panel
from training.stock_replay.simulator import SeriesPanel


@dataclass(frozen=True)
class StockScenario:
    """Scenario of a stock replay. Its series are those on record at the start.

    Attributes:
        history: Where demand is read from.
        begin: Start of the first scored period.
        periods: (N,) first days of the scored periods.
        series: (sku, site) of each series.
        demand: (n, N) units that were demanded; NaN where a series was out of stock.
        appeared: Number of series that appeared later; they are not simulated.
        timezone: Of the days: that in which a day ends last.
    """

    history: History
    begin: pd.Timestamp
    periods: np.ndarray
    series: list[tuple[str, str]]
    demand: np.ndarray
    appeared: int
    timezone: str = "UTC"

    @classmethod
    def of(cls, history: History, begin: pd.Timestamp, periods: int) -> Self:
        """Read a scenario.

        Raises:
            BadInputError: No period starts at `begin`.
            NotEnoughDataError: The history ends before the last period does.
        """
        start = read_panel(history, begin)
        if start.timezone != "UTC":
            begin = start.begins_at(np.datetime64(begin.date(), "D"))
            start = read_panel(history, begin)
        scored = next_periods(start.periods[-1], start.grain, periods)
        everything = read_panel(history, END_OF_TIME)
        if scored[0] != np.datetime64(begin.date(), "D"):
            raise _refusal(begin, scored[0], everything)
        column = int(np.searchsorted(everything.periods, scored[0]))
        have = everything.length - column
        if have < periods:
            what = f"{start.grain.plural} of demand from {scored[0]}"
            raise NotEnoughDataError(what, have, periods, "Import them, or lower --periods.")
        series = _series(start)
        rows = _positions(everything, series)
        demand = everything.demanded()[rows, column : column + periods].astype(float)
        return cls(
            history=history,
            begin=begin,
            periods=scored,
            series=series,
            demand=demand,
            appeared=everything.series - len(series),
            timezone=start.timezone,
        )

    @property
    def not_scored(self) -> int:
        """Return the number of scored periods in which a series was out of stock."""
        return int(np.isnan(self.demand).sum())

    def panel_before(self, number: int) -> SeriesPanel:
        """Return the demand as of the start of a scored period, counted from 0."""
        panel = read_panel(self.history, begin_of_day(self.periods[number], self.timezone))
        return SeriesPanel(panel, _positions(panel, self.series))


def _refusal(begin: pd.Timestamp, unknown: np.datetime64, everything: Panel) -> BadInputError:
    """Say why a moment is no beginning, given the first period that is not known by then."""
    noun, day = everything.grain.noun, np.datetime64(begin.date(), "D")
    if day in everything.periods:
        problem = f"the {noun} from {unknown} is not known by then"
        cure = "Give its rows a known_at before its end: its last microsecond will do."
    else:
        problem = f"the {noun} after the last one known then starts on {unknown}"
        cure = "Start there."
    return BadInputError(f"--from {begin:%Y-%m-%d}", problem, cure)


def _series(panel: Panel) -> list[tuple[str, str]]:
    return list(zip(panel.sku.tolist(), panel.site.tolist(), strict=True))


def _positions(panel: Panel, series: list[tuple[str, str]]) -> np.ndarray:
    row_of = {key: row for row, key in enumerate(_series(panel))}
    return np.array([row_of[key] for key in series])
