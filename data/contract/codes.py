"""Codes of countries and currencies, and countries by their names."""

import re
import unicodedata
from functools import cache

from babel import Locale
from babel.numbers import list_currencies

LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "zh")
NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "ZZ", "QO", "XA", "XB"})
OTHER_NAMES = {
    "usa": "US",
    "united states of america": "US",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "czech republic": "CZ",
    "russian federation": "RU",
    "korea": "KR",
    "republic of korea": "KR",
    "eire": "IE",
    "holland": "NL",
    "uae": "AE",
    "viet nam": "VN",
}


def country_key(text: str) -> str:
    """A country's name as it is compared: lower case, without accents and signs."""
    plain = unicodedata.normalize("NFKD", text.strip().lower())
    return " ".join(
        re.findall(r"[^\W_]+", "".join(c for c in plain if not unicodedata.combining(c)))
    )


@cache
def country_codes() -> frozenset[str]:
    """Codes of countries, ISO 3166-1 alpha-2."""
    return frozenset(
        code
        for code in map(str, Locale("en").territories)
        if re.fullmatch("[A-Z]{2}", code) and code not in NO_COUNTRIES
    )


@cache
def country_by_name() -> dict[str, str]:
    """Codes of countries by their names in seven languages, as `country_key` writes them."""
    names = {}
    for language in LANGUAGES:
        territories = Locale(language).territories
        names |= {country_key(territories[c]): c for c in country_codes() if c in territories}
    return names | OTHER_NAMES


@cache
def currency_codes() -> frozenset[str]:
    """Codes of currencies, ISO 4217."""
    return frozenset(list_currencies())
