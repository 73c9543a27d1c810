"""Boosted point forecast: one model for all series and all periods ahead.

It is direct: the number of periods ahead is a feature, so no forecast is fed back. The label is
demand over the series' own level. The loss is Tweedie's, whose mean fits zeros and bulks alike.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import NamedTuple, Self

import numpy as np

from features.demand.attributes import AttributeColumns
from features.demand.extremes import bounded_by_others, bounded_volumes
from features.demand.groups import SeriesGroups, chunks
from features.demand.panel import Panel
from features.demand.rhythm import rhythm_of
from features.demand.windows import LOWEST_LEVEL, DemandWindows
from models.boosters import Booster, TreeSettings, seed_of_run
from models.estimator import Files

SETTINGS = TreeSettings(
    rounds=200, learning_rate=0.04, leaves=31, smallest_leaf=50, columns_share=0.3, l2=10.0
)
TWEEDIE_POWER = 1.2
MAX_TRAINING_ROWS = 200_000
MAX_BOOSTERS = 3
"""Their mean is the forecast: of a small panel, one alone moves by chance when a series changes."""
MIN_OBSERVED_CELLS = 2_000
MAX_PANEL_CELLS = 6_000_000  # of the training panel; of more series a sample is drawn

MAX_QUIET_LEVELS = 2  # lengths of the past that makes the level
ROWS_A_CHUNK = 200_000
FILE, MORE_FILE = "trees.txt", "trees.{}.txt"
PLAN_FILE, ATTRIBUTES_FILE = "told.json", "attributes.json"
NO_ATTRIBUTES = AttributeColumns({}, [])


@dataclass(frozen=True)
class DemandTrainingRows:
    """Training rows: k pairs of a series and a cut-off, each with some periods ahead."""

    table: np.ndarray
    label: np.ndarray
    weight: np.ndarray


class BoostedDemand:
    """A point forecast, the mean of tweedie models, for each series and period ahead."""

    def __init__(
        self,
        boosters: Sequence[Booster],
        horizon: int,
        *,
        planned: bool,
        attributes: AttributeColumns = NO_ATTRIBUTES,
    ) -> None:
        self.boosters, self.horizon, self.planned = boosters, horizon, planned
        self.attributes = attributes

    @classmethod
    def fit(
        cls,
        panel: Panel,
        horizon: int,
        *,
        seed: int,
        planned: bool,
        attributes: AttributeColumns = NO_ATTRIBUTES,
    ) -> Self:
        """Fit on cut-offs throughout the panel.

        Args:
            panel: The series.
            horizon: Periods ahead.
            seed: Of the rows that are drawn and of the booster.
            planned: Whether prices and promotions ahead are known when a forecast is made.
            attributes: Attributes of the series that are read.
        """
        training = training_rows(
            panel, horizon, seed=seed_of_run(seed), planned=planned, attributes=attributes
        )
        first = training.table.shape[1] - len(attributes)
        count = int(np.clip(MAX_TRAINING_ROWS // max(len(training.label), 1), 1, MAX_BOOSTERS))
        boosters = [
            Booster.fit(
                training.table,
                training.label,
                replace(SETTINGS, seed=seed + number),
                weight=training.weight,
                words=[first + column for column in attributes.word_columns],
                objective="tweedie",
                tweedie_variance_power=TWEEDIE_POWER,
                max_bin=63,
            )
            for number in range(count)
        ]
        return cls(boosters, horizon, planned=planned, attributes=attributes)

    @staticmethod
    def can_learn(panel: Panel) -> bool:
        """Return whether a panel holds enough demand after its first cut-offs to learn from."""
        later = panel.units[:, rhythm_of(panel.grain).fewest :]
        return int(np.isfinite(later).sum()) >= MIN_OBSERVED_CELLS

    def points(self, panel: Panel) -> np.ndarray:
        """Return (n, H) float32 units for the periods after the panel's end."""
        units = np.empty((panel.series, self.horizon), np.float32)
        groups, constant = SeriesGroups.of(panel), self.attributes.table(panel)
        for rows in chunks(panel.series, max(ROWS_A_CHUNK // self.horizon, 1)):
            windows = DemandWindows(
                panel.take(rows), groups.take(rows), self.horizon, planned=self.planned
            )
            size = windows.panel.series
            cut = np.full(size, panel.length)
            ahead = np.tile(np.arange(1, self.horizon + 1), (size, 1))
            table, level = feature_table(windows, np.arange(size), cut, ahead, constant[rows])
            raw = np.mean([b.predict_table(table)[:, 0] for b in self.boosters], axis=0)
            units[rows] = raw.reshape(size, -1) * level[:, None]
        return units

    def to_files(self) -> Files:
        """Return the boosters' own texts, whether plans are known, and the attributes if any."""
        files = {PLAN_FILE: json.dumps({"planned": self.planned})}
        files |= {_file(number): own.to_text() for number, own in enumerate(self.boosters)}
        if len(self.attributes):
            files[ATTRIBUTES_FILE] = json.dumps(self.attributes.to_json())
        return files

    @classmethod
    def from_files(cls, files: Files, horizon: int) -> Self:
        """Build it from the texts of `to_files`."""
        attributes = AttributeColumns.from_json(
            json.loads(files.get(ATTRIBUTES_FILE, json.dumps(NO_ATTRIBUTES.to_json())))
        )
        plan = json.loads(files[PLAN_FILE])
        names = takewhile(files.__contains__, map(_file, range(MAX_BOOSTERS)))
        boosters = [Booster.from_text(files[name]) for name in names]
        return cls(boosters, horizon, **plan, attributes=attributes)


def _file(number: int) -> str:
    """Return the file of a booster; the first has the name that a single one had."""
    return MORE_FILE.format(number) if number else FILE


class FeatureTable(NamedTuple):
    """Features of k pairs at m periods ahead each.

    Attributes:
        table: (k * m, features) float32.
        level: (k,) units, the pairs' levels.
    """

    table: np.ndarray
    level: np.ndarray


def feature_table(
    windows: DemandWindows,
    rows: np.ndarray,
    cut: np.ndarray,
    ahead: np.ndarray,
    constant: np.ndarray,
) -> FeatureTable:
    """Compute the features of k pairs at m periods ahead each, and the pairs' levels.

    Args:
        windows: Of the panel.
        rows: (k,) series.
        cut: (k,) cut-off columns.
        ahead: (k, m) periods ahead, from 1.
        constant: (n, columns) what does not change of the series of the panel.
    """
    level = windows.level(rows, cut)
    state = windows.state(rows, cut, level)
    times = ahead.shape[1]
    many, cuts, far = np.repeat(rows, times), np.repeat(cut, times), ahead.ravel()
    target = windows.target(many, cuts, far, np.repeat(level, times))
    calendar = windows.calendar(many, cuts, far)
    parts = (np.repeat(state, times, axis=0), target, calendar, constant[many])
    return FeatureTable(np.concatenate(parts, axis=1), level)


def training_rows(
    panel: Panel, horizon: int, *, seed: int, planned: bool, attributes: AttributeColumns
) -> DemandTrainingRows:
    """Return at most about `MAX_TRAINING_ROWS` rows with demand over the level as label."""
    random = np.random.default_rng(seed)
    most = max(MAX_PANEL_CELLS // panel.length, 1)
    groups = SeriesGroups.of(panel)
    if panel.series > most:
        drawn = np.sort(random.choice(panel.series, most, replace=False))
        panel, groups = panel.take(drawn), groups.take(drawn)
    windows = DemandWindows(panel, groups, 0, planned=planned)
    rows, cut = _pairs(windows)
    times = min(horizon, max(2, MAX_TRAINING_ROWS // max(len(rows), 1)))
    if len(rows) * times > MAX_TRAINING_ROWS:
        chosen = random.choice(len(rows), MAX_TRAINING_ROWS // times, replace=False)
        rows, cut = rows[chosen], cut[chosen]
    ahead = _drawn(len(rows), horizon, times, random)
    return _observed(windows, _Pairs(rows, cut), ahead, attributes.table(panel))


class _Pairs(NamedTuple):
    rows: np.ndarray
    cut: np.ndarray


def _pairs(windows: DemandWindows) -> _Pairs:
    """Return all pairs of a series and a cut-off at which it can be forecast.

    After `MAX_QUIET_LEVELS` levels of silence there is nothing more to learn. Later sales decide
    nothing: were a long silence learned only from series that came back, every one would come back.
    """
    fewest, panel = windows.rhythm.fewest, windows.panel
    rows, cut = np.meshgrid(np.arange(panel.series), np.arange(fewest, panel.length), indexing="ij")
    rows, cut = rows.ravel(), cut.ravel()
    quiet = windows.quiet(rows, cut) <= MAX_QUIET_LEVELS * windows.rhythm.level
    chosen = (windows.observed(rows, cut) >= fewest) & quiet
    return _Pairs(rows[chosen], cut[chosen])


def _drawn(count: int, horizon: int, times: int, random: np.random.Generator) -> np.ndarray:
    """Return (count, times) different periods ahead for each pair."""
    if times == horizon:
        return np.tile(np.arange(1, horizon + 1), (count, 1))
    start = random.integers(horizon, size=(count, 1))
    step = np.arange(times) * horizon // times
    return (start + step) % horizon + 1


def _observed(
    windows: DemandWindows, pairs: _Pairs, ahead: np.ndarray, constant: np.ndarray
) -> DemandTrainingRows:
    """Return the rows whose period was wholly in stock."""
    rows, cut = pairs
    column = cut[:, None] + ahead - 1
    inside = column < windows.panel.length
    units = windows.whole[rows[:, None], np.where(inside, column, 0)]
    chosen = (inside & np.isfinite(units)).ravel()
    table, level = feature_table(windows, rows, cut, np.where(inside, ahead, 1), constant)
    levels = np.repeat(level, ahead.shape[1])[chosen]
    series = np.repeat(rows, ahead.shape[1])[chosen]
    label = bounded_by_others(units.ravel()[chosen] / levels, series)
    volume = bounded_volumes(bounded_by_others(levels, series))
    usual = max(volume.mean(), 1e-9) if len(volume) else 1.0
    weight = np.sqrt(np.clip(volume / usual, 0.05, 20)) * _trust(level, rows)[series]
    return DemandTrainingRows(table[chosen], label.astype(np.float32), weight.astype(np.float32))


def _trust(level: np.ndarray, series: np.ndarray) -> np.ndarray:
    """Return for each series the share that its rows count for, by its levels at all cut-offs.

    A series that multiplied its level by more than others ever did teaches nothing of them.
    """
    highest = np.full(series.max(initial=-1) + 1, LOWEST_LEVEL)
    lowest = np.full(len(highest), np.inf)
    np.maximum.at(highest, series, level)
    np.minimum.at(lowest, series, level)
    rise = highest / np.minimum(lowest, highest)
    return bounded_by_others(rise, np.arange(len(rise))) / rise
