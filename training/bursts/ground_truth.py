"""Comparison of detected bursts with the true bursts of a synthetic history."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import beta, poisson

from data.policy.incidents import IncidentTerms
from data.ticks import HOURS_PER_WEEK, MS_PER_HOUR, MS_PER_MINUTE
from models.bursts.detector import Arrival
from training.bursts.stream import DetectedBurst

TRUTH = ("bursts", "exceptions")
_STORED_NAMES = {
    "detected": "found",
    "detected_evident": "found_evident",
    "members_detected": "members_found",
}


@dataclass(frozen=True)
class TrueBurst:
    """A true burst of a synthetic history.

    Attributes:
        attribute: What its members share.
        value: The value that they share.
        members: Ids, in order of arrival.
        ticks: Their arrivals.
        evident_at: Tick of the first member, the fifth or later, at which the value had come so
            much too often since the first that chance would not do it within the false alarms
            allowed, were every single value looked at once an hour and the usual rates known; -1
            if that was never so.
    """

    attribute: str
    value: str
    members: tuple[str, ...]
    ticks: np.ndarray
    evident_at: int


class GroundTruth(NamedTuple):
    """Tables of the ground truth beside a history.

    Attributes:
        bursts: A row for each burst.
        exceptions: A row for each exception, with its `burst_id`.
    """

    bursts: pd.DataFrame
    exceptions: pd.DataFrame


def truth_of(folder: Path) -> GroundTruth | None:
    """Read the truth beside a history: bursts, and exceptions with `burst_id`; None without it."""
    files = [folder / "truth" / f"{name}.parquet" for name in TRUTH]
    if not all(file.exists() for file in files):
        return None
    return GroundTruth(pd.read_parquet(files[0]), pd.read_parquet(files[1]))


def planted_bursts(
    arrivals: Sequence[Arrival],
    truth: tuple[pd.DataFrame, pd.DataFrame],
    terms: IncidentTerms,
    begin: int,
) -> list[TrueBurst]:
    """Return the bursts that had members enough and began at or after a tick."""
    bursts, of_exception = truth
    burst_of = of_exception.dropna(subset="burst_id").set_index("exception_id")["burst_id"]
    members: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        if (burst := burst_of.get(arrival.id)) is not None:
            members.setdefault(burst, []).append(arrival)
    usual = [arrival for arrival in arrivals if arrival.id not in burst_of.index]
    by_id = bursts.set_index("burst_id")
    planted = []
    for burst, own in members.items():
        if len(own) >= terms.fewest_members and own[0].tick >= begin:
            cause = (str(by_id.loc[burst, "attribute"]), str(by_id.loc[burst, "value"]))
            planted.append(_planted(cause, own, arrivals=arrivals, usual=usual, terms=terms))
    return planted


def _planted(
    cause: tuple[str, str],
    own: Sequence[Arrival],
    arrivals: Sequence[Arrival],
    usual: Sequence[Arrival],
    terms: IncidentTerms,
) -> TrueBurst:
    attribute, value = cause
    hours = (arrivals[-1].tick - arrivals[0].tick) / MS_PER_HOUR
    rate = sum(a.values.get(attribute) == value for a in usual) / hours
    values = len({item for a in arrivals for item in a.values.items()})
    all_ticks = np.array([a.tick for a in arrivals if a.values.get(attribute) == value])
    ticks = np.array([a.tick for a in own])
    enough = terms.false_alarms_per_week / (HOURS_PER_WEEK * values)
    evident_at = -1
    for tick in ticks[terms.fewest_members - 1 :].tolist():
        since_first = ((all_ticks > ticks[0]) & (all_ticks <= tick)).sum()
        expected = rate * max((tick - ticks[0]) / MS_PER_HOUR, 1e-3)
        if poisson.sf(since_first - 1, expected) <= enough:
            evident_at = tick
            break
    return TrueBurst(
        attribute=attribute,
        value=value,
        members=tuple(a.id for a in own),
        ticks=ticks,
        evident_at=evident_at,
    )


@dataclass
class DetectionCounts:
    """Counts of one history, to be added up over several."""

    planted: int = 0
    evident: int = 0
    detected: int = 0
    detected_evident: int = 0
    alarms: int = 0
    true_alarms: int = 0
    right_causes: int = 0
    members: int = 0
    members_right: int = 0
    members_planted: int = 0
    members_detected: int = 0
    weeks: float = 0.0

    def to_json(self) -> dict[str, float]:
        """Return the counts by the names that reports store."""
        counts = asdict(self)
        return {_STORED_NAMES.get(name, name): count for name, count in counts.items()}

    @property
    def false_alarms_per_week(self) -> float:
        """Alarms that stand for no burst, in a week."""
        return (self.alarms - self.true_alarms) / max(self.weeks, 1e-9)


class BurstComparison(NamedTuple):
    """Comparison of detected bursts with the true ones.

    Attributes:
        counts: Counts.
        delays: Minutes and members until detection.
    """

    counts: DetectionCounts
    delays: dict[str, list[float]]


def compare_bursts(
    planted: Sequence[TrueBurst], detected: Sequence[DetectedBurst], fewest: int, weeks: float
) -> BurstComparison:
    """Compare detected bursts with the true ones.

    A detected burst stands for a planted one if most of its members belong to it. It does too if it
    names the same value and holds at least the fewest members of it.

    Returns:
        Counts; and minutes from the fifth member, and from the moment of evidence (`TrueBurst`),
        to detection, with the members that had arrived by then.
    """
    score = DetectionCounts(planted=len(planted), alarms=len(detected), weeks=weeks)
    delays: dict[str, list[float]] = {"after_fifth": [], "after_evidence": [], "members": []}
    owner = {id_: number for number, burst in enumerate(planted) for id_ in burst.members}
    standing: dict[int, list[DetectedBurst]] = {}
    for burst in detected:
        number = _stands_for(burst, planted, owner, fewest)
        if number is not None:
            standing.setdefault(number, []).append(burst)
    for number, burst in enumerate(planted):
        score.evident += burst.evident_at >= 0
        if number in standing:
            _add(score, delays, burst, standing[number])
    return BurstComparison(score, delays)


def _stands_for(
    detected: DetectedBurst, planted: Sequence[TrueBurst], owner: Mapping[str, int], fewest: int
) -> int | None:
    counts = Counter(owner[id_] for id_ in detected.burst.members if id_ in owner)
    if not counts:
        return None
    number, most = counts.most_common(1)[0]
    names_cause = (planted[number].attribute, planted[number].value) in detected.burst.cause
    is_most = 2 * most > len(detected.burst.members)
    return number if is_most or (names_cause and most >= fewest) else None


def _add(
    score: DetectionCounts,
    delays: dict[str, list[float]],
    planted: TrueBurst,
    standing: Sequence[DetectedBurst],
) -> None:
    own = set(planted.members)
    together = set().union(*(detected.burst.members for detected in standing))
    score.detected += 1
    score.detected_evident += planted.evident_at >= 0
    score.true_alarms += len(standing)
    score.right_causes += sum(
        detected.burst.cause == ((planted.attribute, planted.value),) for detected in standing
    )
    score.members += len(together)
    score.members_right += len(together & own)
    score.members_planted += len(own)
    score.members_detected += len(together & own)
    opened = min(detected.burst.opened_ms for detected in standing)
    delays["after_fifth"].append((opened - int(planted.ticks[4])) / MS_PER_MINUTE)
    if planted.evident_at >= 0:
        delays["after_evidence"].append((opened - planted.evident_at) / MS_PER_MINUTE)
    delays["members"].append(float((planted.ticks <= opened).sum()))


def share(part: int, whole: int) -> dict[str, float | int]:
    """Return a share with its exact 95 % interval (Clopper and Pearson)."""
    low = float(beta.ppf(0.025, part, whole - part + 1)) if part else 0.0
    high = float(beta.ppf(0.975, part + 1, whole - part)) if part < whole else 1.0
    return {"share": part / max(whole, 1), "low": low, "high": high, "of": whole}
