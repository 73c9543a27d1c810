"""Likeness of a column's header to the names that fields have in exports."""

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

from rapidfuzz import fuzz

WORDS = Path(__file__).with_name("words.toml")
# Tokens that many headers share say little: they count as a part of a word of their own.
COMMON_TOKENS = frozenset(
    {
        "id",
        "date",
        "at",
        "number",
        "no",
        "code",
        "name",
        "time",
        "order",
        "customer",
        "product",
        "value",
    }
)
COMMON_WEIGHT = 0.5
SHARED_FIELDS = (
    "customer_id", "customer_segment", "sku", "site", "unit_price", "payment_method",
    "country", "region", "city", "postcode",
)  # fmt: skip
"""Fields that are called alike in every role."""
FILE_TOKEN_WEIGHT = 0.8
LATER_NAME = 0.005  # of two headers that are both names of a field, the one named first wins
MIN_TOKEN_LIKENESS = 80.0
ABBREVIATIONS = {
    "no": "number", "nr": "number", "nbr": "number", "num": "number", "qty": "quantity",
    "cd": "code", "ts": "time", "tm": "time", "dt": "date", "ord": "order", "cust": "customer",
    "prod": "product", "amt": "amount", "curr": "currency", "ctry": "country", "whse": "warehouse",
    "deliv": "delivery", "dlv": "delivery", "shp": "ship", "itm": "item", "ln": "line",
    "wgt": "weight", "rel": "release", "addr": "address", "inv": "invoice", "pmt": "payment",
    "cat": "category", "desc": "description", "loc": "location", "req": "requested", "prc": "price",
    "dept": "department",
}  # fmt: skip
"""Usual short forms in headers of databases."""
DATE_ENDINGS = frozenset(
    {"at", "on", "am", "le", "em", "time", "ts", "dt", "timestamp", "datetime"}
)
"""Ends of headers that all say the same: `paid at`, `paid on`, `paid date`, `bezahlt am`."""
GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@cache
def field_names() -> dict[str, dict[str, list[tuple[str, ...]]]]:
    """Names by role and field, each as its tokens."""
    roles = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    shared = {
        field: [name for fields in roles.values() for name in fields.get(field, ())]
        for field in SHARED_FIELDS
    }
    return {
        role: {
            field: [tokens_of(name) for name in dict.fromkeys([*names, *shared.get(field, ())])]
            for field, names in fields.items()
        }
        for role, fields in roles.items()
    }


def tokens_of(header: str) -> tuple[str, ...]:
    """Tokens of a header: words taken apart, accents, upper case and short forms fall away."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", header.strip())
    plain = unicodedata.normalize("NFKC", spaced).lower().translate(GERMAN)
    plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    tokens: list[str] = re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z]{4})nr\b", "nummer", plain))
    if len(tokens) > 1 and tokens[-1] in DATE_ENDINGS:
        tokens[-1] = "date"
    return tuple(ABBREVIATIONS.get(token, token) for token in tokens)


@lru_cache(maxsize=100_000)
def likeness(header: str, role: str, field: str, *, file_tokens: tuple[str, ...] = ()) -> float:
    """Likeness of a header to a field's names, 0 to 1.

    Args:
        header: The column's name in its file.
        role: The role of the table, such as `order`.
        field: A field of that role.
        file_tokens: Tokens of the file's name; `id` in `customers.csv` is the customer's.
    """
    tokens = tokens_of(header)
    names = enumerate(field_names()[role][field])
    return max(
        _overlap(tokens, name, file_tokens) * (1 - LATER_NAME * min(n, 10)) for n, name in names
    )


def _overlap(tokens: tuple[str, ...], name: tuple[str, ...], file_tokens: tuple[str, ...]) -> float:
    if not tokens:
        return 0.0
    if "".join(tokens) == "".join(name):
        return 1.0
    if not name[0].isascii():
        return len(name[0]) / len("".join(tokens)) if name[0] in "".join(tokens) else 0.0
    weights = {
        token: COMMON_WEIGHT if token in COMMON_TOKENS else 1.0 for token in (*tokens, *name)
    }
    in_header = {token: _best(token, tokens) for token in name}
    in_file = {token: FILE_TOKEN_WEIGHT * _best(token, file_tokens) for token in name}
    covered = sum(weights[t] * max(in_header[t], in_file[t]) for t in name) / sum(
        weights[t] for t in name
    )
    if not any(in_header.values()):
        return 0.0
    used = sum(weights[t] * _best(t, (*name, *file_tokens)) for t in tokens) / sum(
        weights[t] for t in tokens
    )
    return covered**2 * (0.3 + 0.7 * used)


def _best(token: str, others: tuple[str, ...]) -> float:
    score = max((_alike(token, other) for other in others), default=0.0)
    return score / 100 if score >= MIN_TOKEN_LIKENESS else 0.0


@lru_cache(maxsize=100_000)
def _alike(token: str, other: str) -> float:
    if token == other or token + "s" == other or other + "s" == token:
        return 100.0
    return fuzz.ratio(token, other) * 0.95 if min(len(token), len(other)) > 3 else 0.0
