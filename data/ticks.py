"""Moments as whole milliseconds since 1970, the clock of the feature engine.

`known_at` is rounded up and `as_of` down, so rounding can hide a row but never reveal one.
"""

import numpy as np
import pandas as pd

TICKS_PER_DAY = 86_400_000
MISSING_TICK = np.iinfo(np.int64).min

_MICROSECONDS = 1_000


def floor_ticks(times: pd.Series) -> np.ndarray:
    """Round moments down, as is done with `as_of`; `MISSING_TICK` where there is none."""
    return _ticks(times, 0)


def ceil_ticks(times: pd.Series) -> np.ndarray:
    """Round moments up, as is done with `known_at`; `MISSING_TICK` where there is none."""
    return _ticks(times, _MICROSECONDS - 1)


def _ticks(times: pd.Series, shift: int) -> np.ndarray:
    moments = pd.to_datetime(times, utc=True).dt.as_unit("us")
    micros = moments.astype("int64").to_numpy()
    return np.where(moments.isna(), MISSING_TICK, (micros + shift) // _MICROSECONDS)
