"""The promises of the champion in use, less those that were withdrawn."""

import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from data.ledger.audits import PromiseKey, Suspension
from data.policy.automation import PromiseTerms
from models.automation.risk_control import LabelPromises
from models.triage.triage import Triage
from serving.scoring.audits import Resolution
from serving.scoring.counters import AUDITED, SUSPENDED
from serving.scoring.decisions import NO_RULES, Rules, promises_of, rules_of

LOG = logging.getLogger("expedite.promises")


class ChampionGuarantees(NamedTuple):
    """A champion's promises, and the rules that are left of them."""

    model_version: str
    promises: Mapping[str, LabelPromises]
    rules: Rules


class Guarantees:
    """Promises as of now; may be read from any thread.

    Attributes:
        terms: Of the policy.
        latest: The last word of the ledger on each promise that was ever withdrawn, of any model.
        revision: Times that something was heeded.
    """

    def __init__(self, terms: PromiseTerms, suspensions: Iterable[Suspension]) -> None:
        self.terms = terms
        self.latest: dict[PromiseKey, Suspension] = {}
        self.revision = 0
        self._in_use: ChampionGuarantees | None = None
        self.take(suspensions)

    def take(self, suspensions: Iterable[Suspension]) -> None:
        """Heed what was withdrawn or given again, once it is in the ledger, in its order."""
        self.latest = self.latest | {suspension.key: suspension for suspension in suspensions}
        self.revision += 1
        self._in_use = None

    def record_audits(self, resolution: Resolution) -> None:
        """Count the audits of a resolution, and withdraw what they suspend."""
        for audit in resolution.audits:
            AUDITED.labels(audit.label, "wrong" if audit.is_wrong else "right").inc()
        for suspension in resolution.suspensions:
            LOG.warning(
                "The promise of %s '%s' is suspended: %s", *suspension.key[:2], suspension.reason
            )
            SUSPENDED.labels(suspension.label).inc()
        self.take(resolution.suspensions)

    def of(self, triage: Triage) -> ChampionGuarantees:
        """Return the promises of a champion, and the rules that are left of them."""
        in_use = self._in_use
        if in_use is None or in_use.model_version != triage.version:
            try:
                in_use = self._made(triage)
            except Exception:  # whatever a champion lacks, the caller is answered
                LOG.exception("Champion %s promises nothing", triage.version)
                in_use = ChampionGuarantees(triage.version, {}, NO_RULES)
            self._in_use = in_use
        return in_use

    def _made(self, triage: Triage) -> ChampionGuarantees:
        withdrawn = [
            (suspension.label, suspension.name)
            for suspension in self.latest.values()
            if suspension.model_version == triage.version and not suspension.is_lifted
        ]
        promises = promises_of(triage, self.terms)
        return ChampionGuarantees(
            triage.version, promises, rules_of(triage, promises, withdrawn, self.terms)
        )

    def rules(self, triage: Triage | None) -> Rules:
        """Return how a champion decides; without one nothing is decided."""
        return NO_RULES if triage is None else self.of(triage).rules
