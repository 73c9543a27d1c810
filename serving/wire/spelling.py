"""Other spellings of a field that callers send, put right in the payload.

The reading is that of an import: blank text and null are no value, and an id that came as a number
is text. A payload is mended only after its check found flaws, so that one in the contract's own
spelling costs nothing.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from data.contract.reading import is_blank, number_text, rfc3339_text

MONEY = "amount"
MAX_EXACT_DIGITS = 15
"""A JSON number of so many digits is read back as it was written; one of more may be rounded."""
TIME_FLAW = "time"
"""Kind of the flaw of a moment that is not spelled as RFC 3339 says."""
_NUMBER = re.compile(r"\+?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+-]?\d{1,3})?", re.ASCII)


def mend(payload: Any, error: ValidationError) -> bool:
    """Mend the fields that a check has found flaws in, in place; return true if any was.

    A blank or null field is left out, so that its default holds. A field that must be given stays a
    flaw.
    """
    mended = False
    for flaw in error.errors(include_url=False, include_context=False):
        location = flaw["loc"]
        parent = _parent(payload, location)
        if parent is not None and _mend_field(parent, location[-1], flaw["type"]):
            mended = True
    return mended


def _parent(payload: Any, location: Sequence[int | str]) -> dict[Any, Any] | None:
    """Return the object that holds a field; None where the payload has no such field."""
    part = payload
    for name in location[:-1]:
        try:
            part = part[name]
        except (KeyError, IndexError, TypeError):
            return None
    return part if location and isinstance(part, dict) and location[-1] in part else None


def _mend_field(parent: dict[Any, Any], name: int | str, flaw: str) -> bool:
    value = parent[name]
    if name == MONEY:
        return _mend_amount(parent, value)
    if value is None or (isinstance(value, str) and is_blank(value)):
        del parent[name]
        return True
    mended = _spelled(value, flaw)
    if mended is None:
        return False
    parent[name] = mended
    return True


def _mend_amount(money: dict[Any, Any], value: Any) -> bool:
    text = amount_text(value)
    if text is None or text == value:
        return False
    money[MONEY] = text
    return True


def amount_text(value: Any) -> str | None:
    """Return an amount as a plain decimal text; None where it can't be read exactly.

    >>> amount_text("1.5E4"), amount_text(184.9), amount_text(" 12.50 ")
    ('15000', '184.9', '12.50')
    >>> amount_text(0.1 + 0.2), amount_text("1,5"), amount_text(True), amount_text("NaN")
    (None, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = value.strip() if isinstance(value, str) else repr(value)
    if not _NUMBER.fullmatch(text):
        return None
    amount = Decimal(text)
    if isinstance(value, float) and len(amount.as_tuple().digits) > MAX_EXACT_DIGITS:
        return None
    return f"{amount:f}" if abs(amount.adjusted()) < MAX_EXACT_DIGITS else None


def _spelled(value: Any, flaw: str) -> str | None:
    """Return a value in the contract's spelling; None where it can't be read."""
    if flaw == TIME_FLAW and isinstance(value, str):
        return utc_text(value)
    if flaw == "string_type" and isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value)
    return None


def utc_text(text: str) -> str | None:
    """Return a moment as RFC 3339, in UTC where it names no offset; None for no moment.

    >>> utc_text("2026-03-01 09:13"), utc_text("2026-03-01T09:13:02+0530")
    ('2026-03-01T09:13:00Z', '2026-03-01T09:13:02+05:30')
    """
    moment = rfc3339_text(text)
    if moment is None or moment[-1] == "Z" or moment[-6] in "+-":
        return moment
    return f"{moment}Z"
