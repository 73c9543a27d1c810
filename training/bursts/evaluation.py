"""Evaluation of the burst detector on histories, against the ground truth where there is one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from data.history.history import History
from data.policy.incidents import IncidentTerms
from data.ticks import tick_of
from models.bursts.detector import Arrival
from training.bursts.ground_truth import (
    BurstComparison,
    DetectionCounts,
    compare_bursts,
    planted_bursts,
    share,
    truth_of,
)
from training.bursts.stream import DetectedBurst, bursts_of, history_arrivals, weeks_between
from training.common.run import Progress

_QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class BurstEvaluation:
    """Result of one history.

    Attributes:
        name: Of its folder.
        detected: Bursts opened in the period.
        arrivals: Exceptions in the period.
        weeks: Length of the period.
        score: None where there is no ground truth.
        delays: As `ground_truth.compare_bursts` returns them.
    """

    name: str
    detected: Sequence[DetectedBurst]
    arrivals: int
    weeks: float
    score: DetectionCounts | None
    delays: Mapping[str, list[float]]


def evaluate(
    history: History,
    period: tuple[pd.Timestamp, pd.Timestamp],
    terms: IncidentTerms,
    progress: Progress,
) -> BurstEvaluation:
    """Run the detector over a history from its beginning; measure the bursts opened in a period."""
    progress("Reading")
    arrivals = history_arrivals(history, period[1])
    begin = tick_of(period[0])
    detected = [f for f in bursts_of(arrivals, terms, progress) if f.burst.opened_ms >= begin]
    weeks = weeks_between(begin, arrivals[-1].tick) if arrivals else 0.0
    compared = _compare_with_truth(history, arrivals, detected, terms=terms, begin=begin)
    if compared is not None:
        compared.counts.weeks = weeks
    return BurstEvaluation(
        name=history.path.name,
        detected=detected,
        arrivals=sum(arrival.tick >= begin for arrival in arrivals),
        weeks=weeks,
        score=compared.counts if compared else None,
        delays=compared.delays if compared else {},
    )


def _compare_with_truth(
    history: History,
    arrivals: Sequence[Arrival],
    detected: Sequence[DetectedBurst],
    terms: IncidentTerms,
    begin: int,
) -> BurstComparison | None:
    truth = truth_of(history.path)
    if truth is None:
        return None
    planted = planted_bursts(arrivals, truth, terms, begin)
    return compare_bursts(planted, detected, terms.fewest_members, 0.0)


def report(evaluations: Sequence[BurstEvaluation], terms: IncidentTerms) -> dict[str, Any]:
    """Return the figures of several histories together, for a JSON file."""
    summary: dict[str, Any] = {
        "terms": terms.model_dump(),
        "exceptions": sum(evaluation.arrivals for evaluation in evaluations),
        "weeks": sum(evaluation.weeks for evaluation in evaluations),
        "bursts": [
            _burst_facts(evaluation.name, burst)
            for evaluation in evaluations
            for burst in evaluation.detected
        ],
    }
    scores = [evaluation.score for evaluation in evaluations if evaluation.score is not None]
    if scores:
        summary["truth"] = figures(
            scores,
            [evaluation.delays for evaluation in evaluations if evaluation.score is not None],
        )
    return summary


def figures(
    scores: Sequence[DetectionCounts], delays: Sequence[Mapping[str, list[float]]]
) -> dict[str, Any]:
    """Return shares with intervals, and delays, of several histories together."""
    s = DetectionCounts(
        *(
            sum(getattr(counts, field.name) for counts in scores)
            for field in fields(DetectionCounts)
        )
    )
    minutes = {name: [x for of_history in delays for x in of_history[name]] for name in delays[0]}
    return {
        "histories": len(scores),
        "counts": s.to_json(),
        "recall": share(s.detected, s.planted),
        "recall_where_evident": share(s.detected_evident, s.evident),
        "precision": share(s.true_alarms, s.alarms),
        "right_cause": share(s.right_causes, s.true_alarms),
        "member_precision": share(s.members_right, s.members),
        "member_recall": share(s.members_detected, s.members_planted),
        "false_alarms_per_week": s.false_alarms_per_week,
        "minutes_after_fifth_member": _quantiles(minutes["after_fifth"]),
        "minutes_after_evidence": _quantiles(minutes["after_evidence"]),
        "found_by_evidence_or_within_a_minute": share(
            sum(x <= 1 for x in minutes["after_evidence"]), len(minutes["after_evidence"])
        ),
        "members_at_detection": _quantiles(minutes["members"]),
    }


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    return {f"p{q * 100:.0f}": float(np.quantile(values, q)) for q in _QUANTILES if len(values)}


def _burst_facts(history: str, detected: DetectedBurst) -> dict[str, Any]:
    burst = detected.burst
    return {
        "history": history,
        "words": burst.words(),
        "cause": dict(burst.cause),
        "kinds": list(burst.kinds),
        "since": _moment(burst.since_ms),
        "opened": _moment(burst.opened_ms),
        "last": _moment(burst.last_ms),
        "members": len(burst.members),
        "members_at_detection": detected.first_members,
        "expected": burst.expected,
        "excess": len(burst.members) - burst.expected,
    }


def _moment(tick: int) -> str:
    return pd.Timestamp(tick, unit="ms", tz="UTC").isoformat()
