"""Reading of texts as the world writes them: one reading for files and for requests.

Blank text is no value. An id that came as a number is text. A moment is ISO 8601 in any of its
usual spellings; `rfc3339_text` turns it into the one spelling that all other code reads.
"""

import re

MAX_EXACT_INTEGER = 2**53
"""Beyond it a JSON number without a point may have lost digits on its way."""

_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[Tt ]\s*(?P<hour>\d\d)"
    r"(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?)?"
    r"\s*(?P<zone>[Zz]|UTC|GMT|[+\-\u2212](?:\d\d(?::?\d\d)?|\d:\d\d))?)?"
)
_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)(?=[Tt]\d{4})")
"""A day without dashes before its clock: the basic format of ISO 8601."""


def is_blank(text: str) -> bool:
    """Return true for a text without a visible character.

    >>> is_blank("  "), is_blank(" a")
    (True, False)
    """
    return not text.strip()


def rfc3339_text(text: str) -> str | None:
    """Return a moment in the spelling of RFC 3339; without an offset if it has none.

    A day alone is its first second. None stands for a text that is no moment.

    >>> rfc3339_text("2026-03-01 09:13:02,5 +0100"), rfc3339_text("2026-03-01t09:13z")
    ('2026-03-01T09:13:02.5+01:00', '2026-03-01T09:13:00Z')
    >>> rfc3339_text("20260301T091302Z"), rfc3339_text("2026-03-01 09:13+5:30")
    ('2026-03-01T09:13:02Z', '2026-03-01T09:13:00+05:30')
    >>> rfc3339_text("2026-03-01"), rfc3339_text("tomorrow")
    ('2026-03-01T00:00:00', None)
    """
    parts = _MOMENT.fullmatch(_BASIC.sub(r"\1-\2-\3", text.strip(), count=1))
    if parts is None:
        return None
    clock = ":".join(parts[unit] or "00" for unit in ("hour", "minute", "second"))
    fraction = f".{parts['fraction'][:9]}" if parts["fraction"] else ""
    return f"{parts['day']}T{clock}{fraction}{_offset(parts['zone'])}"


def _offset(zone: str | None) -> str:
    if zone is None:
        return ""
    if zone[0] in "ZzUG":
        return "Z"
    hours, minutes = zone[1:].split(":") if ":" in zone else (zone[1:3], zone[3:])
    return f"{'+' if zone[0] == '+' else '-'}{hours:0>2}:{minutes:0<2}"


def number_text(number: float) -> str | None:
    """Return the text of an id that came as a number; None where digits may be lost.

    >>> number_text(123), number_text(123.0), number_text(1.5), number_text(1e23)
    ('123', '123', '1.5', None)
    """
    if isinstance(number, int):
        return str(number)
    if abs(number) > MAX_EXACT_INTEGER:
        return None
    return str(int(number)) if number == int(number) else repr(number)
