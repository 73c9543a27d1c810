"""Assessment of one exception, as the ledger stores it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from models.loss_curve import CURVE_AGES_HOURS
from serving.scoring.order_value import ValueBasis
from serving.wire.stored_exception import reading

AUTO, SUGGEST, ABSTAIN = "auto", "suggest", "abstain"
WhoDecides = Literal["auto", "suggest", "abstain"]
"""Who decides a label: the model alone, a person whom it advises, or a person alone."""
AUDIT, HIDDEN = "audit", "hidden"


_StoredNumber = Annotated[float, Field(allow_inf_nan=False)] | None
_StoredTick = Annotated[int, Field(ge=-(2**63), lt=2**63)]
_AGES = len(CURVE_AGES_HOURS)


class _StoredTerms(TypedDict):
    """Terms as the ledger stores them: the columns of `PricedExceptions`; null is not a number."""

    detected_at: _StoredTick
    due_at: _StoredTick
    loss: _StoredNumber
    curve: Annotated[list[_StoredNumber], Field(min_length=_AGES, max_length=_AGES)]
    curve_scale: _StoredNumber
    late_share: _StoredNumber
    late_hours: _StoredNumber
    touch_p50_minutes: _StoredNumber
    touch_p90_minutes: _StoredNumber
    waiting_cost_per_hour: _StoredNumber
    lost: bool
    always_first: bool


_TERMS = TypeAdapter(_StoredTerms)
_TERMS_OF_BEFORE = {"curve_scale": 1.0, "late_share": 1.0, "late_hours": 1.0}
"""Curves were given at the same ages for all histories, and all was lost at a deadline."""


@dataclass(frozen=True)
class Guarantee:
    """The promise that an automatic decision rests on.

    Attributes:
        error: Promised rate of errors among what is accepted, 0 to 1.
        confidence: With which it was proved, 0 to 1.
        threshold: Probability from which on its class is accepted.
        model_version: Whose promise it is.
    """

    error: float
    confidence: float
    threshold: float
    model_version: str


@dataclass(frozen=True)
class LabelDecision:
    """Most likely category or team, and whether it may be set without asking.

    Attributes:
        label: The likeliest; None where no model says.
        probability: Of it; None where it is no model's word.
        prediction_set: What a suggestion names, the likeliest first.
        decision: `auto`, `suggest` or `abstain`.
        promise: What an automatic decision rests on; None for the others.
    """

    label: str | None = None
    probability: float | None = None
    prediction_set: tuple[str, ...] = ()
    decision: WhoDecides = ABSTAIN
    promise: Guarantee | None = None


NOTHING = LabelDecision()


@dataclass(frozen=True)
class BlindedDecision:
    """Decision that is hidden from the people who judge an exception.

    Attributes:
        why: `audit`: an automatic decision is checked; `hidden`: of the random share of all.
        category: What it would have been.
        routing: Whose it would have been.
    """

    why: str
    category: LabelDecision
    routing: LabelDecision


@dataclass(frozen=True)
class Assessment:
    """Assessment of one exception by the models and the policy; it does not depend on the hour.

    `category` and `routing` are what everybody may see; what is kept from people, so that they
    judge for themselves, stands in `withheld` alone.

    Attributes:
        model_version: None where no model was there.
        policy_version: With its fingerprint.
        scored_at_ms: When.
        degraded: No model said anything; the numbers below are the policy's fallbacks.
        category: What it is.
        routing: Which team should have it.
        p_breach: Chance that it ends harmed, handled as such exceptions are.
        terms: What the ranking rule reads: `PricedExceptions` of one row.
        grounds: Sentence that the terms were computed from, where no champion of triage had a say.
        withheld: What people are not told; None where nothing is kept from them.
        touch_learned: Whether a model tells the touch time from case to case; None in a ledger
            that was written before this was noted.
        breach_learned: The same of the chance of a breach.
        order_value: Value of the order in the company's currency; None where it is not known.
        value_basis: `as_sent`, `converted` or `unknown` (no exchange rate); None without a total,
            and in a ledger that was written before this was noted.
        value_note: Sentence for people where the value is not as sent.
    """

    model_version: str | None
    policy_version: str
    scored_at_ms: int
    degraded: bool
    category: LabelDecision
    routing: LabelDecision
    p_breach: float | None
    terms: Mapping[str, Any]
    grounds: str = ""
    withheld: BlindedDecision | None = None
    touch_learned: bool | None = None
    breach_learned: bool | None = None
    order_value: float | None = None
    value_basis: ValueBasis | None = None
    value_note: str = ""

    @property
    def team(self) -> str | None:
        """Team that should have it; None where no model says, or people are not told."""
        return self.routing.label

    @property
    def shown(self) -> dict[str, LabelDecision]:
        """Return the visible decision of each label."""
        return {"category": self.category, "team": self.routing}

    @property
    def decisions(self) -> dict[str, LabelDecision]:
        """Return the decision of each label, hidden or not."""
        source = self.withheld or self
        return {"category": source.category, "team": source.routing}

    def withholding(self, why: str) -> "Assessment":
        """Return it with nothing of its verdicts to be seen."""
        decisions = self.decisions
        blinded = BlindedDecision(why, decisions["category"], decisions["team"])
        return replace(self, category=NOTHING, routing=NOTHING, withheld=blinded)

    def revealed(self) -> "Assessment":
        """Return it as it may be seen once people have judged: with what was withheld."""
        decisions = self.decisions
        return replace(self, category=decisions["category"], routing=decisions["team"])

    def after(self, before: "Assessment") -> "Assessment":
        """Return this opinion of another model on what was decided before, by the same facts.

        What was set automatically stays so; what people are not told they are not told now either.
        """
        decisions = {
            label: decision if decision.decision == AUTO else self.decisions[label]
            for label, decision in before.decisions.items()
        }
        assessment = replace(self, category=decisions["category"], routing=decisions["team"])
        return assessment.withholding(before.withheld.why) if before.withheld else assessment

    def to_json(self) -> str:
        """Return it as text for the ledger."""
        return orjson.dumps(self, option=orjson.OPT_SERIALIZE_NUMPY).decode()

    @classmethod
    def from_json(cls, text: str) -> "Assessment":
        """Read what `to_json` gave.

        Raises:
            ValueError, TypeError, LookupError: It is no assessment.
        """
        values = orjson.loads(text)
        values["terms"] = _TERMS.validate_python(_TERMS_OF_BEFORE | values["terms"])
        if "routing" not in values:  # as ledgers were written before teams were decided
            team = LabelDecision(values.pop("team"), values.pop("team_probability"), (), SUGGEST)
            values["routing"] = team if team.label else NOTHING
        return _ASSESSMENT.validate_python(values)


_ASSESSMENT = TypeAdapter(Assessment)


def stored_assessment(exception_id: str, text: str) -> Assessment:
    """Read the assessment of an exception as the ledger stores it.

    Raises:
        UnreadableRowError: It can't be read; that is logged and counted.
    """
    with reading(exception_id):
        return Assessment.from_json(text)
