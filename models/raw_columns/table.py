"""Raw columns as a table for LightGBM: what anybody would try first.

Every text but the message is a category of its own values, also one of thousands; every moment is
hours from the detection; numbers are numbers. There are no features of the past.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from data.ticks import MISSING_TICK, MS_PER_DAY, MS_PER_HOUR
from features.engine.feature_set import Columns

MAX_CATEGORIES = 10_000
MIN_ROWS_OF_A_CATEGORY = 2
_NOT_READ = ("message",)
_CALENDAR = 2


@dataclass(frozen=True)
class RawColumns:
    """Columns to read, and the categories of the texts among them.

    Attributes:
        categories: For each text column the code of each value.
        numbers: Names of the columns of numbers.
        moments: Names of the columns of moments.
    """

    categories: dict[str, dict[str, int]]
    numbers: list[str]
    moments: list[str]

    @classmethod
    def of(cls, columns: Columns) -> Self:
        """Take all columns that vary; rare values of a text are no category."""
        categories, numbers, moments = {}, [], []
        for name, values in columns.items():
            if values.dtype == object:
                if name not in _NOT_READ and (codes := _categories(values)):
                    categories[name] = codes
            elif values.dtype.kind == "i":
                if name != "detected_at" and (values != MISSING_TICK).any():
                    moments.append(name)
            elif not np.isnan(values).all():
                numbers.append(name)
        return cls(categories, numbers, moments)

    @property
    def word_columns(self) -> list[int]:
        """Positions of the categories in the table."""
        return list(range(len(self.categories)))

    @cached_property
    def names(self) -> list[str]:
        """Names of the columns of the table."""
        return [*self.categories, "hour detected", "weekday detected", *self.moments, *self.numbers]

    def meanings(self, columns: Columns) -> list[str]:
        """Return what each column of the table says of the first subject, in words."""
        texts = [f"{_words(name)}: {columns[name][0] or 'none'}" for name in self.categories]
        moments = [
            f"Hours from the detection to: {_words(name.removesuffix('_at')).lower()}"
            for name in self.moments
        ]
        numbers = [_words(name) for name in self.numbers]
        return [*texts, "Hour of the day", "Day of the week", *moments, *numbers]

    def table(self, columns: Columns) -> np.ndarray:
        """Return (n, names) float32, NaN where missing."""
        detected = columns["detected_at"]
        if len(detected) == 1:
            return self.single_row(columns)[None, :]
        table = np.empty((len(self.names), len(detected)))
        absent = [np.nan] * len(detected)
        for row, (name, codes) in enumerate(self.categories.items()):
            values = columns.get(name)
            table[row] = absent if values is None else [codes.get(v, np.nan) for v in values]
        at = len(self.categories)
        table[at] = detected % MS_PER_DAY / MS_PER_HOUR
        table[at + 1] = (detected // MS_PER_DAY + 3) % 7
        moments = table[at + _CALENDAR : at + _CALENDAR + len(self.moments)]
        _fill(moments, [columns.get(name, MISSING_TICK) for name in self.moments])
        moments[moments == MISSING_TICK] = np.nan
        moments -= detected
        moments /= MS_PER_HOUR
        numbers = [columns.get(name, np.nan) for name in self.numbers]
        _fill(table[at + _CALENDAR + len(self.moments) :], numbers)
        return table.T.astype(np.float32)

    def single_row(self, columns: Columns) -> np.ndarray:
        """Return the only row of `table`, without an array for each of its columns."""
        detected = columns["detected_at"].item()
        words = [
            codes.get(columns[name][0], np.nan) if name in columns else np.nan
            for name, codes in self.categories.items()
        ]
        calendar = [detected % MS_PER_DAY / MS_PER_HOUR, (detected // MS_PER_DAY + 3) % 7]
        ticks = [columns[name].item() if name in columns else MISSING_TICK for name in self.moments]
        hours = [np.nan if t == MISSING_TICK else (t - detected) / MS_PER_HOUR for t in ticks]
        numbers = [columns[name].item() if name in columns else np.nan for name in self.numbers]
        return np.array([*words, *calendar, *hours, *numbers], np.float32)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build from what `to_json` gave."""
        return cls(**values)


def _fill(table: np.ndarray, columns: Sequence[np.ndarray | float]) -> None:
    for row, column in enumerate(columns):
        table[row] = column


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _categories(values: np.ndarray) -> dict[str, int]:
    counts = Counter(value for value in values if value is not None)
    most = counts.most_common(MAX_CATEGORIES)
    common = [value for value, n in most if n >= MIN_ROWS_OF_A_CATEGORY]
    return {value: code for code, value in enumerate(common)} if len(counts) > 1 else {}
