"""Canonical forms of keys: keys that only look alike have the same one."""

import re
import unicodedata

_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
_WHOLE_NUMBER = re.compile(r"0*([0-9]+)(?:\.0+)?")


def canonical_key(key: str) -> str:
    """Return the canonical form of a key; it is for comparison and is never stored.

    Case, outer and repeated blanks, invisible characters, full-width and other compatible
    characters, and the composition of accents do not count. In a whole number neither leading
    zeros nor a trailing `.0` count. A blank between two words does count.

    >>> canonical_key(" ab1 "), canonical_key("\uff21\uff22\uff11"), canonical_key("0012.0")
    ('ab1', 'ab1', '12')
    >>> canonical_key("e\u0301") == canonical_key("\u00c9"), canonical_key("A 1\u200b")
    (True, 'a 1')
    >>> canonical_key("000"), canonical_key("A-007"), canonical_key("1.50")
    ('0', 'a-007', '1.50')
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", key).casefold())
    words = " ".join(_INVISIBLE.sub("", folded).split())
    number = _WHOLE_NUMBER.fullmatch(words)
    return number[1] if number else words
