"""Comparison of two rows of the list: money, hazard and hours, term by term. Pure.

    score = loss * hazard / hours

so a ratio of scores is the product of three ratios, and the largest of them decides.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.ranking.score_bands import score_bands
from models.wording import money, percent

_MAX_EQUAL_DIFFERENCE = 0.05


class Decider(StrEnum):
    """Term that puts one row above another."""

    TIER = "tier"
    LOSS = "loss"
    HAZARD = "hazard"
    HOURS = "hours"
    AGE = "age"
    SLACK = "slack"


_WORDS = {
    Decider.TIER: "what decides stands above any score",
    Decider.LOSS: "what decides is the money at stake",
    Decider.HAZARD: "what decides is how fast it would be lost by waiting",
    Decider.HOURS: "what decides is the work that it takes",
    Decider.AGE: "their scores are as good as equal, so the older one goes first",
    Decider.SLACK: "no model is in use, so the one with less time left goes first",
}


@dataclass(frozen=True)
class ComparedRow:
    """One row as the rule saw it.

    Attributes:
        tier: What stands above the score.
        tier_words: The same for people.
        score: Money that an hour's wait loses, for an hour of work; None without a model.
        loss: Money at stake; 0 or more.
        lost_now: Expected money lost if it is started now; None without a model.
        cost_of_an_hour: Money an hour that the wait for its next turn loses; None without a model.
        hours: Expected touch time; above 0.
        deadline: For people.
        touch_learned: Whether a model tells the touch time of this case; None where not recorded.
    """

    tier: int
    tier_words: str
    score: float | None
    loss: float
    lost_now: float | None
    cost_of_an_hour: float | None
    hours: float
    deadline: str
    touch_learned: bool | None = None

    @property
    def hazard(self) -> float | None:
        """Share of the loss that waiting takes an hour; None where there is nothing to lose."""
        if self.cost_of_an_hour is None or self.loss <= 0:
            return None
        return self.cost_of_an_hour / self.loss


@dataclass(frozen=True)
class Ratios:
    """One side over the other, term by term; None where there is nothing to compare with."""

    score: float | None
    loss: float | None
    hazard: float | None
    hours: float | None


def ratios(row: ComparedRow, other: ComparedRow) -> Ratios:
    """Compare two sides.

    >>> quick = ComparedRow(2, "", 120.0, 60.0, 18.0, 20.0, 1 / 6, "")
    >>> slow = ComparedRow(2, "", 30.0, 90.0, 9.0, 20.0, 2 / 3, "")
    >>> ratios(quick, slow)
    Ratios(score=4.0, loss=0.6666666666666666, hazard=1.5, hours=0.25)
    """
    return Ratios(
        _ratio(row.score, other.score),
        _ratio(row.loss, other.loss),
        _ratio(row.hazard, other.hazard),
        _ratio(row.hours, other.hours),
    )


def _ratio(value: float | None, other: float | None) -> float | None:
    return None if value is None or not other else value / other


def decider(above: ComparedRow, below: ComparedRow, *, rerank_band: float) -> Decider:
    """Return what puts one row above another.

    Args:
        above: The row that stands above.
        below: The other.
        rerank_band: As of `ranking_rule.rank`.
    """
    if above.tier != below.tier:
        return Decider.TIER
    if above.score is None or below.score is None:
        return Decider.SLACK
    bands = score_bands(np.array([above.score, below.score]), rerank_band)
    if bands[0] <= bands[1]:
        return Decider.AGE
    quotients = ratios(above, below)
    gains = {
        Decider.LOSS: np.inf if quotients.loss is None else quotients.loss,
        Decider.HAZARD: _gain(above.hazard, below.hazard),
        Decider.HOURS: below.hours / above.hours,
    }
    return max(gains, key=lambda term: gains[term])


def _gain(above: float | None, below: float | None) -> float:
    if above is None:
        return 0.0
    return above / below if below else np.inf


def sentences(row: ComparedRow, other: ComparedRow, by: Decider, currency: str) -> list[str]:
    """Return how one compares with another in the terms of the rule, what decides first.

    >>> quick = ComparedRow(2, "", 120.0, 60.0, 18.0, 20.0, 1 / 6, "due in 3 h")
    >>> slow = ComparedRow(2, "", 30.0, 90.0, 9.0, 20.0, 2 / 3, "due in 3 h")
    >>> for line in sentences(quick, slow, Decider.HOURS, "EUR"):
    ...     print(line)
    what decides is the work that it takes
    an hour of work saves EUR 120 for every hour it does not wait, against EUR 30: 4 times as much
    EUR 60 at stake against EUR 90: 0.67 times as much
    waiting takes 33 % of it an hour, against 22 %: 1.5 times as much
    about 10 minutes of work against 40: 0.25 times as much
    due in 3 h, against due in 3 h
    """
    times = ratios(row, other)
    lines = [_WORDS[by]]
    if by is Decider.TIER:
        lines.append(f'"{row.tier_words}" against "{other.tier_words}"')
    if row.score is not None and other.score is not None:
        scores = [money(side.score or 0.0, currency) for side in (row, other)]
        words = "an hour of work saves {} for every hour it does not wait, against {}"
        lines.append(words.format(*scores) + _times(times.score))
    stakes = [money(side.loss, currency) for side in (row, other)]
    lines.append("{} at stake against {}".format(*stakes) + _times(times.loss))
    if row.hazard is not None and other.hazard is not None:
        shares = [percent(side.hazard or 0.0) for side in (row, other)]
        words = "waiting takes {} of it an hour, against {}"
        lines.append(words.format(*shares) + _times(times.hazard))
    works = [max(1, round(side.hours * 60)) for side in (row, other)]
    remarks = [" (not learned)" if side.touch_learned is False else "" for side in (row, other)]
    work = f"about {works[0]} minutes of work{remarks[0]} against {works[1]}{remarks[1]}"
    lines.append(work + _times(times.hours))
    lines.append(f"{row.deadline}, against {other.deadline}")
    return lines


def _times(ratio: float | None) -> str:
    if ratio is None or ratio == 0:
        return ""
    if abs(ratio - 1) < _MAX_EQUAL_DIFFERENCE:
        return ": about the same"
    return f": {ratio:.2g} times as much" if ratio < 100 else ": a hundred times as much or more"
