"""Guarantees as the page shows them: the urgent first, each with its line of doubt. Pure."""

import math
from collections.abc import Sequence
from typing import Any

from serving.automation.guarantee import (
    ABSTAINED,
    IN_FORCE,
    SUSPENDED,
    TOO_FEW,
    AuditsOut,
    GuaranteeOut,
)
from serving.automation.view import GuaranteesOut

WIDTH, HEIGHT = 100.0, 30.0
STATES = (SUSPENDED, IN_FORCE, TOO_FEW, ABSTAINED)
"""In the order of the page."""


def sections(view: GuaranteesOut) -> list[dict[str, Any]]:
    """Return for each label its promises, withdrawn ones first, then by how often they occur."""
    return [
        {
            **label,
            "promises": [
                {**promise, "doubt": _doubt(promise["audits"])}
                for promise in ordered(view["promises"], label["label"])
            ],
        }
        for label in view["labels"]
    ]


def ordered(promises: Sequence[GuaranteeOut], label: str) -> list[GuaranteeOut]:
    """Return the promises of a label in the order in which people look at them."""
    return sorted(
        (promise for promise in promises if promise["label"] == label),
        key=lambda promise: (
            STATES.index(promise["state"]),
            -promise["calibration"]["predicted"],
            promise["name"],
        ),
    )


def _doubt(audits: AuditsOut) -> str:
    if not audits["n"]:
        return ""
    wealth = [1.0, *(audit["wealth"] for audit in audits["history"])]
    return doubt_line(wealth, audits["limit"])


def doubt_line(wealth: Sequence[float], limit: float) -> str:
    """Return the points of a line in a box of 100 by 30, whose top is the limit.

    The scale is logarithmic: from a tenth, or the least there was, to the limit, or the most.

    >>> doubt_line([1.0, 10.0], limit=10.0)
    '0,15 100,0'
    """
    low = math.log(max(min([0.1, *wealth]), 1e-9))
    high = math.log(max([limit, *wealth]))
    step = WIDTH / max(len(wealth) - 1, 1)
    return " ".join(
        f"{i * step:.4g},{HEIGHT * (high - math.log(max(w, 1e-9))) / (high - low):.4g}"
        for i, w in enumerate(wealth)
    )
