"""Reasons for a place on the work list, in words and money: the terms of the ranking rule. Pure."""

from dataclasses import dataclass

from models.ranking.rule import Tier
from models.wording import Reason, duration, money, percent

NOT_LEARNED = "not learned: the same for all"
"""Remark on a touch time that no model tells from case to case."""


@dataclass(frozen=True)
class ReasonInputs:
    """One exception as the ranking rule saw it.

    Attributes:
        currency: Of all money.
        stake: Money that handling it in time can save.
        lost_if_started_now: Share of the stake, 0 to 1, that is expected to be lost all the same;
            None without a model.
        lost_by_turn: Money that the wait for its next turn is expected to lose; None likewise.
        score: The same for an hour of work; None without a model.
        touch_minutes: Median touch time.
        hours_to_due: To the deadline, negative once passed; None where there is none.
        age_hours: Since it was detected.
        category: What it probably is; None where that is not known.
        probability: Of the category.
        tier: What stands above the score.
        grounds: Sentence that the money and its time were computed from; "" where models judged.
        touch_learned: Whether a model tells the touch time of this case; False where one value
            stands for all, None where that is not recorded.
        value_note: Sentence on the value of the order where it is not as sent; else "".
        is_value_known: Whether its value in the company's currency is known.
    """

    currency: str
    stake: float
    lost_if_started_now: float | None
    lost_by_turn: float | None
    score: float | None
    touch_minutes: float
    hours_to_due: float | None
    age_hours: float
    category: str | None
    probability: float | None
    tier: int
    grounds: str = ""
    touch_learned: bool | None = None
    value_note: str = ""
    is_value_known: bool = True


def reasons(inputs: ReasonInputs) -> list[Reason]:
    """Return why it stands where it stands, the weightiest first.

    >>> inputs = ReasonInputs(
    ...     "EUR", 58, 0.34, 21.5, 108, 12, 3.34, 1, "out_of_stock", 0.82, Tier.OPEN
    ... )
    >>> for reason in reasons(inputs):
    ...     print(reason.text)
    EUR 58 at stake
    EUR 22 expected to be lost by waiting for its next turn
    34 % of it expected to be lost even if begun now
    about 12 minutes of work
    due in 3 h 20 min
    out of stock, 82 % sure
    """
    texts = [] if inputs.tier == Tier.OPEN else [_of_tier(inputs)]
    texts.append(Reason("money_at_stake", f"{money(inputs.stake, inputs.currency)} at stake"))
    if inputs.value_note:
        code = "order_value" if inputs.is_value_known else "order_value_unknown"
        texts.append(Reason(code, inputs.value_note))
    if inputs.tier != Tier.LOST:
        texts += _of_waiting(inputs)
    minutes = max(1, round(inputs.touch_minutes))
    plural = "" if minutes == 1 else "s"
    remark = f" ({NOT_LEARNED})" if inputs.touch_learned is False else ""
    texts.append(Reason("touch_time", f"about {minutes} minute{plural} of work{remark}"))
    texts.append(Reason("stock" if inputs.grounds else "deadline", deadline_words(inputs)))
    if inputs.category is not None and inputs.probability is not None:
        words = inputs.category.replace("_", " ")
        texts.append(Reason("category", f"{words}, {percent(inputs.probability)} sure"))
    return texts


def _of_waiting(inputs: ReasonInputs) -> list[Reason]:
    share, texts = inputs.lost_if_started_now, []
    if inputs.lost_by_turn is not None:
        cost = money(inputs.lost_by_turn, inputs.currency)
        texts.append(
            Reason("cost_of_waiting", f"{cost} expected to be lost by waiting for its next turn")
        )
    if share is None:
        return texts
    if inputs.hours_to_due is not None and inputs.hours_to_due <= 0:
        left = money(inputs.stake * (1 - share), inputs.currency)
        return [*texts, Reason("chance", f"{left} of it can still be saved")]
    return [
        *texts,
        Reason("chance", f"{percent(share)} of it expected to be lost even if begun now"),
    ]


def tier_words(inputs: ReasonInputs) -> str:
    """Return what stands above its score, for people."""
    return "by its score" if inputs.tier == Tier.OPEN else _of_tier(inputs).text


def _of_tier(inputs: ReasonInputs) -> Reason:
    if inputs.tier == Tier.RULE:
        return Reason("rule", "a rule of the company puts this type first")
    if inputs.tier == Tier.OLDEST:
        return Reason("oldest", f"open for {inputs.age_hours / 24:.0f} days: the oldest go first")
    return Reason("lost", "lost by now: what can still be saved goes first")


def deadline_words(inputs: ReasonInputs) -> str:
    """Return when it is due, or what its time was computed from, for people."""
    if inputs.grounds:
        return inputs.grounds
    if inputs.hours_to_due is None:
        return "no deadline known"
    if inputs.hours_to_due <= 0:
        return f"overdue by {duration(-inputs.hours_to_due)}"
    return f"due in {duration(inputs.hours_to_due)}"
