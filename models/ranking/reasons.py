"""Reasons for a place on the work list, in words and money: the terms of the ranking rule. Pure."""

from dataclasses import dataclass

from models.ranking.rule import Tier
from models.wording import Reason, duration, money, percent


@dataclass(frozen=True)
class ReasonInputs:
    """One exception as the ranking rule saw it.

    Attributes:
        currency: Of all money.
        stake: Money that handling it in time can save.
        lost_if_started_now: Chance, 0 to 1, that it is lost all the same; None without a model.
        cost_of_an_hour: Money an hour that the wait for its next turn loses; None without a model.
        score: The same for an hour of work; None without a model.
        touch_minutes: Median touch time.
        hours_to_due: To the deadline, negative once passed; None where there is none.
        age_hours: Since it was detected.
        category: What it probably is; None where that is not known.
        probability: Of the category.
        tier: What stands above the score.
        grounds: Sentence that the money and its time were computed from; "" where models judged.
    """

    currency: str
    stake: float
    lost_if_started_now: float | None
    cost_of_an_hour: float | None
    score: float | None
    touch_minutes: float
    hours_to_due: float | None
    age_hours: float
    category: str | None
    probability: float | None
    tier: int
    grounds: str = ""


def reasons(case: ReasonInputs) -> list[Reason]:
    """Return why it stands where it stands, the weightiest first.

    >>> case = Case("EUR", 58, 0.34, 21.5, 108, 12, 3.34, 1, "out_of_stock", 0.82, Tier.OPEN)
    >>> for reason in reasons(case):
    ...     print(reason.text)
    EUR 58 at stake
    EUR 22 an hour lost until its next turn, on average
    34 % likely to be lost even if started now
    about 12 minutes of work
    due in 3 h 20 min
    out of stock, 82 % sure
    """
    found = [] if case.tier == Tier.OPEN else [_of_tier(case)]
    found.append(Reason("money_at_stake", f"{money(case.stake, case.currency)} at stake"))
    if case.cost_of_an_hour is not None and case.tier != Tier.LOST:
        cost = money(case.cost_of_an_hour, case.currency)
        found.append(
            Reason("cost_of_waiting", f"{cost} an hour lost until its next turn, on average")
        )
    if case.lost_if_started_now is not None and case.tier != Tier.LOST:
        chance = percent(case.lost_if_started_now)
        found.append(Reason("chance", f"{chance} likely to be lost even if started now"))
    minutes = max(1, round(case.touch_minutes))
    plural = "" if minutes == 1 else "s"
    found.append(Reason("touch_time", f"about {minutes} minute{plural} of work"))
    found.append(Reason("stock" if case.grounds else "deadline", deadline_words(case)))
    if case.category is not None and case.probability is not None:
        words = case.category.replace("_", " ")
        found.append(Reason("category", f"{words}, {percent(case.probability)} sure"))
    return found


def tier_words(case: ReasonInputs) -> str:
    """Return what stands above its score, for people."""
    return "by its score" if case.tier == Tier.OPEN else _of_tier(case).text


def _of_tier(case: ReasonInputs) -> Reason:
    if case.tier == Tier.RULE:
        return Reason("rule", "a rule of the company puts this type first")
    if case.tier == Tier.OLDEST:
        return Reason("oldest", f"open for {case.age_hours / 24:.0f} days: the oldest go first")
    return Reason("lost", "the deadline has passed: what can still be saved goes first")


def deadline_words(case: ReasonInputs) -> str:
    """Return when it is due, or what its time was computed from, for people."""
    if case.grounds:
        return case.grounds
    if case.hours_to_due is None:
        return "no deadline known"
    if case.hours_to_due <= 0:
        return f"overdue by {duration(-case.hours_to_due)}"
    return f"due in {duration(case.hours_to_due)}"
