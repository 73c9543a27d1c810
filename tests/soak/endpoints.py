"""Requests that are right, from the documentation and the pages, and garbage made of them."""

from typing import Any
from urllib.parse import quote, urlencode

from tests.soak.in_process import Call
from tests.soak.mutations import Mutator

PAGES = [
    "/",
    "/exceptions/{exception_id}",
    "/exceptions/{exception_id}/strongest",
    "/incidents/{incident_id}",
    "/exceptions/{exception_id}/versus",
    "/demand",
    "/demand/one",
    "/stock",
    "/stock/one",
    "/stock/share",
    "/promises",
    "/metrics",
    "/livez",
    "/readyz",
    "/static/{tag}/{name}",
    "/nothing",
]
PARAMETERS = [
    "limit",
    "cursor",
    "at",
    "team",
    "category",
    "incident_id",
    "sku",
    "site",
    "horizon",
    "quantiles",
    "aggregate",
    "key",
    "from",
    "text",
    "priority",
    "rank",
    "below",
    "pool",
    "margin",
    "kind",
    "order",
    "level",
    "group",
]
GOOD_VALUES = [
    "1",
    "50",
    "2026-03-01T11:59:00Z",
    "2026-03-01T12:00:01Z",
    "A-00001",
    "north",
    "0.1,0.5,0.9",
    "total",
    "site",
    "dhl",
    "addresses",
    "incorrect_address",
    "p1",
    "series",
    "volume",
    "PE-1",
]
HEADERS = [
    "idempotency-key",
    "if-match",
    "accept",
    "content-type",
    "content-length",
    "accept-encoding",
    "hx-request",
    "host",
    "cookie",
    "origin",
    "transfer-encoding",
    "expect",
    "range",
    "if-none-match",
    "x-forwarded-for",
]
GOOD_HEADERS = [
    b"application/json",
    b"application/x-ndjson",
    b"gzip",
    b"true",
    b'"1"',
    b'W/"2"',
    b"*",
    b"key-1",
    b"0",
    b"5",
    b"99999999999",
    b"text/plain",
    b"multipart/form-data; boundary=x",
    b"application/x-www-form-urlencoded",
]


class Endpoints:
    """Requests that are right, from the documentation and the pages, as the base of mutations."""

    def __init__(self, documentation: dict[str, Any], ids: list[str]) -> None:
        self.ids = ids
        self.bases: list[tuple[str, str, Any]] = [("GET", path, None) for path in PAGES]
        for path, methods in documentation["paths"].items():
            for method, operation in methods.items():
                content = operation.get("requestBody", {}).get("content", {})
                examples = content.get("application/json", {}).get("examples", {})
                bodies = [example["value"] for example in examples.values()] or [None]
                weight = 4 if method == "post" else 1
                self.bases += [(method.upper(), path, body) for body in bodies] * weight
        self.bases += [("POST", "/exceptions/{exception_id}/resolve", "form")]
        self.cursors: list[str] = []

    def call(self, mutator: Mutator) -> tuple[Call, Any]:
        """Return a request, and the value that its body stands for; None where it was spoilt."""
        random = mutator.random
        method, path, body = random.choice(self.bases)
        if mutator.chance(0.02):
            method = random.choice(["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "BREW"])
        for name in ("exception_id", "incident_id", "other_id", "tag", "name"):
            ids = self.ids if mutator.chance(0.9) else [mutator.text(), "exc_" + "0" * 26, "a/b"]
            chosen = random.choice(ids)
            path = path.replace("{" + name + "}", _quoted(chosen))
        value, content = self._body(mutator, body)
        headers = self._headers(mutator)
        if method == "POST" and body == "form":
            headers.append((b"hx-request", b"true"))
        call = Call(method, path, self._query(mutator), headers, content, mutator.chance(0.01))
        return call, value

    def _body(self, mutator: Mutator, base: Any) -> tuple[Any, bytes]:
        random = mutator.random
        if base is None:
            return None, mutator.bytes(b"{}") if mutator.chance(0.1) else b""
        if base == "form":
            names = [
                "category",
                "team",
                "touch_minutes",
                "by",
                "breached",
                "revision",
                "suggested_team",
            ]
            form = {name: _safe(mutator.text()) for name in names}
            return None, mutator.bytes(urlencode(form).encode())
        value = mutator.json(base) if mutator.chance(0.85) else base
        if isinstance(value, dict) and "detected_at" in value and mutator.chance(0.3):
            value = {
                "exceptions": [mutator.json(base) for _ in range(random.randrange(1, 6))] + [value]
            }
        if isinstance(value, dict) and "external_id" in value and mutator.chance(0.6):
            value["external_id"] = f"PE-{random.randrange(40)}"
        content = mutator.encoded(value)
        is_spoilt = mutator.chance(0.15)
        return (None, mutator.bytes(content)) if is_spoilt else (value, content)

    def _query(self, mutator: Mutator) -> str:
        random = mutator.random
        if mutator.chance(0.5):
            return ""
        pairs = []
        for _ in range(random.randrange(1, 4)):
            name = random.choice(PARAMETERS)
            value = random.choice(GOOD_VALUES) if mutator.chance(0.6) else _safe(mutator.text())
            if name == "cursor":
                good = self.cursors and mutator.chance(0.4)
                value = random.choice(self.cursors[-20:]) if good else _safe(mutator.cursor())
            pairs.append((name, value))
        text = urlencode(pairs)
        return quote(mutator.bytes(text.encode()), safe="=&%") if mutator.chance(0.1) else text

    def _headers(self, mutator: Mutator) -> list[tuple[bytes, bytes]]:
        random = mutator.random
        headers: list[tuple[bytes, bytes]] = []
        for _ in range(random.randrange(4)):
            odd = (
                _safe(mutator.text())
                .encode("utf-8")
                .replace(b"\0", b"")
                .replace(b"\r", b"")
                .replace(b"\n", b"")
            )
            value = random.choice(GOOD_HEADERS) if mutator.chance(0.7) else odd
            headers.append((random.choice(HEADERS).encode(), value))
        return headers


def _safe(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _quoted(text: str) -> str:
    return quote(_safe(text), safe="/")
