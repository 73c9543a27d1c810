"""Id of a request: in its answer, in the problem that it meets and in each line of its log."""

import re
from collections.abc import Iterable
from contextvars import ContextVar
from uuid import uuid4

REQUEST_ID_HEADER = "X-Request-ID"
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the request at hand; None outside of requests."""
_HEADER = REQUEST_ID_HEADER.lower().encode()
_SANE = re.compile(rb"[A-Za-z0-9._:-]{1,128}")


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    r"""Return the id that the caller sent, or a new one where there is none that a log can hold.

    >>> request_id_of([(b"x-request-id", b"oms-17")])
    'oms-17'
    >>> len(request_id_of([(b"x-request-id", b"two\nlines")]))
    32
    """
    for name, value in headers:
        if name == _HEADER and _SANE.fullmatch(value):
            return value.decode()
    return uuid4().hex
