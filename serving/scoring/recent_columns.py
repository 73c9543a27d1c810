"""Columns of the exceptions since the champion's training, packed: 100,000 take some 30 MB.

A text lies there once, and a row holds its code. Numbers and moments lie in plain arrays.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa

from data.contract.shared_texts import joined_texts, shared_texts
from data.policy.exchange_rates import ExchangeRates, Quotes
from features.engine.products import ProductAttributes
from serving.scoring.columns import columns_of
from serving.wire.exception_in import ExceptionIn


class _ColumnReader(Protocol):
    """A champion, as far as its columns depend on it.

    Attributes:
        kinds: The attributes that it reads, each a `word` or a `number`.
        products: Attributes of the SKUs that it knows.
        quotes: Exchange rates of its history.
    """

    @property
    def kinds(self) -> Mapping[str, str]: ...
    @property
    def products(self) -> ProductAttributes: ...
    @property
    def quotes(self) -> Quotes: ...


class RecentColumns(Mapping[str, np.ndarray]):
    """Columns as `columns_of` gives them for one champion; a text column is unpacked when read."""

    def __init__(self, triage: _ColumnReader) -> None:
        self._kinds, self._products = dict(triage.kinds), triage.products
        self._quotes = triage.quotes
        self._arrays: dict[str, list[np.ndarray]] = {}
        self._texts: dict[str, list[pa.DictionaryArray]] = {}

    def is_read_alike(self, triage: _ColumnReader) -> bool:
        """Return whether another champion reads the same columns of a payload."""
        is_same = triage.products is self._products and triage.quotes is self._quotes
        return is_same and triage.kinds == self._kinds

    def append(self, exceptions: Sequence[ExceptionIn], rates: ExchangeRates) -> None:
        """Add the rows of exceptions, their money converted by exchange rates."""
        if not exceptions:
            return
        columns = columns_of(exceptions, self._kinds, self._products, rates)
        for name, column in columns.items():
            if column.dtype == object:
                texts = pa.array(column, pa.string(), from_pandas=True).dictionary_encode()
                self._texts.setdefault(name, []).append(texts)
            else:
                self._arrays.setdefault(name, []).append(column)

    def __getitem__(self, name: str) -> np.ndarray:
        if name in self._texts:
            return self._unpacked(name)
        whole = np.concatenate(self._arrays[name])
        self._arrays[name] = [whole]
        return whole

    def __iter__(self) -> Iterator[str]:
        yield from self._texts
        yield from self._arrays

    def __len__(self) -> int:
        return len(self._texts) + len(self._arrays)

    def _unpacked(self, name: str) -> np.ndarray:
        whole = joined_texts(pa.chunked_array(self._texts[name]))
        self._texts[name] = [whole]
        return shared_texts(whole)
