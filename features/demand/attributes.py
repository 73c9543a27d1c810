"""Attributes of series as columns of numbers: what their SKU and site are, and never change.

Words become codes of the values that were common when the columns were fitted; a value that is
new, rare or missing is NaN. A series without a past has attributes all the same.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from features.demand.panel import Panel

SITE = "site"
MIN_SERIES_OF_A_WORD = 3
"""A value of fewer series says no more than they say themselves."""
MAX_WORDS = 1_000


@dataclass(frozen=True)
class AttributeColumns:
    """Attributes to read, and the codes of the words among them.

    Attributes:
        words: For each attribute of words its values; the position of a value is its code.
        numbers: Names of the attributes that are numbers.
    """

    words: dict[str, list[str]]
    numbers: list[str]

    @classmethod
    def of(cls, panel: Panel) -> Self:
        """Take the attributes that differ between the series of a panel, and the site."""
        words = {}
        for name, values in _words(panel):
            counts = Counter(value for value in values if value is not None)
            common = [v for v, n in counts.most_common(MAX_WORDS) if n >= MIN_SERIES_OF_A_WORD]
            if common and len(counts) > 1:
                words[name] = common
        numbers = [name for name, values in panel.numbers.items() if _varies(values)]
        return cls(words, numbers)

    def __len__(self) -> int:
        return len(self.words) + len(self.numbers)

    @property
    def say_more_than_site(self) -> bool:
        """True where there is any attribute beside the name of the site itself."""
        return bool(self.numbers or self.words.keys() - {SITE})

    @property
    def word_columns(self) -> list[int]:
        """Positions of the words among the columns."""
        return list(range(len(self.words)))

    def table(self, panel: Panel) -> np.ndarray:
        """Return (n, columns) float32 of the series of a panel."""
        table = np.full((panel.series, len(self)), np.nan, np.float32)
        recorded = dict(_words(panel))
        for column, (name, common) in enumerate(self.words.items()):
            if name in recorded:
                codes = {value: code for code, value in enumerate(common)}
                table[:, column] = [codes.get(value, np.nan) for value in recorded[name]]
        for column, name in enumerate(self.numbers, len(self.words)):
            table[:, column] = panel.numbers.get(name, np.nan)
        return table

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build from what `to_json` gave."""
        return cls(**values)


def _words(panel: Panel) -> Iterator[tuple[str, np.ndarray]]:
    yield from {SITE: panel.site, **panel.attributes, **panel.words}.items()


def _varies(values: np.ndarray) -> bool:
    recorded = values[np.isfinite(values)]
    return len(recorded) > 0 and bool((recorded != recorded[0]).any())
