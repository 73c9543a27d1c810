"""Long answers piece by piece: made in a thread, sent as they come, never whole in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from serving.http.openapi import answers
from serving.http.requests import JSON, dumped

NDJSON = "application/x-ndjson"
Make = Callable[[Sequence[int]], Sequence[Mapping[str, Any]]]


async def streamed(
    request: Request,
    head: Mapping[str, Any],
    *,
    name: str,
    parts: Sequence[Sequence[int]],
    make: Make,
) -> Response:
    """Return an answer of many rows.

    Args:
        request: A caller that accepts NDJSON gets the head and each row on a line of its own;
            others get one JSON object, with the rows in a list.
        head: What stands before the rows.
        name: Of the list.
        parts: Places of rows, so many at once.
        make: Returns the rows of a part. It must not fail once the answer has begun: the first
            part is made before.
    """
    lines = NDJSON in request.headers.get("accept", "")
    pieces = _lines(head, parts, make) if lines else _object(head, name, parts, make)
    begin = [await anext(pieces)]
    if parts:
        begin.append(await anext(pieces))
    return StreamingResponse(_after(begin, pieces), media_type=NDJSON if lines else JSON)


async def _after(begin: Sequence[bytes], pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    for piece in begin:
        yield piece
    async for piece in pieces:
        yield piece


async def _lines(
    head: Mapping[str, Any], parts: Sequence[Sequence[int]], make: Make
) -> AsyncIterator[bytes]:
    yield dumped(head) + b"\n"
    for part in parts:
        yield await asyncio.to_thread(_joined, part, make, b"\n") + b"\n"


async def _object(
    head: Mapping[str, Any], name: str, parts: Sequence[Sequence[int]], make: Make
) -> AsyncIterator[bytes]:
    before = b"," + orjson.dumps(name) + b":["
    yield dumped(head)[:-1]
    for part in parts:
        yield before + await asyncio.to_thread(_joined, part, make, b",")
        before = b","
    yield (b"" if parts else before) + b"]}"


def _joined(part: Sequence[int], make: Make, between: bytes) -> bytes:
    return between.join(map(dumped, make(part)))


def in_parts(count: int, size: int) -> list[range]:
    """Cut places 0 .. count - 1 into runs."""
    return [range(begin, min(begin + size, count)) for begin in range(0, count, size)]


def streamed_answers(model: Any, problems: Sequence[int]) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of an answer that may also come line by line."""
    documented = answers(model, problems)
    lines = {"schema": {"type": "string", "description": "JSON objects, one a line"}}
    documented[200] = {**documented[200], "content": {NDJSON: lines}}
    return documented
