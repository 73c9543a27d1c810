"""Plausibility of a column's values for each kind of field, 0 to 1. 0 means: it can't be that."""

from collections.abc import Callable
from enum import Enum
from functools import lru_cache

import numpy as np

from data.contract.codes import country_by_name, country_codes, country_key, currency_codes
from data.contract.conversion import NO, YES
from data.source_proposal.column_profile import FileColumn

MIN_KNOWN_SHARE = 0.9


class Content(Enum):
    """Kinds of values that fields hold."""

    KEY = "key"
    MOMENT = "moment"
    MONEY = "money"
    QUANTITY = "quantity"
    NUMBER = "number"
    SHARE = "share"
    COUNTRY = "country"
    CURRENCY = "currency"
    POSTCODE = "postcode"
    CITY = "city"
    REGION = "region"
    WORD = "word"
    TEXT = "text"
    YES_NO = "yes or no"


@lru_cache(maxsize=10_000)
def plausibility(content: Content, column: FileColumn) -> float:
    """Fit of a column's values to a kind of field, 0 to 1."""
    if column.sample.empty:
        return 0.0
    if content is Content.MOMENT:
        return column.moments.share if column.moments else 0.0
    return 0.0 if column.moments else _CHECKS[content](column)


def _key(column: FileColumn) -> float:
    if (
        column.distinct < 2
        or column.filled < 0.5
        or (column.numbers is not None and column.whole_share < 1)
    ):
        return 0.0
    if column.numbers is not None and (column.numbers < 0).any():
        return 0.0
    spread = (
        float(column.length.std() / max(1.0, column.length.mean()))
        if len(column.length) > 1
        else 0.0
    )
    shape = 1.0 if column.words <= 1.5 else 0.5
    # Amounts repeat few values, too: numbers need more of them to look like names.
    many = min(1.0, column.distinct / (30 if column.numbers is None else 100))
    return shape * many * (1.0 if spread < 0.25 else 0.7)


def _money(column: FileColumn) -> float:
    if column.numbers is None or column.distinct < 2:
        return 0.0
    if column.numbers.abs().max() <= 1:
        return 0.1
    decimals = 1.0 if column.whole_share < 0.9 else 0.4
    return decimals * (1.0 if (column.numbers < 0).mean() < 0.2 else 0.5)


def _quantity(column: FileColumn) -> float:
    if column.numbers is None or column.whole_share < 0.98:
        return 0.0 if column.numbers is None else 0.2
    # Few units are usual, and whole numbers of hundreds are as often money.
    small = 1 / (1 + np.log10(max(1.0, column.numbers.abs().median())) / 4)
    few = column.distinct_share < 0.2 or len(column.texts) < 100
    return float(small) * (1.0 if few else 0.5)


def _number(column: FileColumn) -> float:
    return 0.7 if column.numbers is not None and column.distinct > 1 else 0.0


def _share(column: FileColumn) -> float:
    return (
        0.8
        if column.numbers is not None and column.numbers.between(0, 1).all() and column.distinct > 1
        else 0.0
    )


def _in_set(column: FileColumn, texts: frozenset[str]) -> float:
    return float(column.sample.str.upper().isin(texts).mean())


def _country(column: FileColumn) -> float:
    if column.numbers is not None:
        return 0.0
    if column.words > 4 or column.distinct > 300:
        return 0.0
    named = column.sample.isin(
        [v for v in column.values if country_key(v) in country_by_name()]
    ).mean()
    coded = _in_set(column, country_codes())
    # Buyers are in more countries than warehouses are.
    many = 0.85 + 0.15 * min(1.0, column.distinct / 10)
    return many * max(float(named), coded) if max(named, coded) >= 0.7 else 0.1


def _currency(column: FileColumn) -> float:
    share = _in_set(column, currency_codes())
    return share if share >= MIN_KNOWN_SHARE else 0.0


def _postcode(column: FileColumn) -> float:
    if not 3 <= column.length.median() <= 10 or column.digit_share < 0.4 or column.is_unique:
        return 0.0
    if column.numbers is not None and column.whole_share < 1:
        return 0.0
    uniform = float((column.length == column.length.mode()[0]).mean())
    return 0.8 * uniform * min(1.0, column.distinct / 30)


def _city(column: FileColumn) -> float:
    if column.numbers is not None or column.digit_share > 0.05 or column.words > 3.5:
        return 0.0
    if _country(column) >= 0.5:
        return 0.1
    return 0.4 + 0.5 * min(1.0, column.distinct / 60) if column.length.mean() > 3 else 0.2


def _region(column: FileColumn) -> float:
    if column.numbers is not None or column.digit_share > 0.3 or column.words > 3.5:
        return 0.0
    short = column.length.max() <= 3
    return (
        (1.0 if short else 0.6 + 0.1 * min(1.0, column.distinct / 20))
        if 4 <= column.distinct <= 600 and column.distinct_share < 0.3
        else 0.3
    )


def _word(column: FileColumn) -> float:
    if (
        column.distinct > 500
        or column.words > 5
        or (column.numbers is not None and column.whole_share < 1)
    ):
        return 0.0
    letters = 1.0 if column.numbers is None else 0.6
    few = 1.0 if column.distinct <= 60 else 0.6
    return 0.7 * letters * few * (1.0 if column.distinct > 1 else 0.6)


def _text(column: FileColumn) -> float:
    return (
        min(1.0, column.words / 4) * min(1.0, column.distinct_share * 10)
        if column.numbers is None
        else 0.0
    )


def _yes_no(column: FileColumn) -> float:
    return 1.0 if column.distinct == 2 and {v.lower() for v in column.values} <= YES | NO else 0.0


_CHECKS: dict[Content, Callable[[FileColumn], float]] = {
    Content.KEY: _key,
    Content.MONEY: _money,
    Content.QUANTITY: _quantity,
    Content.NUMBER: _number,
    Content.SHARE: _share,
    Content.COUNTRY: _country,
    Content.CURRENCY: _currency,
    Content.POSTCODE: _postcode,
    Content.CITY: _city,
    Content.REGION: _region,
    Content.WORD: _word,
    Content.TEXT: _text,
    Content.YES_NO: _yes_no,
}
