"""Headline of a replay, in words."""

from training.common.measures import Figure
from training.queue_replay.analysis.comparison import RuleComparison
from training.queue_replay.rules.registry import RuleKind, all_rules


def amount(value: float, currency: str) -> str:
    """Write money for people: no cents, since none of these figures is as sure as that."""
    return f"{currency} {value:,.0f}"


def between(figure: Figure, currency: str) -> str:
    """Write an interval of money."""
    return f"between {amount(figure.low, currency)} and {amount(figure.high, currency)}"


def headline(compared: RuleComparison, currency: str) -> list[str]:
    """Say what would have been saved and how sure that is, the most important first."""
    said = [_against_history(compared, currency), _against_simple(compared, currency)]
    closed = compared.gap_closed("ours")
    if closed:
        said.append(
            f"Of what could have been gained over first come, first served by knowing the future, "
            f"the list gains {closed.value:.0%} (with 95 % confidence between {closed.low:.0%} and "
            f"{closed.high:.0%})."
        )
    return said


def _against_history(compared: RuleComparison, currency: str) -> str:
    saved, before = compared.saved("ours", "history"), compared.total("history")
    after, share = compared.total("ours"), saved.value / max(before.value, 1e-9)
    came = (
        f"{amount(before.value, currency)} were lost as it was worked, "
        f"{amount(after.value, currency)} would have been lost by Expedite's list"
    )
    if saved.low > 0:
        return (
            f"Expedite's list would have saved {amount(saved.value, currency)}, {share:.0%} of "
            f"what was lost (with 95 % confidence {between(saved, currency)}): {came}."
        )
    if saved.high < 0:
        return (
            f"Expedite's list would have cost {amount(-saved.value, currency)} more than the order "
            f"in which it was worked ({between(_minus(saved), currency)}): {came}."
        )
    return (
        f"No gain: {came}, and a difference of {amount(saved.value, currency)} "
        f"({between(saved, currency)}) may be chance alone."
    )


def _against_simple(compared: RuleComparison, currency: str) -> str:
    simple = [rule for rule in all_rules().values() if rule.kind == RuleKind.SIMPLE]
    best = min(simple, key=lambda rule: compared.total(rule.name).value)
    saved = compared.saved("ours", best.name)
    named = best.words[0].lower() + best.words[1:]
    words = f"the best of {len(simple)} simple rules, picked with hindsight ({named})"
    if saved.low > 0:
        return (
            f"It would also have saved {amount(saved.value, currency)} against {words}: "
            f"{between(saved, currency)}."
        )
    if saved.high < 0:
        return (
            f"It would have lost {amount(-saved.value, currency)} more than {words}: "
            f"{between(_minus(saved), currency)}."
        )
    return f"Against {words} there is no difference that could not be chance."


def _minus(figure: Figure) -> Figure:
    return Figure(-figure.value, -figure.high, -figure.low)
