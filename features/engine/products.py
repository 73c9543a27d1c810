"""Attributes of products by SKU, as a history and a champion hold them.

Training makes them of the table of products. The champion stores those that it reads, so that a
call with the SKU alone gets the values that training read.
"""

from collections.abc import Iterable, Mapping
from sys import intern
from typing import Any, NamedTuple, Self

import orjson
import pandas as pd

from data.contract.reference_tables import Products
from data.ticks import ceil_ticks
from features.engine.attributes import ATTRIBUTE, OF_PRODUCT, attribute_rows

_SKU = "sku"
"""The attribute by which an exception names its SKU itself, as one of stock does."""


class _Product(NamedTuple):
    """Attributes of one SKU, and the tick from which they count."""

    known_at: int
    attributes: Mapping[str, Any]


class ProductAttributes:
    """Attributes of products: each name stands behind the prefix `product.`.

    Args:
        products: By SKU.
    """

    def __init__(self, products: Mapping[str, _Product]) -> None:
        self._products = products

    def __len__(self) -> int:
        return len(self._products)

    @classmethod
    def of_table(cls, products: pd.DataFrame) -> Self:
        """Read rows of `Products`; a SKU without attributes is left out."""
        if Products.attributes not in products:
            return cls({})
        rows = products[products[Products.attributes].notna()]
        skus, known_at = rows[Products.sku].tolist(), ceil_ticks(rows[Products.known_at]).tolist()
        named = [
            {intern(OF_PRODUCT + name): value for name, value in row.items() if value is not None}
            for row in attribute_rows(rows[Products.attributes])
        ]
        return cls._of(zip(skus, known_at, named, strict=True))

    @classmethod
    def _of(cls, rows: Iterable[tuple[str, int, Mapping[str, Any]]]) -> Self:
        return cls({sku: _Product(tick, own) for sku, tick, own in rows if own})

    def joined(self, own: Mapping[str, Any], sku: str | None, tick: int) -> Mapping[str, Any]:
        """Return attributes of an exception with those of its product known before a tick.

        Args:
            own: Attributes of the exception. Its `sku` counts before that of the line; a name that
                is there stays.
            sku: SKU of the first line of its order, if there is one.
            tick: The moment of its detection.
        """
        named = own.get(_SKU)
        product = self._products.get(named if isinstance(named, str) else sku or "")
        if product is None or product.known_at >= tick:
            return own
        return {**product.attributes, **own}

    def keeping(self, kinds: Mapping[str, str]) -> Self:
        """Return the same with only the attributes that a model reads.

        Args:
            kinds: The attributes that it reads, as `attribute_kinds` names them.
        """
        read = {name.removeprefix(ATTRIBUTE) for name in kinds}
        return self._of(
            (sku, tick, {name: value for name, value in own.items() if name in read})
            for sku, (tick, own) in self._products.items()
        )

    def to_text(self) -> str:
        """Return JSON, from which `from_text` builds it again: columns, not rows."""
        products = self._products.values()
        names = dict.fromkeys(name for product in products for name in product.attributes)
        plain = {
            "sku": list(self._products),
            "known_at": [product.known_at for product in products],
            "attributes": {
                name: [product.attributes.get(name) for product in products] for name in names
            },
        }
        return orjson.dumps(plain).decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Build from what `to_text` gave."""
        plain = orjson.loads(text)
        names = list(plain["attributes"])
        rows = zip(*plain["attributes"].values(), strict=True)
        own = ({n: v for n, v in zip(names, row, strict=True) if v is not None} for row in rows)
        return cls._of(zip(plain["sku"], plain["known_at"], own, strict=True))


NO_PRODUCTS = ProductAttributes({})
