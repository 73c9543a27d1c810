"""Values of workbooks and databases as the texts that a CSV file would hold."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal

import orjson

from data.contract.reading import number_text


def cell_text(value: object) -> str | None:
    """Return a value as text; None where there is none.

    >>> cell_text(123.0), cell_text(Decimal("1E+2")), cell_text(True), cell_text("0012")
    ('123', '100', 'true', '0012')
    >>> cell_text(datetime(2026, 3, 1, 9, 30)), cell_text(date(2026, 3, 1)), cell_text("")
    ('2026-03-01T09:30:00', '2026-03-01', None)
    """
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        return number_text(value) or repr(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return orjson.dumps(value).decode() if isinstance(value, Mapping | list) else str(value)
