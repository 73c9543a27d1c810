"""One guarantee of automation with its audits, and its answer in the API."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from data.ledger.audits import Audit, Suspension
from data.policy.automation import PromisedLabel, PromiseTerms
from models.automation.risk_control import Promise
from models.automation.sequential_test import SequentialTest
from serving.wire.answers import Chance, Moment, closed
from serving.wire.formats import rfc3339, rfc3339_or_none

GuaranteeState = Literal["kept", "suspended", "abstained", "too_few"]
IN_FORCE: Literal["kept"] = "kept"
SUSPENDED: Literal["suspended"] = "suspended"
ABSTAINED: Literal["abstained"] = "abstained"
TOO_FEW: Literal["too_few"] = "too_few"
MAX_AUDITS_SHOWN = 500


@closed
class CalibrationOut(TypedDict):
    """Calibration of a promise: rows of a time window that the model was not fitted on."""

    predicted: Annotated[int, Field(description="rows predicted as this class")]
    accepted: Annotated[int, Field(description="those of them that are probable enough")]
    wrong: Annotated[int, Field(description="those of the accepted that were another class")]
    upper_bound: Annotated[Chance, Field(description="of the error, exact (Clopper-Pearson)")]


@closed
class AuditOut(TypedDict):
    """One automatic decision that people decided without being told."""

    known_at: Moment
    actual: str
    wealth: Annotated[float, Field(description="of the alarm after it")]


@closed
class AuditsOut(TypedDict):
    """The audits so far, since it was last given again; at the limit the promise is withdrawn."""

    n: int
    wrong: int
    wealth: Annotated[
        float, Field(description="of the alarm; 1 at first, below it where audits are right")
    ]
    limit: float
    history: Annotated[list[AuditOut], Field(description="the latest 500")]


@closed
class GuaranteeOut(TypedDict):
    """Promise for one category or team, its state and its audits."""

    label: PromisedLabel
    name: str
    state: GuaranteeState
    since: Annotated[Moment | None, Field(description="null where it was not recorded")]
    reason: Annotated[str | None, Field(description="why it was last withdrawn or given again")]
    by: Annotated[str | None, Field(description="who did; null where audits did")]
    promised_error: Chance
    confidence: Chance
    threshold: Annotated[Chance | None, Field(description="null where people decide")]
    automatic_share: Annotated[Chance, Field(description="of the rows predicted so in the window")]
    calibration: CalibrationOut
    more_labels: Annotated[
        int | None, Field(description="0 where it is made; null where never at this rate")
    ]
    audits: AuditsOut
    words: str


@dataclass(frozen=True)
class GuaranteeSummary:
    """One guarantee with its suspensions and audits."""

    label: PromisedLabel
    promise: Promise
    predicted: int
    latest: Suspension | None
    audits: list[Audit]
    since_ms: int | None
    terms: PromiseTerms

    @property
    def state(self) -> GuaranteeState:
        """State: in force, or the reason that it is not."""
        if self.promise.made:
            return SUSPENDED if self.latest and not self.latest.is_lifted else IN_FORCE
        return ABSTAINED if self.promise.more_labels is None else TOO_FEW

    def answer(self) -> GuaranteeOut:
        """Return the answer of the API."""
        promise, state = self.promise, self.state
        since_ms = self.latest.known_at_ms if self.latest else self.since_ms
        return {
            "label": self.label,
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
        if self.state != IN_FORCE or not self.predicted:
            return 0.0
        return round(self.promise.accepted / self.predicted, 6)

    def _audits(self) -> AuditsOut:
        alarm = SequentialTest(self.promise.error, self.terms.false_alarm)
        wealth = alarm.wealth([audit.is_wrong for audit in self.audits]).tolist()
        history: list[AuditOut] = [
            {
                "known_at": rfc3339(audit.known_at_ms),
                "actual": audit.actual,
                "wealth": round(after, 6),
            }
            for audit, after in zip(self.audits, wealth, strict=True)
        ]
        return {
            "n": len(self.audits),
            "wrong": sum(audit.is_wrong for audit in self.audits),
            "wealth": history[-1]["wealth"] if history else 1.0,
            "limit": round(1 / alarm.level, 6),
            "history": history[-MAX_AUDITS_SHOWN:],
        }
