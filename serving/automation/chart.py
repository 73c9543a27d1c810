"""The promises as a page shows them: the urgent first, and how doubt in each went. Pure."""

import math
from collections.abc import Sequence
from typing import Any

WIDTH, HEIGHT = 100.0, 30.0
FIRST_STATES = ("suspended", "kept", "too_few", "abstained")


def sections(view: dict[str, Any]) -> list[dict[str, Any]]:
    """Return for each label its promises, withdrawn ones first, then by how often they occur."""
    return [
        label | {"promises": [_drawn(one) for one in ordered(view["promises"], label["label"])]}
        for label in view["labels"]
    ]


def ordered(promises: Sequence[dict[str, Any]], label: str) -> list[dict[str, Any]]:
    """Return the promises of a label in the order in which people look at them."""
    own = [one for one in promises if one["label"] == label]
    return sorted(
        own,
        key=lambda one: (
            FIRST_STATES.index(one["state"]),
            -one["calibration"]["predicted"],
            one["name"],
        ),
    )


def _drawn(promise: dict[str, Any]) -> dict[str, Any]:
    audits = promise["audits"]
    wealth = [1.0, *(one["wealth"] for one in audits["history"])]
    return promise | {"doubt": doubt_line(wealth, audits["limit"]) if audits["n"] else ""}


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
