"""Seeded mutations of texts, bytes and JSON values: garbage as callers and exports send it."""

import base64
import copy
import json
import math
import random
from collections.abc import Callable
from typing import Any

ODD_NUMBERS: list[Any] = [
    0,
    -1,
    1e308,
    -1e308,
    -0.0,
    5e-324,
    2**31,
    2**53 + 1,
    2**63,
    2**64,
    10**400,
    1e15,
    1e12,
    0.1,
    math.nan,
    math.inf,
    -math.inf,
]
ODD_TEXTS = [
    "",
    " ",
    "\t",
    "\0",
    "a\0b",
    "\ufeff",
    "\u202e",
    "\x1b[31m",
    "\r\n",
    "NULL",
    "None",
    "nan",
    "inf",
    "-inf",
    "1e308",
    "-0",
    "007",
    "9007199254740993",
    "1,5",
    "1.234,56",
    "0x10",
    "true",
    "=1+1",
    "'; drop table x",
    "0001-01-01",
    "9999-12-31T23:59:59Z",
    "2026-02-30",
    "2026-03-29T02:30:00",
    "2024-03-01T25:00:00Z",
    "2026-03-01T09:13:02+99:99",
    "1/2/03",
    "\u0662\u0660\u0662\u0666",
    "é",
    "中文",
    "\U0001d518",
    "😀",
    "e\u0301",
    "\u0000\u0001",
    "{",
    "[",
    '{"a":',
    "${jndi:x}",
    "<script>alert(1)</script>",
    "%00",
    "../../etc/passwd",
    "x" * 300,
    "\ud800",
    "\udfff\ud800",
    "\u2028",
]
"""Texts; some are half of a surrogate pair, which no encoding takes."""
ODD_BYTES = [
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xc3\x28",
    b"\x80",
    b"\r",
    b"\n",
    b"\r\n",
    b'"',
    b'""',
    b"'",
    b",",
    b";",
    b"\t",
    b"|",
    b"\\",
    b"\x1a",
    b"\x0c",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"1e999",
    b"NaN",
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"PAR1",
]
MAX_DEPTH_MADE = 260
"""Levels that Python's own JSON writer takes; deeper ones are made as bytes."""


class Mutator:
    """Mutations drawn by one seed; the same seed gives the same garbage."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def chance(self, share: float) -> bool:
        """Return true in a share of draws, 0 to 1."""
        return self.random.random() < share

    def text(self) -> str:
        """Return a text that few expect."""
        if self.chance(0.7):
            return self.random.choice(ODD_TEXTS)
        letters = "abcXYZ019 \t,;\"'\\\n\0éß中\u202e😀"
        return "".join(self.random.choices(letters, k=self.random.randrange(12)))

    def value(self) -> Any:
        """Return a JSON value that few expect."""
        kind = self.random.randrange(8)
        if kind == 0:
            return self.nested()
        if kind == 1:
            return [self.text() for _ in range(self.random.randrange(4))]
        if kind == 2:
            return {self.text(): self.text()}
        if kind == 3:
            return self.random.choice([None, True, False, {}, []])
        return self.random.choice(ODD_NUMBERS) if kind < 6 else self.text()

    def nested(self) -> Any:
        """Return lists and objects, one in the other."""
        value: Any = self.random.choice([None, 1, "x"])
        for _ in range(self.random.choice([3, 31, 33, 130, MAX_DEPTH_MADE])):
            value = [value] if self.chance(0.5) else {"in": value}
        return value

    def json(self, base: Any) -> Any:
        """Return a copy of a JSON value with one to four of its parts changed."""
        whole = [copy.deepcopy(base)]
        for _ in range(self.random.randrange(1, 5)):
            parent, key = self._part(whole)
            self.random.choice(self._changes())(parent, key)
            if not whole:
                return self.value()
        return whole[0]

    def _part(self, whole: list[Any]) -> tuple[Any, Any]:
        """Return one part by its parent and its key, the outer ones more often."""
        parent: Any = whole
        key: Any = 0
        while isinstance(part := parent[key], dict | list) and part and self.chance(0.8):
            parent = part
            key = self.random.choice(list(part) if isinstance(part, dict) else range(len(part)))
        return parent, key

    def _changes(self) -> list[Callable[[Any, Any], None]]:
        return [
            self._replaced, self._replaced, self._replaced, self._removed, self._added,
            self._wrapped, self._doubled,
        ]  # fmt: skip

    def _replaced(self, parent: Any, key: Any) -> None:
        parent[key] = self.value()

    def _removed(self, parent: Any, key: Any) -> None:
        del parent[key]

    def _added(self, parent: Any, _key: Any) -> None:
        if isinstance(parent, dict):
            parent[self.text()] = self.value()
        else:
            parent.append(self.value())

    def _wrapped(self, parent: Any, key: Any) -> None:
        parent[key] = [parent[key]] if self.chance(0.5) else {"value": parent[key]}

    def _doubled(self, parent: Any, key: Any) -> None:
        if isinstance(parent[key], str):
            parent[key] += self.text()
        elif isinstance(parent[key], list):
            parent[key] += copy.deepcopy(parent[key])

    def encoded(self, value: Any) -> bytes:
        """Return a value as JSON bytes, in some of the spellings that are no JSON."""
        if self.chance(0.01):
            levels = self.random.choice([500, 1_023, 1_025, 20_000])
            return b'{"a":' * levels + b"1" + b"}" * levels
        text = json.dumps(value, ensure_ascii=self.chance(0.5))
        encoding = self.random.choices(["utf-8", "utf-8-sig", "utf-16", "latin-1"], [20, 1, 1, 1])[
            0
        ]
        return text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")

    def bytes(self, content: bytes) -> bytes:
        """Return bytes with one to four runs changed, lost, doubled or put in."""
        for _ in range(self.random.randrange(1, 5)):
            begin = self.random.randrange(len(content) + 1)
            end = min(len(content), begin + self.random.choice([0, 1, 1, 4, 40]))
            odd = self.random.choice(ODD_BYTES)
            middle = self.random.choice([b"", odd, odd, content[begin:end] * 2])
            content = content[:begin] + middle + content[end:]
        return content[: self.random.randrange(len(content) + 1)] if self.chance(0.05) else content

    def cursor(self) -> str:
        """Return a cursor that nobody gave."""
        if self.chance(0.3):
            return self.text()
        content = json.dumps(
            [
                self.random.choice([0, 1, 2, -1, 2**63, 10**30, 1.5, None, "1", []])
                for _ in range(self.random.choice([2, 2, 2, 1, 3]))
            ]
        )
        tampered = base64.urlsafe_b64encode(content.encode()).decode()
        return tampered.rstrip("=") if self.chance(0.8) else tampered + "="
