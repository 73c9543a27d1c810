"""Claims: an exception or an incident is one person's for a while, and nobody else's."""

from collections.abc import Iterable

from typing_extensions import TypedDict

from data.ledger.claims import Claim
from serving.wire.answers import Moment, closed
from serving.wire.formats import rfc3339


@closed
class ClaimHolderOut(TypedDict):
    """Holder of an exception or an incident, and the end of the claim; null while it is free."""

    claimed_by: str | None
    claimed_until: Moment | None


class ClaimBoard:
    """Claims in memory, as the ledger holds them.

    Attributes:
        revision: Counts the changes by this process itself.
    """

    def __init__(self, claims: Iterable[Claim]) -> None:
        self.revision = 0
        self.replace_all(claims)

    def replace_all(self, claims: Iterable[Claim]) -> None:
        """Take over all claims that the ledger holds."""
        self._claims = {claim.subject_id: claim for claim in claims}

    def put(self, claim: Claim) -> None:
        """Take over a claim that the ledger holds."""
        self._claims[claim.subject_id] = claim
        self.revision += 1

    def end(self, subject_id: str) -> None:
        """Forget a claim."""
        if self._claims.pop(subject_id, None) is not None:
            self.revision += 1

    def holder(self, subject_id: str, now_ms: int) -> Claim | None:
        """Return the claim that holds at a moment."""
        claim = self._claims.get(subject_id)
        return claim if claim is not None and now_ms < claim.until_ms else None

    def shown(self, subject_id: str, now_ms: int) -> ClaimHolderOut:
        """Return who has it and until when, as answers say it."""
        claim = self.holder(subject_id, now_ms)
        return {
            "claimed_by": claim.by if claim else None,
            "claimed_until": rfc3339(claim.until_ms) if claim else None,
        }
