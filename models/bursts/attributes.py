"""Attributes that exceptions can share: names, of which one may be a cause.

Numbers, flags, free text and the customer are no causes: a burst is on a carrier, a gateway, a
site, a product, an area.
"""

from collections.abc import Mapping
from typing import Any

KINDS = ("type", "reason_code")
"""What kind of exception it is, the more telling first."""

NO_CAUSES = frozenset({"severity", "message", "currency", "customer_id", "postcode"})
POSTCODE_AREA = "postcode_area"
_AREA_LETTERS = 2
_MAX_NAME_LENGTH = 80
_FLAGS = frozenset({"true", "false", "yes", "no"})


def burst_values(texts: Mapping[str, str | None], attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return the names by which an exception may belong to a burst.

    Args:
        texts: What is known of it and its order, such as `type`, `reason_code`, `source`,
            `country`, `postcode`, `site`, `sku`; None where unknown.
        attributes: What its source sent besides; of equal names these win.

    >>> burst_values({"type": "late", "postcode": "1100-148"}, {"carrier": "rapido", "tries": 2})
    {'type': 'late', 'carrier': 'rapido', 'postcode_area': '11'}
    """
    named: dict[str, Any] = {**texts, **attributes}
    postcode = named.get("postcode")
    if isinstance(postcode, str) and POSTCODE_AREA not in named:
        named[POSTCODE_AREA] = postcode.strip().upper()[:_AREA_LETTERS]
    return {
        name: value
        for name, value in named.items()
        if isinstance(value, str)
        and 0 < len(value) <= _MAX_NAME_LENGTH
        and name not in NO_CAUSES
        and value.lower() not in _FLAGS
    }
