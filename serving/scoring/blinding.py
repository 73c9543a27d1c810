"""Which exceptions people judge without being told what the models think.

One number is drawn for each exception, from its names and the salt of the ledger: the same again at
every look, evenly spread, and not to be guessed by those who see the exception. Below the hidden
share an exception is of the random sample that models are judged on; below the audit share its
automatic decisions go to people. So automatic decisions are looked at to the larger of the two.
What people know of a decision they are apt to confirm: so category and team are withheld together,
since either gives the other away, and nothing that is shown tells an audit from the sample.
"""

from dataclasses import dataclass
from hashlib import sha256

from serving.scoring.assessment import AUDIT, AUTO, HIDDEN, Assessment

_STEPS = 2**64


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

    def applied(self, opinion: Assessment, source: str, external_id: str) -> Assessment:
        """Return an opinion as people may see it."""
        if opinion.degraded:
            return opinion
        number = self.number(source, external_id)
        if number < self.hidden_share:
            return opinion.withholding(HIDDEN)
        decided = (verdict.decision for verdict in opinion.verdicts.values())
        if number < self.audit_share and AUTO in decided:
            return opinion.withholding(AUDIT)
        return opinion
