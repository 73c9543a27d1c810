"""Builders of the soak: the service's own, and one that is called in this process."""

from tests.serving.conftest import (
    a_triage,
    an_exception,
    clock,
    empty_ledger,
    policy_with,
    settings,
    shelf,
)

__all__ = [
    "a_triage",
    "an_exception",
    "clock",
    "empty_ledger",
    "policy_with",
    "settings",
    "shelf",
]
