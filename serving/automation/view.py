"""Risk-controlled automation as the API shows it: guarantees, audits, blinded decisions."""

import asyncio
from contextlib import suppress
from typing import Annotated, NamedTuple

from pydantic import Field
from sqlalchemy import Connection
from typing_extensions import TypedDict

from data.ledger.audits import (
    Audit,
    BlindedOutcome,
    PromiseKey,
    audits_of,
    blinded_outcomes,
)
from data.ledger.ledger import Ledger
from data.ledger.versions import CHAMPION, version_in_use
from data.policy.automation import PromisedLabel, is_promised_label
from models.automation.evidence import CalibrationCounts
from models.triage.triage import Triage
from serving.automation.guarantee import IN_FORCE, GuaranteeOut, GuaranteeSummary
from serving.scoring.assessment import Assessment, stored_assessment
from serving.scoring.audits import counting
from serving.scoring.scorer import Scorer
from serving.wire.answers import Chance, StampOut, closed
from serving.wire.stored_exception import UnreadableRowError

MAX_HIDDEN_ENDS = 2_000


class PromiseStates(NamedTuple):
    """Promises of the champion in use, by what became of them.

    Attributes:
        in_force: How many names are set without asking.
        withdrawn: Label and name of each promise that was withdrawn.
    """

    in_force: int
    withdrawn: list[tuple[PromisedLabel, str]]


class GuaranteeFacts(NamedTuple):
    """Records in the ledger about the guarantees of one champion.

    Attributes:
        since_ms: When it came into use; None where that was not recorded.
        audits: Of its promises, the first known first.
        hidden: How exceptions of the hidden share ended, and what it would have said of them.
    """

    since_ms: int | None
    audits: list[Audit]
    hidden: list[tuple[BlindedOutcome, Assessment]]


@closed
class HiddenShareOut(TypedDict):
    """Of the random share that people decided without being told: how often the model agreed."""

    n: int
    right: int
    accuracy: Chance | None


@closed
class LabelGuaranteesOut(TypedDict):
    """All promises of one label together."""

    label: PromisedLabel
    calibration_rows: int
    automatic_share: Chance
    hidden: HiddenShareOut


@closed
class GuaranteesOut(StampOut):
    """The promises of the champion in use."""

    labels: list[LabelGuaranteesOut]
    promises: list[GuaranteeOut]
    audited_share: Annotated[Chance, Field(description="of automatic decisions, drawn at random")]
    hidden_share: Annotated[Chance, Field(description="of all exceptions, drawn at random")]
    false_alarm: Annotated[
        Chance, Field(description="chance that a promise that holds is ever withdrawn")
    ]


def promise_states(scorer: Scorer) -> PromiseStates:
    """Return how many promises are in force, and which were withdrawn; without the ledger."""
    triage = scorer.champion.current
    in_force, withdrawn = 0, []
    if triage is None:
        return PromiseStates(in_force, withdrawn)
    for label, promises in scorer.guarantees.of(triage).promises.items():
        for promise in promises.classes if is_promised_label(label) else ():
            latest = scorer.guarantees.latest.get(PromiseKey(label, promise.name, triage.version))
            if promise.made and latest is not None and not latest.is_lifted:
                withdrawn.append((label, promise.name))
            elif promise.made:
                in_force += 1
    return PromiseStates(in_force, withdrawn)


async def promises_view(ledger: Ledger, scorer: Scorer, now_ms: int) -> GuaranteesOut:
    """Return the promises of the champion in use, each with its audits."""
    triage = scorer.champion.current
    terms = scorer.policy.promises
    summaries: list[GuaranteeSummary] = []
    labels: list[LabelGuaranteesOut] = []
    if triage is not None:
        facts = await asyncio.to_thread(_read, ledger, triage.version, now_ms)
        summaries = _summaries(scorer, triage, facts)
        labels = [
            _label(label, triage.evidence[label], summaries, facts.hidden)
            for label in triage.evidence
            if is_promised_label(label)
        ]
    return {
        "labels": labels,
        "promises": [guarantee.answer() for guarantee in summaries],
        "audited_share": max(terms.audit_share, terms.hidden_share),
        "hidden_share": terms.hidden_share,
        "false_alarm": terms.false_alarm,
        **scorer.stamp(now_ms),
    }


def _read(ledger: Ledger, model_version: str, now_ms: int) -> GuaranteeFacts:
    with ledger.reading() as connection:
        version = version_in_use(connection, CHAMPION, at_ms=now_ms)
        is_it = version is not None and version.label == model_version
        return GuaranteeFacts(
            version.known_at_ms if version and is_it else None,
            audits_of(connection, model_version),
            _hidden(connection, model_version),
        )


def _hidden(connection: Connection, model_version: str) -> list[tuple[BlindedOutcome, Assessment]]:
    ends = blinded_outcomes(connection, MAX_HIDDEN_ENDS)
    judged = []
    for end in ends:
        with suppress(UnreadableRowError):
            judged.append((end, stored_assessment(end.exception_id, end.assessment)))
    return [pair for pair in judged if pair[1].model_version == model_version]


def _summaries(scorer: Scorer, triage: Triage, facts: GuaranteeFacts) -> list[GuaranteeSummary]:
    summaries = []
    for label, promises in scorer.guarantees.of(triage).promises.items():
        if not is_promised_label(label):
            continue
        predicted = triage.evidence[label].accepted[:, -1].tolist()
        for promise, rows in zip(promises.classes, predicted, strict=True):
            key = PromiseKey(label, promise.name, triage.version)
            latest = scorer.guarantees.latest.get(key)
            audits = counting(facts.audits, key, latest)
            summaries.append(
                GuaranteeSummary(
                    label=label,
                    promise=promise,
                    predicted=rows,
                    latest=latest,
                    audits=audits,
                    since_ms=facts.since_ms,
                    terms=scorer.policy.promises,
                )
            )
    return summaries


def _label(
    label: PromisedLabel,
    evidence: CalibrationCounts,
    summaries: list[GuaranteeSummary],
    hidden: list[tuple[BlindedOutcome, Assessment]],
) -> LabelGuaranteesOut:
    """One label as a whole: how much of it is automatic, and how often unseen words were right."""
    own = [guarantee for guarantee in summaries if guarantee.label == label]
    rows = int(evidence.accepted[:, -1].sum())
    automatic = sum(guarantee.promise.accepted for guarantee in own if guarantee.state == IN_FORCE)
    judged = [
        (actual, predicted)
        for end, assessment in hidden
        if (actual := getattr(end, label)) is not None
        and (predicted := assessment.decisions[label].label) is not None
    ]
    right = sum(actual == predicted for actual, predicted in judged)
    return {
        "label": label,
        "calibration_rows": rows,
        "automatic_share": round(automatic / rows, 6) if rows else 0.0,
        "hidden": {
            "n": len(judged),
            "right": right,
            "accuracy": round(right / len(judged), 6) if judged else None,
        },
    }
