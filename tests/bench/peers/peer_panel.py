"""One data set up to a cut-off, as the libraries take it, and their answers as arrays."""

from pathlib import Path

import numpy as np
import pandas as pd

LEVELS = [50, 67, 95, 99]


class Panel:
    """One data set up to a cut-off."""

    def __init__(self, file: Path) -> None:
        read = np.load(file, allow_pickle=False)
        self.units, self.first, self.codes = read["units"], read["first"], read["codes"]
        self.season, self.horizon = int(read["season"]), int(read["horizon"])
        self.dates = pd.DatetimeIndex(read["dates"])
        self.freq = str(read["freq"])

    def until(self, column: int) -> "Panel":
        cut = object.__new__(Panel)
        cut.__dict__ = {**self.__dict__, "units": self.units[:, :column]}
        kept = self.first < column - 1
        cut.units, cut.first, cut.codes = cut.units[kept], self.first[kept], self.codes[kept]
        cut.dates = self.dates[:column]
        return cut

    def long(self, tail: str) -> pd.DataFrame:
        """Rows (unique_id, ds, y, weight, codes), gaps filled."""
        length = self.units.shape[1]
        seen = np.isfinite(self.units)
        y = np.where(seen, self.units, 0).astype(np.float64)
        total, count = np.cumsum(y, 1), np.cumsum(seen, 1)
        window = 4 * self.season if self.season == 7 else 13
        before_total = np.pad(total, ((0, 0), (window, 0)))[:, :length]
        before_count = np.pad(count, ((0, 0), (window, 0)))[:, :length]
        recent = (total - before_total) / np.maximum(count - before_count, 1)
        last = length - 1 - seen[:, ::-1].argmax(1)
        after = np.arange(length)[None] > last[:, None]
        filled = np.where(seen, y, np.where(after & (tail == "zero"), 0.0, recent))
        rows, columns = np.nonzero(np.arange(length)[None] >= self.first[:, None])
        frame = {
            "unique_id": rows,
            "ds": self.dates[columns],
            "y": filled[rows, columns],
            "weight": (seen | (after & (tail == "zero")))[rows, columns].astype(float),
        }
        for code in range(self.codes.shape[1]):
            frame[f"code{code}"] = pd.Categorical(self.codes[rows, code])
        return pd.DataFrame(frame)


def by_series(panel: Panel, forecast: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """(series, horizon, columns); series without a forecast get NaN."""
    out = np.full((len(panel.units), panel.horizon, len(columns)), np.nan)
    forecast = forecast.sort_values(["unique_id", "ds"])
    ids = forecast["unique_id"].to_numpy()[:: panel.horizon]
    values = forecast[columns].to_numpy(float)
    out[ids] = values.reshape(len(ids), panel.horizon, len(columns))
    return out


def interval_columns(name: str) -> list[str]:
    lows = [f"{name}-lo-{level}" for level in reversed(LEVELS)]
    return [*lows, name, *(f"{name}-hi-{level}" for level in LEVELS)]


def in_groups_of_length(panel: Panel, frame: pd.DataFrame, most_windows: int):
    """Yield (rows of the frame, conformal windows): as many as each series is long enough for."""
    length = frame.groupby("unique_id")["y"].transform("size")
    below = np.inf
    for windows in (most_windows, 4, 2):
        needed = windows * panel.horizon + 2 * min(panel.season, 13)
        part = frame[(length >= needed) & (length < below)]
        below = min(below, needed)
        if len(part):
            yield part, windows
    rest = frame[length < below]
    if len(rest):
        yield rest, 0
