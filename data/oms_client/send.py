"""Sending of calls to a running service over HTTP."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from data.domain import BadInputError
from data.oms_client.calls import OmsCall

MAX_EXCEPTIONS_PER_REQUEST = 100
TIMEOUT_SECONDS = 60


@dataclass
class SendReport:
    """Answers of the service: accepted, resolved and refused exceptions."""

    accepted: int = 0
    resolved: int = 0
    refusals: list[str] = field(default_factory=list)


class PendingResolution(NamedTuple):
    """The resolution of an exception that is posted, and the time of it as text."""

    due: str
    exception_id: str
    body: dict[str, Any]


def send(
    calls: Sequence[OmsCall], to: str, watch: Callable[[str, int], None], *, key: str = ""
) -> SendReport:
    """Post exceptions in their order, each resolution once what was detected later is posted.

    So the service learns how a case ended when its people did, and not at the end of all.

    Args:
        calls: The first detected first.
        to: Address of the service, such as http://127.0.0.1:8000.
        watch: Called with the name of a step and the number of calls done in it.
        key: Key with the scopes score and operate; empty where access to the service is open.

    Raises:
        BadInputError: Nothing answers there, or its answer is not that of Expedite.
    """
    base = _base(to)
    report = SendReport()
    waiting: list[PendingResolution] = []
    for begin in range(0, len(calls), MAX_EXCEPTIONS_PER_REQUEST):
        part = calls[begin : begin + MAX_EXCEPTIONS_PER_REQUEST]
        body = {"exceptions": [call.exception for call in part]}
        answer = _post(f"{base}/v1/exceptions", body, key)
        for call, result in zip(part, answer["results"], strict=True):
            if result["result"] == "refused":
                report.refusals.append(f"{call.exception['external_id']}: {result['detail']}")
                continue
            report.accepted += 1
            if call.resolution is not None:
                due = str(call.resolution["resolved_at"])
                waiting.append(PendingResolution(due, result["id"], call.resolution))
        watch("exceptions", len(part))
        is_last = begin + len(part) == len(calls)
        now = part[-1].exception["detected_at"]
        ready = [pending for pending in waiting if is_last or pending.due <= now]
        waiting = [pending for pending in waiting if not (is_last or pending.due <= now)]
        for pending in sorted(ready, key=lambda pending: pending.due):
            _post(f"{base}/v1/exceptions/{pending.exception_id}/resolve", pending.body, key)
            report.resolved += 1
            watch("resolutions", 1)
    return report


def _base(to: str) -> str:
    if not to.startswith(("http://", "https://")):
        raise BadInputError(
            "--to", f"'{to}' is not an address", "Write it as http://127.0.0.1:8000."
        )
    return to.rstrip("/")


def _post(url: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - _base checked it
    cure = "Start it with `python -m serving` and use the address that it prints."
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - the same
            return json.load(answer)
    except HTTPError as error:
        with error:
            body_text = error.read().decode(errors="replace")[:300]
        raise BadInputError(url, f"answered {error.code}: {body_text}", cure) from error
    except (URLError, OSError, json.JSONDecodeError) as error:
        raise BadInputError(url, f"no service answers: {error}", cure) from error
