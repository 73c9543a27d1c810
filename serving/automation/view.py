"""What is promised, what audits say of it, and how often the models were right unseen."""

import asyncio
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection

from data.ledger.audits import (
    Audit,
    BlindedOutcome,
    PromiseKey,
    Suspension,
    audits_of,
    blinded_outcomes,
)
from data.ledger.versions import CHAMPION, version_in_use
from data.policy.automation import PromiseTerms
from models.automation.evidence import CalibrationCounts
from models.automation.risk_control import Promise
from models.automation.sequential_test import SequentialTest
from models.triage.triage import Triage
from serving.scoring.answer import rfc3339, rfc3339_or_none
from serving.scoring.assessment import Assessment
from serving.scoring.audits import counting
from serving.service import Service

KEPT, SUSPENDED, ABSTAINED, TOO_FEW = "kept", "suspended", "abstained", "too_few"
HIDDEN_AT_MOST = 2_000
AUDITS_SHOWN = 500


class GuaranteeFacts(NamedTuple):
    """What the ledger holds of the promises of one champion.

    Attributes:
        since_ms: When it came into use; None where that was not recorded.
        audits: Of its promises, the first known first.
        hidden: How exceptions of the hidden share ended, and what it would have said of them.
    """

    since_ms: int | None
    audits: list[Audit]
    hidden: list[tuple[BlindedOutcome, Assessment]]


@dataclass(frozen=True)
class GuaranteeSummary:
    """One promise, with what became of it."""

    promise: Promise
    predicted: int
    latest: Suspension | None
    audits: list[Audit]
    since_ms: int | None
    terms: PromiseTerms

    @property
    def state(self) -> str:
        """Whether it is made, kept, or why not."""
        if self.promise.made:
            return SUSPENDED if self.latest and not self.latest.is_lifted else KEPT
        return ABSTAINED if self.promise.more_labels is None else TOO_FEW

    def shape(self) -> dict[str, Any]:
        """Return it as the API tells it."""
        promise, state = self.promise, self.state
        since_ms = self.latest.known_at_ms if self.latest else self.since_ms
        return {
            "label": promise.label,
            "name": promise.name,
            "state": state,
            "since": rfc3339_or_none(since_ms),
            "reason": self.latest.reason if self.latest else None,
            "by": self.latest.by if self.latest else None,
            "promised_error": promise.error,
            "confidence": round(promise.confidence, 6),
            "threshold": promise.threshold if promise.made else None,
            "automatic_share": self.automatic_share,
            "calibration": {
                "predicted": self.predicted,
                "accepted": promise.accepted,
                "wrong": promise.wrong,
                "upper_bound": round(promise.bound, 6),
            },
            "more_labels": promise.more_labels,
            "audits": self._audits(),
            "words": promise.words,
        }

    @property
    def automatic_share(self) -> float:
        """Of the rows that the calibration window predicts so, how many are set without asking."""
        if self.state != KEPT or not self.predicted:
            return 0.0
        return round(self.promise.accepted / self.predicted, 6)

    def _audits(self) -> dict[str, Any]:
        alarm = SequentialTest(self.promise.error, self.terms.false_alarm)
        wealth = alarm.wealth([one.is_wrong for one in self.audits]).tolist()
        history = [
            {"known_at": rfc3339(one.known_at_ms), "actual": one.actual, "wealth": round(after, 6)}
            for one, after in zip(self.audits, wealth, strict=True)
        ]
        return {
            "n": len(self.audits),
            "wrong": sum(one.is_wrong for one in self.audits),
            "wealth": history[-1]["wealth"] if history else 1.0,
            "limit": round(1 / alarm.level, 6),
            "history": history[-AUDITS_SHOWN:],
        }


async def promises_view(desk: Service) -> dict[str, Any]:
    """Return the promises of the champion in use, each with its audits."""
    triage, now_ms = desk.champion.current, desk.now_ms()
    terms = desk.policy.promises
    told: list[GuaranteeSummary] = []
    labels: list[dict[str, Any]] = []
    if triage is not None:
        known = await asyncio.to_thread(_read, desk, triage.version, now_ms)
        told = _told(desk, triage, known)
        labels = [_label(one, told, known.hidden) for one in triage.evidence.values()]
    return {
        "labels": labels,
        "promises": [one.shape() for one in told],
        "audited_share": max(terms.audit_share, terms.hidden_share),
        "hidden_share": terms.hidden_share,
        "false_alarm": terms.false_alarm,
        **desk.stamp(now_ms),
    }


def _read(desk: Service, model_version: str, now_ms: int) -> GuaranteeFacts:
    with desk.ledger.reading() as connection:
        version = version_in_use(connection, CHAMPION, at_ms=now_ms)
        is_it = version is not None and version.label == model_version
        return GuaranteeFacts(
            version.known_at_ms if version and is_it else None,
            audits_of(connection, model_version),
            _hidden(connection, model_version),
        )


def _hidden(connection: Connection, model_version: str) -> list[tuple[BlindedOutcome, Assessment]]:
    ends = blinded_outcomes(connection, HIDDEN_AT_MOST)
    judged = ((end, Assessment.from_json(end.assessment)) for end in ends)
    return [pair for pair in judged if pair[1].model_version == model_version]


def _told(desk: Service, triage: Triage, known: GuaranteeFacts) -> list[GuaranteeSummary]:
    found = []
    for label, promises in desk.promises.of(triage).promises.items():
        predicted = triage.evidence[label].accepted[:, -1].tolist()
        for promise, rows in zip(promises.classes, predicted, strict=True):
            key = PromiseKey(label, promise.name, triage.version)
            latest = desk.promises.latest.get(key)
            audits = counting(known.audits, key, latest)
            found.append(
                GuaranteeSummary(
                    promise, rows, latest, audits, known.since_ms, desk.policy.promises
                )
            )
    return found


def _label(
    evidence: CalibrationCounts,
    told: list[GuaranteeSummary],
    hidden: list[tuple[BlindedOutcome, Assessment]],
) -> dict[str, Any]:
    """One label as a whole: how much of it is automatic, and how often unseen words were right."""
    own = [one for one in told if one.promise.label == evidence.label]
    rows = int(evidence.accepted[:, -1].sum())
    automatic = sum(one.promise.accepted for one in own if one.state == KEPT)
    judged = [
        (actual, said)
        for end, opinion in hidden
        if (actual := getattr(end, evidence.label)) is not None
        and (said := opinion.verdicts[evidence.label].label) is not None
    ]
    right = sum(actual == said for actual, said in judged)
    return {
        "label": evidence.label,
        "calibration_rows": rows,
        "automatic_share": round(automatic / rows, 6) if rows else 0.0,
        "hidden": {
            "n": len(judged),
            "right": right,
            "accuracy": round(right / len(judged), 6) if judged else None,
        },
    }
