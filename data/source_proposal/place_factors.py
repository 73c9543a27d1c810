"""Factors by which a column's place among the others of its table speaks for a field."""

from data.source_proposal.column_profile import FileColumn
from data.source_proposal.contents import Content, plausibility
from data.source_proposal.roles import ROLES, Role
from data.source_proposal.table_links import InputTable

# How late a field's time usually lies among the times of its row, from 0 (first) to 1 (last).
MOMENT_RANKS = {
    "placed_at": 0.0,
    "detected_at": 0.0,
    "paid_at": 0.2,
    "ship_by_at": 0.5,
    "shipped_at": 0.5,
    "canceled_at": 0.6,
    "promised_at": 0.7,
    "delivered_at": 0.8,
    "resolved_at": 0.9,
}
AFTERWARDS = frozenset({"shipped_at", "delivered_at", "canceled_at", "paid_at", "resolved_at"})
MIN_DECIDED, MIN_KEY, MIN_ROWS_A_KEY = 0.97, 0.9, 1.05
MIN_REPEATED_SHARE = 0.3  # of the rows of a product that is sold again and again
MIN_DECIDED_WORDS = 0.85  # a few categories are in two departments
NOTHING_TO_DECIDE = 0.7
WORDS = (Content.WORD, Content.TEXT)
PERIODS = frozenset({"period_start", "counted_at"})
FINER_PLACES = {Content.CITY: 0.3, Content.POSTCODE: 0.3, Content.COUNTRY: 0.7}


def value_factor(
    table: InputTable, role: Role, name: str, column: FileColumn, key: FileColumn | None
) -> float:
    """Factor for a field that is no key, by the kind of its values."""
    kind = ROLES[role].kinds[name]
    if kind is Content.MOMENT:
        return moment_factor(table, name, column)
    if role is Role.PRODUCT and kind is Content.WORD:
        return _category_factor(table, name, column, key)
    if kind in (Content.REGION, Content.CITY):
        return _place_factor(table, kind, column)
    if role is Role.LINE and key is not None:
        of_line = 1.0 - 0.5 * table.decides(key, column)
        return of_line * _price_factor(table, key, column) if name == "unit_price" else of_line
    return 1.0


def reference_factor(
    table: InputTable, name: str, column: FileColumn, key: FileColumn | None, *, linked: bool
) -> float:
    """Factor for a key of other rows: of the line, the product, the site or the customer."""
    if name == "line_id":
        return 1.0 if key is None or not column.is_unique else _line_factor(table, key, column)
    if name == "sku":
        return 0.5 if column.is_unique else _product_factor(table, column)
    if linked:
        return 1.0
    if name == "site":
        return 1.0 - 0.5 * _decides_price(table, column)
    return 0.4 if column.is_unique else 1.0


def order_factor(table: InputTable, column: FileColumn) -> float:
    """Near 1 where a column names orders: it decides a moment, or its lines are numbered."""
    if column.is_unique:
        has_orders = any(_has_lines(table, other) for other in _repeated_keys(table))
        return 0.3 if has_orders else 0.9 * _decides_moments(table, column)
    return 1.0 if _has_lines(table, column) else _decides_moments(table, column)


def holds_orders(table: InputTable) -> bool:
    """True where a repeated key names orders: their rows share a moment, or are numbered lines."""
    moments = [c for c in table.columns if c.moments and c.distinct > 1 and not c.moments.is_month]
    return any(
        _has_lines(table, key)
        or any(table.decides(key, moment) >= MIN_DECIDED for moment in moments)
        for key in _repeated_keys(table)
    )


def is_log(table: InputTable, key: FileColumn) -> bool:
    """True where a time differs among the rows of a key: its steps."""
    return any(
        c.moments and c.distinct > 1 and table.decides(key, c) < MIN_DECIDED for c in table.columns
    )


def holds_units(table: InputTable) -> bool:
    """True where orders have numbered lines with a quantity that differs within an order."""
    quantities = [
        c for c in table.columns if c.distinct > 1 and plausibility(Content.QUANTITY, c) >= 0.8
    ]
    return any(
        _has_lines(table, key) and any(table.decides(key, c) < MIN_DECIDED for c in quantities)
        for key in _repeated_keys(table)
    )


def _has_lines(table: InputTable, key: FileColumn) -> bool:
    """True where rows of a key are numbered side by side, and share a value of a coarser key."""
    if table.lines_of(key) is None:
        return False
    return any(
        other.distinct < key.distinct
        and table.decides(key, other) >= MIN_DECIDED > table.decides(other, key)
        for other in _repeated_keys(table)
    )


def _repeated_keys(table: InputTable) -> list[FileColumn]:
    return [
        c
        for c in table.columns
        if plausibility(Content.KEY, c) >= MIN_KEY and MIN_ROWS_A_KEY * c.distinct < table.rows
    ]


def _decides_moments(table: InputTable, column: FileColumn) -> float:
    """Near 1 where each value has one moment; orders do, their products and customers do not."""
    moments = [other for other in table.columns if other.moments and other.distinct > 1]
    return (
        0.6 + 0.4 * max(table.decides(column, moment) for moment in moments) ** 2
        if moments
        else 0.5
    )


def _line_factor(table: InputTable, key: FileColumn, column: FileColumn) -> float:
    """1 for the column that numbers the lines of orders side by side."""
    return 1.0 if table.lines_of(key) is column else 0.6


def _product_factor(table: InputTable, column: FileColumn) -> float:
    """Near 1 where each value has one price and one word; products do, orders do not."""
    words = [c for c in table.columns if max(plausibility(k, c) for k in WORDS) >= 0.3]
    word = _decides_any(table, column, words)
    repeated = min(1.0, (1 - column.distinct_share) / MIN_REPEATED_SHARE)
    return (0.5 + 0.5 * repeated) * (0.3 + 0.3 * _decides_price(table, column) + 0.4 * word)


def _decides_price(table: InputTable, column: FileColumn) -> float:
    """Share of a column's values with one amount of some column; products have one price."""
    money = [c for c in table.columns if plausibility(Content.MONEY, c) >= 0.5]
    return _decides_any(table, column, money)


def _price_factor(table: InputTable, key: FileColumn, column: FileColumn) -> float:
    """Near 1 for an amount that a repeated key decides: a price, where those of lines differ."""
    products = [c for c in _repeated_keys(table) if c is not key and c is not column]
    return 0.7 + 0.3 * max((table.decides(c, column) for c in products), default=1.0)


def _decides_any(table: InputTable, column: FileColumn, others: list[FileColumn]) -> float:
    shares = (table.decides(column, c) for c in others if c is not column and c.distinct > 1)
    return max(shares, default=NOTHING_TO_DECIDE)


def _category_factor(
    table: InputTable, name: str, column: FileColumn, key: FileColumn | None
) -> float:
    """More for a department where a finer word decides it, and for a category where none does.

    The name of a product is no such word: it decides the product, too.
    """
    finer = any(
        table.decides(c, column) >= MIN_DECIDED_WORDS
        for c in table.columns
        if c is not key
        and c.distinct > column.distinct
        and plausibility(Content.WORD, c) >= 0.3
        and (key is None or table.decides(c, key) < MIN_DECIDED)
    )
    return 1.0 if finer == (name in ("department", "department_group")) else 0.8


def _place_factor(table: InputTable, kind: Content, column: FileColumn) -> float:
    """More where a finer place decides this one, as postcodes decide cities and cities regions.

    A country decides its part of the world, but no city.
    """
    finer = [
        c
        for c in table.columns
        if c is not column
        and c.distinct > column.distinct
        and any(plausibility(k, c) > floor for k, floor in FINER_PLACES.items())
        and table.decides(c, column) >= MIN_DECIDED
    ]
    if kind is Content.CITY and any(plausibility(Content.COUNTRY, c) >= 0.7 for c in finer):
        return 0.2
    return 1.25 if finer else 0.8


def moment_factor(table: InputTable, name: str, column: FileColumn) -> float:
    """More where a time lies among the times of its row as those of the field do."""
    ranks = table.moment_ranks
    rank = ranks.get(id(column), 0.0)
    factor = 1.0 - abs(rank - MOMENT_RANKS.get(name, 0.7)) if len(ranks) > 1 else 1.0
    if name in AFTERWARDS and column.filled == 1:
        factor *= 0.8
    if name == "period_start" and column.moments and not column.moments.is_date:
        factor *= 0.2
    if column.moments and column.moments.is_month and name not in PERIODS:
        factor *= 0.4
    elif column.moments and column.moments.is_date:
        factor *= 1.2 if name == "promised_at" else 0.95
    return max(0.1, factor)
