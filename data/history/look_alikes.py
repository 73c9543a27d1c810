"""Keys of a history that only look alike, within a column and between tables."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from data.contract.key_forms import canonical_key
from data.history.history import History

LINKS = {
    "exceptions.order_id": ("orders.order_id",),
    "order_lines.sku": ("products.sku", "stock.sku", "demand.sku"),
    "order_lines.site": ("sites.site", "stock.site", "demand.site"),
    "stock.sku": ("products.sku",),
    "stock.site": ("sites.site",),
    "demand.sku": ("products.sku", "stock.sku"),
    "demand.site": ("sites.site", "stock.site"),
    "plans.sku": ("products.sku", "demand.sku"),
    "plans.site": ("sites.site", "demand.site"),
}
"""Columns by the column of another table in which their keys have partners."""

MAX_EXAMPLES = 3

KeyRows = Mapping[str, int]
Forms = Mapping[str, list[str]]


class LookAlikes(NamedTuple):
    """Keys of a column that only look like another key.

    Attributes:
        column: The column, as "orders.customer_id".
        partner: The column of the other key; the same for keys within a column.
        keys: Number of keys that look like another one but differ from it. Between tables: those
            without a partner of the same spelling.
        rows: Rows of `column` with these keys.
        examples: Up to three groups of keys, those with most rows first.
    """

    column: str
    partner: str
    keys: int
    rows: int
    examples: list[str]


def look_alikes(history: History) -> list[LookAlikes]:
    """Return the look-alikes within each column, then those between tables; none for the others."""
    columns = _keys_by_column(history)
    forms = {column: _by_form(keys) for column, keys in columns.items()}
    results = [_within(column, columns[column], forms[column]) for column in columns]
    results += [
        _between(column, partner, columns, forms)
        for column, partners in LINKS.items()
        for partner in partners
        if column in columns and partner in columns
    ]
    return [result for result in results if result.keys]


def _keys_by_column(history: History) -> dict[str, dict[str, int]]:
    columns: dict[str, dict[str, int]] = defaultdict(dict)
    counts = history.query("describe/keys").dropna()
    for column, of_column in counts.groupby("column", sort=False):
        keys, rows = of_column["key"].tolist(), of_column["rows"].tolist()
        columns[str(column)] = dict(zip(keys, rows, strict=True))
    return columns


def _by_form(keys: KeyRows) -> dict[str, list[str]]:
    """Return the keys by their canonical form, those with most rows first."""
    forms: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        forms[canonical_key(key)].append(key)
    return {form: sorted(alike, key=lambda key: (-keys[key], key)) for form, alike in forms.items()}


def _within(column: str, keys: KeyRows, forms: Forms) -> LookAlikes:
    groups = [alike for alike in forms.values() if len(alike) > 1]
    rows = sum(keys[key] for alike in groups for key in alike)
    groups.sort(key=lambda alike: -sum(keys[key] for key in alike))
    examples = [_example(alike) for alike in groups[:MAX_EXAMPLES]]
    return LookAlikes(column, column, sum(map(len, groups)), rows, examples)


def _between(
    column: str, partner: str, columns: Mapping[str, KeyRows], forms: Mapping[str, Forms]
) -> LookAlikes:
    keys, partners = columns[column], columns[partner]
    groups = [
        [key, *forms[partner][form]]
        for form, alike in forms[column].items()
        if form in forms[partner]
        for key in alike
        if key not in partners
    ]
    groups.sort(key=lambda group: -keys[group[0]])
    examples = [_example(group) for group in groups[:MAX_EXAMPLES]]
    return LookAlikes(column, partner, len(groups), sum(keys[g[0]] for g in groups), examples)


def _example(keys: list[str]) -> str:
    return " / ".join(_visible(key) for key in keys)


def _visible(key: str) -> str:
    """Return a key in quotes; what can't be told apart by eye stands as its code."""
    plain = key.isprintable() and unicodedata.is_normalized("NFC", key)
    return f"'{key}'" if plain else ascii(key)
