"""Exceptions of a request: read, checked one by one, and spelled as they are stored."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from data.settings import Settings
from serving.http.requests import (
    RefusedExceptionOut,
    canonical,
    many_of,
    parsed,
    refused_exception,
)
from serving.wire.errors import BadPayloadError, Flaw, pointer_to
from serving.wire.exception_in import ExceptionIn, Kind, exception, parts

MAX_PAYLOAD_LENGTH = 1_000_000
"""Characters of one exception as JSON: a thousand lines with some attributes each."""
TOO_LARGE = (
    f"the exception has more than {MAX_PAYLOAD_LENGTH:,} characters as JSON, most of them here: "
    f"send a link instead"
)


class CheckedException(NamedTuple):
    """An exception that can be accepted, and its payload as text with the keys in order."""

    exception: ExceptionIn
    payload: str


class SentExceptions(NamedTuple):
    """Exceptions of a request, each checked, or refused."""

    kind: Kind
    items: list[CheckedException | RefusedExceptionOut]


def read_exceptions(body: bytes, settings: Settings) -> SentExceptions:
    """Read and check the exceptions of a request."""
    kind, values = parts(parsed(body))
    checked: list[ExceptionIn | RefusedExceptionOut]
    checked = [exception(values[0])] if kind == "one" else many_of(values, settings)
    items = [_checked(value, item) for value, item in zip(values, checked, strict=True)]
    return SentExceptions(kind, items)


def _checked(
    value: Any, item: ExceptionIn | RefusedExceptionOut
) -> CheckedException | RefusedExceptionOut:
    if not isinstance(item, ExceptionIn):
        return item
    try:
        return CheckedException(item, _payload(value))
    except BadPayloadError as error:
        return refused_exception(item.source, item.external_id, error)


def _payload(value: Any) -> str:
    payload = canonical(value)
    if len(payload) > MAX_PAYLOAD_LENGTH:
        raise BadPayloadError([Flaw(_largest_part(value), TOO_LARGE)])
    return payload


def _largest_part(value: Mapping[str, Any]) -> str:
    """Return the JSON pointer to the largest field; of the attributes, the largest one."""
    name = max(value, key=lambda name: len(orjson.dumps(value[name])))
    own = value[name]
    if name == "attributes" and isinstance(own, dict):
        return f"/{name}{_largest_part(own)}"
    return pointer_to((name,))
