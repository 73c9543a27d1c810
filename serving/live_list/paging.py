"""Pages of a snapshot, and the cursors that go from one to the next."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

import orjson

from serving.live_list.snapshot import Snapshot, SnapshotFilters
from serving.wire.errors import BadPayloadError, Flaw


class Page(NamedTuple):
    """Some rows of a snapshot, and the cursor of what follows."""

    snapshot: Snapshot
    places: list[int]
    total: int
    next_cursor: str | None


class Bookmark(NamedTuple):
    """Content of a cursor.

    Attributes:
        number: Of the snapshot.
        begin: How many rows came before.
    """

    number: int
    begin: int


def cut(snapshot: Snapshot, filters: SnapshotFilters, begin: int, limit: int) -> Page:
    """Return so many of the wanted rows."""
    matching = snapshot.matching(filters)
    end = begin + limit
    following = cursor_of(Bookmark(snapshot.number, end)) if end < len(matching) else None
    return Page(snapshot, matching[begin:end].tolist(), len(matching), following)


def cursor_of(bookmark: Bookmark) -> str:
    """Return a bookmark as text for an address."""
    return urlsafe_b64encode(orjson.dumps([*bookmark])).decode().rstrip("=")


def read_cursor(cursor: str) -> Bookmark:
    """Read what `cursor_of` gave.

    Raises:
        BadPayloadError: It is none of ours.
    """
    try:
        number, begin = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(number, int) and isinstance(begin, int) and begin >= 0:
            return Bookmark(number, begin)
    except (binascii.Error, ValueError, TypeError):
        pass
    raise BadPayloadError([Flaw("query/cursor", "is none that this service gave")])
