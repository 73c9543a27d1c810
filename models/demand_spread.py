"""Which series stray further from their points than others of the same level.

A wholesaler's bulk orders and a shop's daily trickle may have the same mean and share no quantile.
A small model of how far held-out points were off sorts series into groups, steady ones first; each
group has level sets of its own.
"""

import json
from typing import Self

import numpy as np

from features.demand_groups import Groups, chunks
from features.demand_panel import Panel
from features.demand_windows import DemandWindows
from models.contract import Files
from models.level_sets import LOWEST_LEVEL
from models.trees import Trees, TreeSettings

SETTINGS = TreeSettings(
    rounds=60, learning_rate=0.08, leaves=15, smallest_leaf=40, columns_share=0.5, l2=5.0
)
FURTHEST = 4.0  # one bulk order must not decide what a whole group looks like
CELLS_A_GROUP, MOST_GROUPS = 12_000, 4
_LEVELS = 20
SERIES_A_CHUNK = 8_192
FILE = "spread.json"


class Spread:
    """Sorts series into groups.

    Args:
        halves: Two models, each of half of the series, so that neither knows what it sorts.
        levels: (L,) increasing logs of levels.
        usual: (L,) logs of what is predicted at these levels.
        edges: (groups - 1,) differences from what is usual.
    """

    def __init__(
        self, halves: list[Trees], levels: np.ndarray, usual: np.ndarray, edges: np.ndarray
    ) -> None:
        self.halves, self.levels, self.usual, self.edges = halves, levels, usual, edges

    @classmethod
    def fit(
        cls,
        state: np.ndarray,
        level: np.ndarray,
        strayed: np.ndarray,
        series: np.ndarray,
        cells: int,
    ) -> tuple[Self, np.ndarray]:
        """Learn from held-out forecasts of k pairs of a series and a cut-off.

        Args:
            state: (k, features) as of `spread_state`.
            level: (k,) means of the points.
            strayed: (k,) mean distance from the points over the level.
            series: (k,) which series.
            cells: How many periods were judged: the more, the finer the groups.

        Returns:
            The sorter, and (k,) the groups that it would have given without having seen them.
        """
        even = series % 2 == 0
        halves, log_spread = [], np.empty(len(state))
        for half in (even, ~even):
            label = np.minimum(strayed[half], FURTHEST)
            trees = Trees.fit(state[half], label, SETTINGS, objective="regression")
            log_spread[~half] = _log(trees.predict_table(state[~half])[:, 0])
            halves.append(trees)
        logs = np.log(np.maximum(level, LOWEST_LEVEL))
        order = np.argsort(logs, kind="stable")
        bins = np.array_split(order, min(_LEVELS, max(len(order) // 50, 1)))
        levels = np.array([np.median(logs[rows]) for rows in bins])
        usual = np.array([np.median(log_spread[rows]) for rows in bins])
        spread = cls(halves, levels, usual, np.empty(0))
        groups = int(np.clip(cells // CELLS_A_GROUP, 1, MOST_GROUPS))
        relative = log_spread - np.interp(logs, levels, usual)
        spread.edges = np.quantile(relative, np.arange(1, groups) / groups)
        return spread, np.searchsorted(spread.edges, relative).astype(np.uint8)

    def groups(self, state: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Return (n,) uint8 groups of series."""
        log_spread = np.mean([_log(half.predict_table(state)[:, 0]) for half in self.halves], 0)
        logs = np.log(np.maximum(level, LOWEST_LEVEL))
        relative = log_spread - np.interp(logs, self.levels, self.usual)
        return np.searchsorted(self.edges, relative).astype(np.uint8)

    def to_files(self) -> Files:
        """Return texts, from which `from_files` builds it again."""
        plain = {name: getattr(self, name).tolist() for name in ("levels", "usual", "edges")}
        halves = {f"half{i}.txt": half.to_text() for i, half in enumerate(self.halves)}
        return {FILE: json.dumps(plain)} | halves

    @classmethod
    def from_files(cls, files: Files) -> Self:
        """Build it from what `to_files` gave."""
        plain = {name: np.array(values) for name, values in json.loads(files[FILE]).items()}
        return cls([Trees.from_text(files[f"half{i}.txt"]) for i in range(2)], **plain)


def spread_state(panel: Panel, cut: int, point: np.ndarray) -> np.ndarray:
    """Return (n, features) float32 of what is known of each series at a cut-off.

    Args:
        panel: The series.
        cut: Column; nothing in or after it is read.
        point: (n,) means of the points.
    """
    groups = Groups.of(panel)
    states = []
    for part in chunks(panel.series, SERIES_A_CHUNK):
        windows = DemandWindows(panel.take(part), groups.take(part), 0)
        rows, cuts = np.arange(windows.panel.series), np.full(windows.panel.series, cut)
        level, at = windows.level(rows, cuts), point[part]
        own = np.column_stack([np.log(np.maximum(at, LOWEST_LEVEL)), at / level])
        state = windows.state(rows, cuts, level)
        states.append(np.concatenate([state, own.astype(np.float32)], axis=1))
    return np.concatenate(states)


def _log(spread: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(spread, 0.01))
