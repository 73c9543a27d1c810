"""Decisions on category and team: set automatically, suggested, or left to people.

One number is drawn for each exception, from its names and the salt of the ledger: the same again at
every look, evenly spread, and not to be guessed by those who see the exception. Below the hidden
share an exception is of the random sample that models are judged on; below the audit share its
automatic decisions go to people. So automatic decisions are looked at to the larger of the two.
What people know of a decision they are apt to confirm: so category and team are withheld together,
since either gives the other away, and nothing that is shown tells an audit from the sample.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from data.policy.automation import PromiseTerms
from models.automation.risk_control import NO_THRESHOLD, LabelPromises, Promise, promise_classes
from models.triage.labels import PROMISED_NAMES
from models.triage.predictions import ClassPredictions
from models.triage.triage import Triage
from serving.scoring.assessment import (
    ABSTAIN,
    AUDIT,
    AUTO,
    HIDDEN,
    NOTHING,
    SUGGEST,
    Assessment,
    Guarantee,
    LabelDecision,
)

NOT_IN_A_SET = 2.0
_STEPS = 2**64


@dataclass(frozen=True)
class DecisionRule:
    """Rule that decides one label; the arrays are by code of the class.

    Attributes:
        names: The classes.
        thresholds: Probability from which each is set; NO_THRESHOLD where that is not promised.
        guarantees: What each of those rests on.
        lowest: Probability from which each is a member of the set that a suggestion names.
        suggest_probability: Of the likeliest; nothing is suggested below it.
        largest_set: A set of more is not shown.
    """

    names: tuple[str, ...]
    thresholds: np.ndarray
    guarantees: tuple[Guarantee | None, ...]
    lowest: np.ndarray
    suggest_probability: float
    largest_set: int

    def decide(self, chances: np.ndarray) -> list[LabelDecision]:
        """Decide n exceptions by their (n, classes) probabilities."""
        return [self._decision(row, row >= self.lowest) for row in chances]

    def _decision(self, chances: np.ndarray, is_member: np.ndarray) -> LabelDecision:
        best = int(chances.argmax())
        top = float(chances[best])
        members = is_member.nonzero()[0].tolist()
        likely: tuple[str, ...] = ()
        if len(members) <= self.largest_set:
            likely = tuple(self.names[i] for i in sorted(members, key=lambda i: -chances[i]))
        name = self.names[best]
        if top >= self.thresholds[best]:
            return LabelDecision(name, top, likely, AUTO, promise=self.guarantees[best])
        if likely and top >= self.suggest_probability:
            return LabelDecision(name, top, likely, SUGGEST)
        return LabelDecision(name, top, (), ABSTAIN)


Rules = Mapping[str, DecisionRule]
NO_RULES: Rules = {}


def decisions_of(
    rule: DecisionRule | None, predicted: ClassPredictions | None, n: int
) -> list[LabelDecision]:
    """Decide one label of n exceptions; nothing is said where no model of it is there."""
    if rule is None or predicted is None:
        return [NOTHING] * n
    return rule.decide(predicted.probability)


def promises_of(triage: Triage, terms: PromiseTerms) -> dict[str, LabelPromises]:
    """Return what a champion's evidence bears at the policy's errors and confidence."""
    return {label: promise_classes(evidence, terms) for label, evidence in triage.evidence.items()}


def rules_of(
    triage: Triage,
    promises: Mapping[str, LabelPromises],
    suspended: Iterable[tuple[str, str]],
    terms: PromiseTerms,
) -> Rules:
    """Return how each label is decided; what is not promised, or suspended, is never automatic.

    Args:
        triage: The champion.
        promises: Of it, by label.
        suspended: Label and name of each promise that was withdrawn.
        terms: Of the policy.
    """
    withdrawn = set(suspended)
    return {
        label: _rule(triage, label, promises.get(label), withdrawn, terms=terms)
        for label in PROMISED_NAMES
        if label in triage.classes
    }


def _rule(
    triage: Triage,
    label: str,
    promises: LabelPromises | None,
    withdrawn: set[tuple[str, str]],
    *,
    terms: PromiseTerms,
) -> DecisionRule:
    names = tuple(triage.classes[label].names)
    made = {
        promise.name: promise
        for promise in (promises.classes if promises else ())
        if promise.made and (label, promise.name) not in withdrawn
    }
    thresholds = [made[name].threshold if name in made else NO_THRESHOLD for name in names]
    guarantees = tuple(_guarantee(made[n], triage.version) if n in made else None for n in names)
    sets = triage.sets.get(label)
    lowest = (
        dict(zip(sets.names, sets.min_probability(terms.set_coverage), strict=True)) if sets else {}
    )
    return DecisionRule(
        names=names,
        thresholds=np.array(thresholds),
        guarantees=guarantees,
        lowest=np.array([lowest.get(name, NOT_IN_A_SET) for name in names]),
        suggest_probability=terms.suggest_probability,
        largest_set=terms.largest_set,
    )


def _guarantee(promise: Promise, model_version: str) -> Guarantee:
    return Guarantee(promise.error, promise.confidence, promise.threshold, model_version)


@dataclass(frozen=True)
class BlindingDraws:
    """The random shares of one ledger.

    Attributes:
        salt: Of the ledger.
        audit_share: Of exceptions that are decided automatically, 0 to 1.
        hidden_share: Of all, 0 to 1.
    """

    salt: str
    audit_share: float
    hidden_share: float

    def number(self, source: str, external_id: str) -> float:
        """Return the number of an exception, 0 up to 1."""
        names = f"{self.salt}\n{source}\n{external_id}"
        return int.from_bytes(sha256(names.encode()).digest()[:8]) / _STEPS

    def applied(self, assessment: Assessment, source: str, external_id: str) -> Assessment:
        """Return an opinion as people may see it."""
        if assessment.degraded:
            return assessment
        number = self.number(source, external_id)
        if number < self.hidden_share:
            return assessment.withholding(HIDDEN)
        decided = (decision.decision for decision in assessment.decisions.values())
        if number < self.audit_share and AUTO in decided:
            return assessment.withholding(AUDIT)
        return assessment
