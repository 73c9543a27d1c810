"""Columns of the contract's types, built from numbers; a text is a name and its code."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data.contract.column_types import Text, Time
from data.sources.synthetic.shop import SyntheticShop

MISSING = -1


def names(words: Sequence[str] | np.ndarray, codes: np.ndarray) -> pd.api.extensions.ExtensionArray:
    """Texts by their codes; a code below 0 is an empty field."""
    codes = np.asarray(codes, dtype=np.int32)
    return _text(pa.array(list(words), pa.large_string()).take(pa.array(codes, mask=codes < 0)))


def texts(texts: Sequence[str | None] | np.ndarray) -> pd.api.extensions.ExtensionArray:
    """Texts as they stand."""
    return _text(pa.array(texts, pa.large_string()))


def numbered(prefix: str, numbers: np.ndarray, digits: int = 8) -> pd.api.extensions.ExtensionArray:
    """Ids: a prefix and a number with leading zeros."""
    text = pa.array(numbers).cast(pa.large_string())
    padded = pc.call_function("utf8_lpad", [text], pc.PadOptions(digits, "0"))
    return _text(
        pc.call_function("utf8_replace_slice", [padded], pc.ReplaceSliceOptions(0, 0, prefix))
    )


def _text(words: pa.Array) -> pd.api.extensions.ExtensionArray:
    return pd.array(words, dtype=Text)


def times(shop: SyntheticShop, seconds: np.ndarray) -> pd.Series:
    """Moments from seconds since the start, cut to milliseconds; NaN is an empty field."""
    is_finite = np.isfinite(seconds)
    start_us = int(shop.start.timestamp()) * 1_000_000
    micros = np.floor(np.where(is_finite, seconds, 0) * 1_000).astype(np.int64) * 1_000 + start_us
    micros[~is_finite] = np.iinfo(np.int64).min
    return pd.Series(pd.DatetimeIndex(micros.view("M8[us]"), tz="UTC").astype(Time))


def draw(random: np.random.Generator, shares: np.ndarray, size: int) -> np.ndarray:
    """Draw codes by shares that sum to about 1."""
    cumulative = np.cumsum(shares)
    return np.searchsorted(cumulative, random.random(size) * cumulative[-1], side="right")


def draw_by_row(random: np.random.Generator, shares: np.ndarray, of_row: np.ndarray) -> np.ndarray:
    """Draw a code for each row by the shares in row `of_row` of the table `shares`."""
    cumulative = np.cumsum(shares, axis=1)
    u = random.random(len(of_row)) * cumulative[of_row, -1]
    return (u[:, None] >= cumulative[of_row]).sum(axis=1)


def draw_where(random: np.random.Generator, where: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Draw true with the chance `share`, and only `where`."""
    return where & (random.random(len(where)) < share)


def columns_of_rows(rows: list[tuple], count: int) -> np.ndarray:
    """Turn rows of `count` numbers into columns."""
    return np.array(rows, dtype=float).reshape(-1, count).T
