"""History features of a million exceptions against the bare prefix-sum loop on them."""

import numpy as np
from timing import Ratio, in_turns

from data.ticks import MS_PER_DAY
from features.engine.event_log import LogRows
from features.engine.history_features import HistoryFeature, HistoryIndex

ROWS = 1_000_000
ENTITIES = {"type": 16, "team": 60, "carrier": 12, "sku": 5_000, "customer": 200_000}
DAYS = (7, 28, 90)


def run() -> Ratio:
    """Compute shares of three windows for each of five entities."""
    rng = np.random.default_rng(7)
    known_at = np.sort(rng.integers(0, 365 * MS_PER_DAY, ROWS))
    codes = {name: rng.integers(0, n, ROWS) for name, n in ENTITIES.items()}
    keys = {
        name: np.array([f"{name}{i}" for i in range(ENTITIES[name])], object)[code]
        for name, code in codes.items()
    }
    value = (rng.random(ROWS) < 0.3).astype(float)
    features = [
        HistoryFeature("ended", name, "mean", "", "", (), value="breached", days=days)
        for name in ENTITIES
        for days in DAYS
    ]

    def ours() -> np.ndarray:
        rows = LogRows(known_at, keys, {"breached": value})
        return HistoryIndex(features, {"ended": rows}).compute(keys, known_at)

    def bare() -> np.ndarray:
        found = [_bare(codes[name], known_at, value) for name in ENTITIES]
        return np.concatenate(found)

    mine, theirs = in_turns(ours, bare, rounds=2)
    what = f"history features of {ROWS:,} exceptions, {len(features)} windows"
    return Ratio(what, "the bare prefix-sum loop on codes", min(mine), min(theirs), "s", 2.0)


def _bare(code: np.ndarray, known_at: np.ndarray, value: np.ndarray) -> np.ndarray:
    span = int(known_at.max()) + 2
    place = code * span + known_at
    order = np.argsort(place)
    sorted_place = place[order]
    sums = np.concatenate([[0.0], np.cumsum(value[order])])
    asked = code * span
    now = np.searchsorted(sorted_place, asked + known_at)
    found = []
    for days in DAYS:
        begin = np.searchsorted(sorted_place, asked + np.maximum(known_at - days * MS_PER_DAY, 0))
        rows = now - begin
        found.append(np.where(rows > 0, (sums[now] - sums[begin]) / np.maximum(rows, 1), np.nan))
    return np.stack(found)
