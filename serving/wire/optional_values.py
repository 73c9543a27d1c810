"""Optional values that can't be read: they count as empty, and the answer says so.

An import reads a file so: only keys and moments that must be given cost a row. A field that orders
messages or says whether an exception is open must be right too, or a message has another effect
than its sender means.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from prometheus_client import Counter
from pydantic import TypeAdapter

from serving.wire.check import checked
from serving.wire.errors import BadPayloadError, Flaw

EMPTY = "can't be read and counts as empty"
UNREAD_VALUES = Counter(
    "expedite_unread_values",
    "Optional values of sources that could not be read and counted as empty",
    ["field"],
    registry=None,
)
Payload = TypeVar("Payload")


class ReadPayload(NamedTuple, Generic[Payload]):
    """A checked payload, and a flaw for each optional value that was emptied in it."""

    payload: Payload
    unread: list[Flaw]


def read_leniently(
    adapter: TypeAdapter[Payload], value: object, *, needed: Iterable[str]
) -> ReadPayload[Payload]:
    """Check a value; take out of it what is optional and can't be read.

    Args:
        adapter: Its type.
        value: Changed in place where something is taken out.
        needed: Pointers of the fields that must be right, though they may be left out.

    Raises:
        BadPayloadError: A field that must be given, or is `needed`, is wrong.
    """
    unread: list[Flaw] = []
    while True:
        try:
            return ReadPayload(checked(adapter, value), unread)
        except BadPayloadError as error:
            paths = [_present_path(value, flaw.pointer) for flaw in error.flaws]
            if not all(paths) or any("/" + "/".join(path) in needed for path in paths):
                raise BadPayloadError(_as_sent(error.flaws, unread)) from error
            unread += _taken_out(value, list(zip(error.flaws, paths, strict=True)), unread)


def _as_sent(flaws: Iterable[Flaw], unread: Iterable[Flaw]) -> list[Flaw]:
    """Return flaws in which a field that was taken out is not missing, but what was sent."""
    causes = {flaw.pointer: flaw.detail.removeprefix(f"{EMPTY}: ") for flaw in unread}
    return [Flaw(flaw.pointer, causes.get(flaw.pointer, flaw.detail)) for flaw in flaws]


def count_unread(flaws: Iterable[Flaw]) -> None:
    """Count values by field, whatever its position in a list, for Prometheus."""
    for flaw in flaws:
        parts = [part for part in flaw.pointer.split("/") if part and not part.isdigit()]
        UNREAD_VALUES.labels(".".join(parts)).inc()


def _taken_out(
    value: Any, flaws: list[tuple[Flaw, tuple[str, ...]]], before: Sequence[Flaw]
) -> list[Flaw]:
    """Take out what some flaws are in, elements of lists last: pointers then stay as sent."""
    in_objects = [(flaw, path) for flaw, path in flaws if not path[-1].isdigit()]
    taken = in_objects or flaws
    _remove(value, [path for _, path in taken])
    return [
        Flaw(flaw.pointer, f"{EMPTY}: {flaw.detail}")
        for flaw, _ in taken
        if flaw.pointer not in {former.pointer for former in before}
    ]


def _present_path(value: Any, pointer: str) -> tuple[str, ...]:
    """Return the path to a flaw; to the object that lacks it where a field is missing.

    It is empty where that is the whole value.
    """
    path = tuple(
        part.replace("~1", "/").replace("~0", "~") for part in pointer.removeprefix("/").split("/")
    )
    return path if _has(value, path) else path[:-1]


def _has(value: Any, path: Sequence[str]) -> bool:
    parent = _part(value, path[:-1])
    if isinstance(parent, list):
        return path[-1].isdigit()
    return isinstance(parent, dict) and path[-1] in parent


def _part(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


def _remove(value: Any, paths: Iterable[tuple[str, ...]]) -> None:
    """Remove the parts at some paths: the last ones first, so that the others keep their place."""
    unique = sorted(set(paths), key=_natural, reverse=True)
    for path in unique:
        if any(path[:n] in unique for n in range(1, len(path))):
            continue
        parent = _part(value, path[:-1])
        if isinstance(parent, list):
            del parent[int(path[-1])]
        else:
            del parent[path[-1]]


def _natural(path: tuple[str, ...]) -> list[tuple[int, str]]:
    return [(int(name) if name.isdigit() else -1, name) for name in path]
