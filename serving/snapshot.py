"""The work list as it stands at one moment: what is open, ranked by the rule.

Lists of now and of the past are made here alike: from what was open, by what, and when.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np

from data.policy import Policy
from models.ranking_rule import Ranking
from models.scored import ranking
from serving.answers import Place, rfc3339
from serving.open_exceptions import Frozen


class Filters(NamedTuple):
    """Which rows are wanted; None for all."""

    team: str | None = None
    category: str | None = None


class Judges(NamedTuple):
    """By what a list is ranked.

    Attributes:
        policy: What the company prefers.
        model_version: Of the champion in use; None where there is none, and the fallback ranks.
    """

    policy: Policy
    model_version: str | None


@dataclass(frozen=True)
class Snapshot:
    """The list as ranked at one moment.

    Attributes:
        number: A cursor names it.
        now_ms: When.
        judges: By what.
        open: What was open.
        ranking: By the rule.
        rank_of: For each row its rank, from 1.
    """

    number: int
    now_ms: int
    judges: Judges
    open: Frozen
    ranking: Ranking
    rank_of: np.ndarray
    _filtered: dict[Filters, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, now_open: Frozen, judges: Judges, now_ms: int, *, number: int) -> Self:
        """Rank what is open."""
        degraded = judges.model_version is None
        ranked = ranking(now_open.scored.at(now_ms), judges.policy, degraded=degraded)
        rank_of = np.empty(len(ranked.order), np.int64)
        rank_of[ranked.order] = np.arange(1, len(rank_of) + 1)
        return cls(number, now_ms, judges, now_open, ranked, rank_of)

    @property
    def order(self) -> np.ndarray:
        """Places of the rows, the first to be worked on first."""
        return self.ranking.order

    @property
    def policy(self) -> Policy:
        """What the company preferred."""
        return self.judges.policy

    @property
    def degraded(self) -> bool:
        """Whether it was ranked by the fallback."""
        return self.judges.model_version is None

    def matching(self, filters: Filters) -> np.ndarray:
        """Return the places of the wanted rows, in order."""
        if filters == Filters():
            return self.order
        if filters not in self._filtered:
            wanted = np.ones(len(self.order), bool)
            for kept, word in zip((self.open.teams, self.open.categories), filters, strict=True):
                if word is not None:
                    wanted &= kept[self.order] == word
            self._filtered[filters] = self.order[wanted]
        return self._filtered[filters]

    def row_of(self, exception_id: str) -> int | None:
        """Return the place of an exception, None if it is not on the list."""
        found = np.flatnonzero(self.open.scored.ids == exception_id)
        return int(found[0]) if len(found) else None

    def place(self, row: int) -> Place:
        """Return where the rule puts a row."""
        return Place.of(self.ranking, row)

    def stamp(self) -> dict[str, Any]:
        """Return what an answer made of it carries: by which model and policy, as of when."""
        return {
            "model_version": self.judges.model_version,
            "policy_version": self.policy.label,
            "scored_at": rfc3339(self.now_ms),
            "degraded": self.degraded,
        }
