"""Terms of risk-controlled automation: the section `promises`."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeGuard, get_args

from pydantic import Field

from data.policy.section import Section, Share

PromisedLabel = Literal["category", "team"]
Risk = Annotated[float, Field(gt=0, lt=0.5)]
Audited = Annotated[float, Field(gt=0, le=1)]


def is_promised_label(name: str) -> TypeGuard[PromisedLabel]:
    """Return true for a label that the policy and the API can name."""
    return name in get_args(PromisedLabel)


class PromiseTerms(Section):
    """Error limits of automatic decisions, their audits, and thresholds of suggestions.

    Attributes:
        error: Promised share of wrong ones among those set automatically, of each name.
        confidence: Of each promise as it is made, and of all promises of a label together.
        false_alarm: Chance that a promise that holds is ever suspended by its audits.
        audit_share: Of the automatic ones, drawn at random, that people decide all the same.
        hidden_share: Of all exceptions, drawn at random, whose suggestion is not shown.
        suggest_probability: Of the first name; nothing is suggested below it.
        largest_lost: Share of any name's exceptions that may be set to one other name: a rare one
            must not disappear among the errors of a frequent one.
        set_coverage: Share of sets that hold the right name, whichever that is.
        largest_set: A set of more names is not shown.
        learn_accepted: Weight in training of labels that accepted a suggestion; 0 leaves them out.
        learn_automatic: Weight in training of labels that no person checked.
        errors: For a label the names that are promised another error.
    """

    error: Risk
    confidence: Annotated[float, Field(ge=0.5, le=0.999)]
    false_alarm: Risk
    audit_share: Audited
    hidden_share: Share
    suggest_probability: Share
    largest_lost: Share
    set_coverage: Annotated[float, Field(ge=0.5, le=0.99)]
    largest_set: Annotated[int, Field(ge=1, le=10)]
    learn_accepted: Share
    learn_automatic: Share
    errors: Mapping[PromisedLabel, Mapping[str, Risk]] = {}

    def error_of(self, label: str, name: str) -> float:
        """Return the error that is promised of one name of a label."""
        return self.errors.get(label, {}).get(name, self.error)  # pyright: ignore[reportArgumentType, reportCallIssue]  # any text is allowed
