"""Audits: judgements of people compared with the decisions that were hidden from them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Connection

from data.domain import LabelOrigin
from data.ledger.audits import (
    Audit,
    PromiseKey,
    Suspension,
    audits_of,
    replace_audits,
    suspend,
    suspensions_of,
)
from data.ledger.intake import AcceptedException, IntakeEvent
from data.ledger.ledger import ExceptionRecord, OutcomeRecord, record_of
from data.ledger.outcomes import resolve
from data.policy.automation import PromiseTerms
from models.automation.sequential_test import SequentialTest
from models.triage.labels import PROMISED
from serving.scoring.assessment import AUTO, HIDDEN, Assessment, stored_assessment
from serving.wire.stored_exception import UnreadableRowError

ORIGINS = {label.name: label.origin_column for label in PROMISED}
"""The labels that are decided, and where an outcome says how each came about."""


class Resolution(NamedTuple):
    """An exception that people closed: the row, what it says of promises, what that withdraws."""

    record: ExceptionRecord
    audits: list[Audit]
    suspensions: list[Suspension]


def end(
    connection: Connection,
    outcome: OutcomeRecord,
    terms: PromiseTerms,
    *,
    body: str,
    expected_revision: int | None,
) -> Resolution:
    """Close an exception as people say it ended; audits and what they withdraw are kept with it.

    Whoever was not shown a suggestion can't have accepted it. Errors as of
    `data.ledger.outcomes.resolve`, and `UnreadableRowError`.
    """
    before = record_of(connection, outcome.exception_id)
    assessment = stored_assessment(before.id, before.opinion)
    withheld = assessment.withheld
    origins = {name: _origin(getattr(outcome, name), assessment) for name in ORIGINS.values()}
    is_hidden = withheld is not None and withheld.why == HIDDEN
    blinded_outcome = replace(outcome, suggestion_hidden=is_hidden, **origins)
    record = resolve(connection, blinded_outcome, body=body, expected_revision=expected_revision)
    audits = audits_in(assessment, blinded_outcome)
    if withheld is None or not replace_audits(connection, outcome.exception_id, audits):
        return Resolution(record, [], [])
    fired = [
        suspension
        for audit in audits
        if (suspension := _fired(connection, audit, assessment, terms))
    ]
    for suspension in fired:
        suspend(connection, suspension)
    return Resolution(record, audits, fired)


def untouched(accepted: Iterable[AcceptedException], now_ms: int) -> list[OutcomeRecord]:
    """Return how exceptions ended that their source closed: as was decided without asking.

    What was not decided so is not known: nobody said.
    """
    outcomes = []
    for result in accepted:
        if result.arrival is not IntakeEvent.CLOSED:
            continue
        try:
            shown = stored_assessment(result.record.id, result.record.opinion).shown
        except UnreadableRowError:
            continue
        labels = {
            label: decision.label for label, decision in shown.items() if decision.decision == AUTO
        }
        if labels:
            origins = {ORIGINS[label]: str(LabelOrigin.AUTOMATIC) for label in labels}
            ended_ms = now_ms if result.record.closed_at_ms is None else result.record.closed_at_ms
            outcome = OutcomeRecord(result.record.id, now_ms, ended_ms, suggestion_hidden=False)
            outcomes.append(replace(outcome, **labels, **origins))
    return outcomes


def _origin(origin: str | None, assessment: Assessment) -> str | None:
    is_accepted = origin == LabelOrigin.ACCEPTED
    return str(LabelOrigin.TYPED) if is_accepted and assessment.withheld else origin


def audits_in(assessment: Assessment, outcome: OutcomeRecord) -> list[Audit]:
    """Return what an outcome says of the automatic decisions that were withheld from people."""
    if assessment.withheld is None:
        return []
    audits = []
    for label, decision in assessment.decisions.items():
        actual, origin = getattr(outcome, label), getattr(outcome, ORIGINS[label])
        if decision.decision != AUTO or decision.label is None or decision.promise is None:
            continue
        if actual is None or origin == LabelOrigin.AUTOMATIC:
            continue
        of = (label, decision.label, decision.promise.model_version)
        audits.append(Audit(outcome.exception_id, *of, actual, outcome.known_at_ms))
    return audits


def _fired(
    connection: Connection, audit: Audit, assessment: Assessment, terms: PromiseTerms
) -> Suspension | None:
    """Return the suspension of the promise that was audited, if its alarm goes off by this."""
    promise = assessment.decisions[audit.label].promise
    latest = {record.key: record for record in suspensions_of(connection, audit.model_version)}
    before = latest.get(audit.key)
    if promise is None or (before is not None and not before.is_lifted):
        return None
    counted = counting(audits_of(connection, audit.model_version), audit.key, before)
    alarm = SequentialTest(promise.error, terms.false_alarm)
    if alarm.suspended_after([record.is_wrong for record in counted]) is None:
        return None
    wrong = sum(record.is_wrong for record in counted)
    reason = (
        f"{wrong} of {len(counted)} that people checked were wrong; "
        f"{100 * alarm.error:g} % at most were promised"
    )
    return Suspension(*audit.key, False, audit.known_at_ms, None, reason)


def counting(audits: Iterable[Audit], key: PromiseKey, before: Suspension | None) -> list[Audit]:
    """Return the audits of a promise that count: those since it was given again, if it was."""
    begin = before.known_at_ms if before is not None and before.is_lifted else -1
    return [audit for audit in audits if audit.key == key and audit.known_at_ms > begin]
