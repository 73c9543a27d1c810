"""Depth of JSON: readers and writers give up at different ones; less is let in than any takes."""

from collections.abc import Iterable

from serving.wire.errors import pointer_to

MAX_DEPTH = 32
"""Levels of objects and lists in an exception; every reader and writer of JSON takes more."""


_NESTED = (dict, list)


def too_deep(value: object) -> str | None:
    """Return the JSON pointer to the first part that is nested too deeply; None without.

    Each request is walked, and hardly one is too deep: only then the pointers are built.
    """
    level = [value] if isinstance(value, _NESTED) else []
    for _ in range(MAX_DEPTH):
        level = [
            part
            for whole in level
            for part in (whole.values() if isinstance(whole, dict) else whole)
            if isinstance(part, _NESTED)
        ]
        if not level:
            return None
    return _first_pointer(value)


def _first_pointer(value: object) -> str:
    """Return the JSON pointer to the first part below the last level that is let in."""
    level: list[tuple[str, object]] = [("", value)]
    for _ in range(MAX_DEPTH):
        level = [
            (f"{pointer}{pointer_to((name,))}", part)
            for pointer, whole in level
            for name, part in _parts_of(whole)
            if isinstance(part, _NESTED)
        ]
    return level[0][0]


def _parts_of(value: object) -> Iterable[tuple[int | str, object]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()
