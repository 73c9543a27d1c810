"""Factors by which a column's place among the others of its table speaks for a field."""

from data.source_proposal.column_profile import FileColumn
from data.source_proposal.contents import Content, plausibility
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
PLACES = (Content.CITY, Content.POSTCODE)


def decides_moments(table: InputTable, column: FileColumn) -> float:
    """Near 1 where each value has one moment; orders do, their products and customers do not."""
    moments = [other for other in table.columns if other.moments and other.distinct > 1]
    return (
        0.6 + 0.4 * max(table.decides(column, moment) for moment in moments) ** 2
        if moments
        else 0.5
    )


def decides_money(table: InputTable, column: FileColumn) -> float:
    """Near 1 where each value has one price; products do, orders do not."""
    money = [other for other in table.columns if plausibility(Content.MONEY, other) >= 0.5]
    return max((table.decides(column, other) for other in money), default=0.5)


def place_factor(table: InputTable, column: FileColumn) -> float:
    """More where a finer place decides this one, as postcodes decide cities and cities regions."""
    finer = [
        c
        for c in table.columns
        if c is not column
        and c.distinct > column.distinct
        and max(plausibility(kind, c) for kind in PLACES) > 0.3
    ]
    return 1.25 if any(table.decides(c, column) > 0.9 for c in finer) else 0.8


def moment_factor(table: InputTable, name: str, column: FileColumn) -> float:
    """More where a time lies among the times of its row as those of the field do."""
    ranks = table.moment_ranks
    rank = ranks.get(id(column), 0.0)
    factor = 1.0 - abs(rank - MOMENT_RANKS.get(name, 0.7)) if len(ranks) > 1 else 1.0
    if name in AFTERWARDS and column.filled == 1:
        factor *= 0.8
    if column.moments and column.moments.is_month:
        factor *= 0.4
    elif column.moments and column.moments.is_date:
        factor *= 1.2 if name == "promised_at" else 0.95
    return max(0.1, factor)
