"""Counters of decisions, for Prometheus."""

from collections.abc import Iterable

from prometheus_client import Counter

from serving.scoring.assessment import Assessment

DECIDED = Counter(
    "expedite_decisions",
    "Categories and teams of exceptions taken in, by how they are decided; withheld: by people",
    ["label", "decision"],
    registry=None,
)
DEGRADED = Counter(
    "expedite_degraded_scores", "Exceptions that were scored without a model", registry=None
)
AUDITED = Counter(
    "expedite_audits",
    "Automatic decisions hidden from people, and what they decided",
    ["label", "found"],
    registry=None,
)
SUSPENDED = Counter(
    "expedite_suspensions", "Promises withdrawn by their audits", ["label"], registry=None
)


def count_decisions(assessments: Iterable[Assessment]) -> None:
    """Count how categories and teams are decided, as people are told."""
    for assessment in assessments:
        for label, decision in assessment.shown.items():
            kind = "withheld" if assessment.withheld else decision.decision
            DECIDED.labels(label, kind).inc()
