"""Incidents among other exceptions: members are one piece of work, done by one fix. Pure.

A member's score is what it would be if one fix took care of it: the money that an hour's wait
loses, over the hours of the fix. The members' scores add up to the incident's: the whole group's
loss over one fix.
"""

from dataclasses import dataclass, replace

import numpy as np

from models.ranking.inputs import RankingInputs
from models.ranking.rule import Ranking, Tier
from models.ranking.score_bands import score_bands

ALONE = -1
"""The group of an item that belongs to no incident."""


@dataclass(frozen=True)
class IncidentGroups:
    """Groups among n items that are one piece of work.

    Attributes:
        of_item: n numbers of groups, from 0; `ALONE` for an item on its own.
        count: How many groups there are, g; each has an item.
    """

    of_item: np.ndarray
    count: int

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return for each group the sum of its members' values."""
        inside = self.of_item != ALONE
        return np.bincount(self.of_item[inside], values[inside], self.count)

    def minima(self, values: np.ndarray) -> np.ndarray:
        """Return for each group the smallest of its members' values."""
        inside = np.flatnonzero(self.of_item != ALONE)
        smallest = np.full(self.count, np.inf)
        np.minimum.at(smallest, self.of_item[inside], values[inside])
        return smallest

    def commonest(self, words: np.ndarray) -> np.ndarray:
        """Return for each group the most frequent of its members' words; of equals the first."""
        words_by_group = np.empty(self.count, object)
        inside = np.flatnonzero(self.of_item != ALONE)
        counts: list[dict[str | None, int]] = [{} for _ in range(self.count)]
        for group, word in zip(self.of_item[inside].tolist(), words[inside].tolist(), strict=True):
            counts[group][word] = counts[group].get(word, 0) + 1
        words_by_group[:] = [
            max(count, key=lambda word, count=count: count[word]) for count in counts
        ]
        return words_by_group


def with_fix_time(
    items: RankingInputs, groups: IncidentGroups, *, p50_minutes: float, p90_minutes: float
) -> RankingInputs:
    """Return the items with the touch time of the fix where they belong to a group."""
    inside = groups.of_item != ALONE
    return replace(
        items,
        touch_p50_minutes=np.where(inside, p50_minutes, items.touch_p50_minutes),
        touch_p90_minutes=np.where(inside, p90_minutes, items.touch_p90_minutes),
    )


def rank_incidents(
    ranking: Ranking, items: RankingInputs, groups: IncidentGroups, *, rerank_band: float
) -> Ranking:
    """Return a ranking in which a group is one row and its members are none.

    Args:
        ranking: Of the items, `with_one_fix`.
        items: What was ranked.
        groups: Which of them belong together.
        rerank_band: As of `ranking_rule.rank`.

    Returns:
        A ranking of n + g places: the items, then the groups. The order leaves members out. Of a
        group the tier is the first among its members, money and score are their sums, the safe
        start is the earliest among those that can still be saved. Without a score a group stands
        where the first of its members would.
    """
    if not groups.count:
        return ranking
    n = len(items.ids)
    tier = groups.minima(ranking.tier).astype(ranking.tier.dtype)
    hopeless = (ranking.tier == Tier.LOST) & (tier[groups.of_item] != Tier.LOST)
    whole = replace(
        ranking,
        tier=_longer(ranking.tier, tier),
        score=_longer(ranking.score, groups.sums(ranking.score)),
        loss_now=_longer(ranking.loss_now, groups.sums(ranking.loss_now)),
        loss_deferred=_longer(ranking.loss_deferred, groups.sums(ranking.loss_deferred)),
        loss_never=_longer(ranking.loss_never, groups.sums(ranking.loss_never)),
        touch_hours=_longer(ranking.touch_hours, groups.minima(ranking.touch_hours)),
        safe_start_hours=_longer(
            ranking.safe_start_hours,
            groups.minima(np.where(hopeless, np.inf, ranking.safe_start_hours)),
        ),
    )
    first = np.empty(n)
    first[ranking.order] = np.arange(n)
    first = _longer(first, groups.minima(first))
    rows = np.concatenate([np.flatnonzero(groups.of_item == ALONE), np.arange(groups.count) + n])
    keys = [first]
    if not np.isnan(ranking.score).any():
        age = _longer(items.age_hours, -groups.minima(-items.age_hours))
        keys += [-age, -score_bands(whole.score, rerank_band), whole.tier]
    return replace(whole, order=rows[np.lexsort([key[rows] for key in keys])])


def _longer(items: np.ndarray, groups: np.ndarray) -> np.ndarray:
    return np.concatenate([items, groups])
