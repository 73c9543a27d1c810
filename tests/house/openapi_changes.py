"""Changes of an OpenAPI document that break callers who were written against an earlier one.

`python tests/house/openapi_changes.py` writes `docs/openapi.json` anew; it refuses if that breaks
callers, unless `--breaking` says that this is meant.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
MAX_DEPTH = 12
Document = dict[str, Any]


def current_document() -> Document:
    """Return the document that the service serves."""
    from data.settings import Settings
    from serving.app import create_app

    text = orjson.dumps(create_app(Settings()).openapi(), option=orjson.OPT_SORT_KEYS)
    return orjson.loads(text)


def breaking_changes(before: Document, after: Document) -> list[str]:
    """Return what breaks callers, a line each."""
    return [
        f"{method.upper()} {path}: {change}"
        for path, methods in before["paths"].items()
        for method, operation in methods.items()
        for change in _of_operation(
            Pair(before, after), operation, after["paths"].get(path, {}).get(method)
        )
    ]


class Pair:
    """Two documents, by which references are resolved."""

    def __init__(self, before: Document, after: Document) -> None:
        self.before, self.after = before, after

    def schemas(self, before: Any, after: Any) -> tuple[Document, Document]:
        return _resolved(self.before, before), _resolved(self.after, after)


def _resolved(document: Document, schema: Any) -> Document:
    while isinstance(schema, dict) and "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema if isinstance(schema, dict) else {}


def _of_operation(pair: Pair, before: Document, after: Document | None) -> Iterator[str]:
    if after is None:
        yield "is gone"
        return
    if before.get("x-scope") != after.get("x-scope"):
        yield f"needs the scope {after.get('x-scope')}, before {before.get('x-scope')}"
    yield from _of_parameters(pair, before.get("parameters", []), after.get("parameters", []))
    old, new = (_json_schema(each.get("requestBody", {})) for each in (before, after))
    yield from _of_schema(pair, old, new, "the request", is_request=True)
    for status, answer in before.get("responses", {}).items():
        if status.startswith("2"):
            if status not in after["responses"]:
                yield f"does not answer {status} any more"
            else:
                old, new = _json_schema(answer), _json_schema(after["responses"][status])
                yield from _of_schema(pair, old, new, f"answer {status}", is_request=False)


def _json_schema(part: Document) -> Document:
    return part.get("content", {}).get("application/json", {}).get("schema", {})


def _of_parameters(pair: Pair, before: list[Any], after: list[Any]) -> Iterator[str]:
    old, new = ({(p["in"], p["name"]): p for p in each} for each in (before, after))
    for key, parameter in old.items():
        if key not in new:
            yield f"takes the parameter {key[1]} no more"
        else:
            schemas = parameter.get("schema", {}), new[key].get("schema", {})
            yield from _of_schema(pair, *schemas, f"parameter {key[1]}", is_request=True)
    for key, parameter in new.items():
        if parameter.get("required") and not old.get(key, {}).get("required"):
            yield f"needs the parameter {key[1]}"


def _of_schema(
    pair: Pair, before: Any, after: Any, where: str, *, is_request: bool, depth: int = 0
) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    old, new = pair.schemas(before, after)
    if old.get("type") != new.get("type"):
        yield f"{where} is of type {new.get('type')}, before {old.get('type')}"
    values = [set(each.get("enum", ())) for each in (old, new)]
    narrowed = values[0] - values[1] if is_request and values[1] else values[1] - values[0]
    if narrowed and all(values):
        yield f"{where} has other values: {sorted(map(str, narrowed))}"
    needed = [set(each.get("required", ())) for each in (old, new)]
    changed = needed[1] - needed[0] if is_request else needed[0] - needed[1]
    for name in sorted(changed):
        yield f"{where} {'needs' if is_request else 'may lack'} {name}"
    parts = [each.get("properties", {}) for each in (old, new)]
    for name, schema in parts[0].items():
        if name in parts[1]:
            there = f"{where}.{name}"
            yield from _of_schema(
                pair, schema, parts[1][name], there, is_request=is_request, depth=depth + 1
            )
        else:
            yield f"{where} has no {name}"
    if "items" in old:
        there = f"{where}[]"
        yield from _of_schema(
            pair, old["items"], new.get("items"), there, is_request=is_request, depth=depth + 1
        )
    yield from _of_choices(pair, old, new, where, is_request=is_request, depth=depth)


def _of_choices(
    pair: Pair, old: Document, new: Document, where: str, *, is_request: bool, depth: int
) -> Iterator[str]:
    """Compare alternatives one by one, in their order; a request must not lose one."""
    for name in ("anyOf", "oneOf"):
        before, after = old.get(name, []), new.get(name, [])
        if is_request and len(after) < len(before):
            yield f"{where} has fewer alternatives"
        if not is_request and len(after) > len(before):
            yield f"{where} has more alternatives"
        for i, (one, other) in enumerate(zip(before, after, strict=False)):
            there = f"{where}({i})"
            yield from _of_schema(pair, one, other, there, is_request=is_request, depth=depth + 1)


def main() -> None:
    """Write the committed document anew."""
    document = current_document()
    if COMMITTED.exists() and "--breaking" not in sys.argv:
        changes = breaking_changes(orjson.loads(COMMITTED.read_bytes()), document)
        if changes:
            sys.exit("\n".join(["This breaks callers:", *changes, "--breaking writes it still."]))
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    COMMITTED.write_bytes(text)


if __name__ == "__main__":
    main()
