"""Payload to withdraw a promise, or to give it again."""

from typing import Annotated, Any

from pydantic import StringConstraints, TypeAdapter

from data.policy.automation import PromisedLabel
from serving.http.openapi import body_with
from serving.wire.fields import Name, RequestPart

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


class PromiseIn(RequestPart):
    """A promise of the champion in use that is withdrawn, or given again: by whom, and why."""

    label: PromisedLabel
    name: Name
    by: Name
    reason: Reason


PROMISE = TypeAdapter(PromiseIn)
PROMISE_EXAMPLE = {
    "label": "category",
    "name": "incorrect_address",
    "by": "ana",
    "reason": "The new address form is checked",
}


def promise_body() -> dict[str, Any]:
    """Return the documentation of a promise that a person withdraws or gives again."""
    return body_with(PromiseIn, {"said": {"summary": "By whom, and why", "value": PROMISE_EXAMPLE}})
