"""Exceptions and their ends, posted to a running service."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from data.domain import BadInputError
from data.oms_client.calls import OmsCall

AT_ONCE = 100
PATIENCE_SECONDS = 60


@dataclass
class SendReport:
    """What a service made of it."""

    accepted: int = 0
    resolved: int = 0
    refusals: list[str] = field(default_factory=list)


def send(told: Sequence[OmsCall], to: str, watch: Callable[[str, int], None]) -> SendReport:
    """Post exceptions in their order, then the ends of those that ended.

    Args:
        told: The first detected first.
        to: Address of the service, such as http://127.0.0.1:8000.
        watch: Is told the name of a step and how many more are done.

    Raises:
        BadInputError: Nothing answers there, or not as a service of ours does.
    """
    base = _base(to)
    sent = SendReport()
    ids: list[tuple[str, dict[str, Any]]] = []
    for begin in range(0, len(told), AT_ONCE):
        part = told[begin : begin + AT_ONCE]
        answer = _post(f"{base}/v1/exceptions", {"exceptions": [one.exception for one in part]})
        for one, result in zip(part, answer["results"], strict=True):
            if result["result"] == "refused":
                sent.refusals.append(f"{one.exception['external_id']}: {result['detail']}")
                continue
            sent.accepted += 1
            if one.resolution is not None:
                ids.append((result["id"], one.resolution))
        watch("exceptions", len(part))
    for exception_id, resolution in ids:
        _post(f"{base}/v1/exceptions/{exception_id}/resolve", resolution)
        sent.resolved += 1
        watch("resolutions", 1)
    return sent


def _base(to: str) -> str:
    if not to.startswith(("http://", "https://")):
        raise BadInputError("--to", f"'{to}' is no address", "Give one as http://127.0.0.1:8000.")
    return to.rstrip("/")


def _post(url: str, body: Mapping[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    request = Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - _base checked it
    cure = "Start it with `python -m serving` and give the address that it prints."
    try:
        with urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - the same
            return json.load(answer)
    except HTTPError as error:
        with error:
            said = error.read().decode(errors="replace")[:300]
        raise BadInputError(url, f"answered {error.code}: {said}", cure) from error
    except (URLError, OSError, json.JSONDecodeError) as error:
        raise BadInputError(url, f"no service answers: {error}", cure) from error
