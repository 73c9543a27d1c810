"""One line on drift: what moved most, what it costs, and whether to retrain."""

import math
from collections.abc import Sequence
from enum import StrEnum

from training.drift.columns import ColumnDrift, DriftComparison
from training.drift.cost import CalibrationCost

PREDICTION, OUTCOME = "prediction.", "outcome."
_BREACHED = f"{OUTCOME}breached"
_REGIME = 0.2  # twice what counts as drift: from one quiet week to the next it may be 0.12
_PROMISES = {"breach": "breaches", "category": "right categories", "team": "right teams"}


class DriftFinding(StrEnum):
    """Finding of a comparison."""

    COSTS = "costs"
    TRACKED = "kept up with"
    NOT_KNOWN_YET = "cost not known yet"
    NONE = "none that costs"


def finding(comparison: DriftComparison, costs: Sequence[CalibrationCost]) -> DriftFinding:
    """Judge a comparison.

    Features always move a little, and a model may read that rightly. So drift is called where a
    calibration suffered or the breach rate is another one, or, while outcomes are few, where the
    predictions moved.
    """
    if any(cost.grew for cost in costs):
        return DriftFinding.COSTS
    if _other_regime(comparison):
        return _in_other_regime(costs)
    if not costs and any(c.drifted for c in comparison.of(PREDICTION)):
        return DriftFinding.NOT_KNOWN_YET
    return DriftFinding.NONE


def decided_by(comparison: DriftComparison, costs: Sequence[CalibrationCost]) -> str:
    """Return the sentence that names what decided the finding, with its figures."""
    grown = [cost for cost in costs if cost.grew]
    if grown:
        worst = max(grown, key=lambda cost: cost.change.value)
        return f"the calibration error of {worst.label} grew beyond chance, by {worst.change}"
    if regime := _other_regime(comparison):
        rate = regime[0]
        return (
            f"the breach rate is another one: {rate.reference:.2f} -> {rate.current:.2f}, distance "
            f"{rate.score:.2f} where {max(_REGIME, rate.threshold):.2f} counts"
        )
    if not costs:
        moved = [column for column in comparison.of(PREDICTION) if column.drifted]
        names = ", ".join(column.name for column in moved)
        return (
            f"the predictions moved ({names}), and too few outcomes are known"
            if moved
            else "no prediction moved, and too few outcomes are known"
        )
    labels = ", ".join(cost.label for cost in costs)
    return f"no calibration error grew beyond chance ({labels}), and the breach rate is the same"


def _other_regime(comparison: DriftComparison) -> list[ColumnDrift]:
    return [c for c in comparison.of(_BREACHED) if c.score >= max(_REGIME, c.threshold)]


def _in_other_regime(costs: Sequence[CalibrationCost]) -> DriftFinding:
    breach = [cost for cost in costs if cost.label == "breach"]
    if not breach:
        return DriftFinding.NOT_KNOWN_YET
    return DriftFinding.COSTS if breach[0].misses else DriftFinding.TRACKED


def sentence(comparison: DriftComparison, costs: Sequence[CalibrationCost]) -> str:
    """Return the verdict."""
    conclusion = finding(comparison, costs)
    quiet = "No drift that costs" if costs else "No drift of the predictions"
    begin = quiet if conclusion is DriftFinding.NONE else "Drift"
    end = {
        DriftFinding.COSTS: " Retrain.",
        DriftFinding.TRACKED: " The champion keeps up with it.",
        DriftFinding.NOT_KNOWN_YET: " Look again when more outcomes are known.",
        DriftFinding.NONE: "",
    }[conclusion]
    return f"{begin}: {_moved(comparison)}; {_price(costs)}.{end}"


def _moved(comparison: DriftComparison) -> str:
    features = [c for c in comparison.columns if not c.name.startswith((PREDICTION, OUTCOME))]
    drifted = [column for column in features if column.drifted]
    parts = [f"{len(drifted)} of {len(features)} features"]
    if drifted:
        parts[0] += f" (most {_from_to(drifted[0])})"
    names = {_BREACHED: "the breach rate", f"{PREDICTION}p_breach": "the promised breach rate"}
    parts += [
        f"{name} ({column.reference:.2f} -> {column.current:.2f})"
        for prefix, name in names.items()
        for column in comparison.of(prefix)
        if column.drifted
    ]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _from_to(column: ColumnDrift) -> str:
    largest = max(abs(column.reference), abs(column.current), 1e-9)
    decimals = max(2, 1 - math.floor(math.log10(largest)))
    figures = f"{column.reference:.{decimals}f} -> {column.current:.{decimals}f}"
    return f"{column.name}, {column.of} {figures}"


def _price(costs: Sequence[CalibrationCost]) -> str:
    """Tell of the label whose calibration suffered, else of the first."""
    if not costs:
        return "too few outcomes are known to say what it costs"
    shown = max(costs, key=lambda cost: (cost.grew, cost.change.value if cost.grew else 0.0))
    before, now = shown.reference, shown.current
    outcome = _PROMISES.get(shown.label, f"right labels of {shown.label}")
    return (
        f"{outcome} promised {now.promised:.2f}, seen {now.observed:.2f}: "
        f"calibration error {before.error:.2f} -> {now.error:.2f}"
    )
