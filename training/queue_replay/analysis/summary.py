"""Headline of a replay, in words."""

from training.common.measures import Figure
from training.queue_replay.analysis.comparison import RuleComparison
from training.queue_replay.rules.registry import RuleKind, all_rules


def amount(value: float, currency: str) -> str:
    """Write money for people, without cents: no figure here is that certain."""
    return f"{currency} {value:,.0f}"


def between(figure: Figure, currency: str) -> str:
    """Write an interval of money."""
    return f"between {amount(figure.low, currency)} and {amount(figure.high, currency)}"


def headline(comparison: RuleComparison, currency: str) -> list[str]:
    """Write the savings and their certainty in sentences, the most important first."""
    sentences = [_against_history(comparison, currency), _against_simple(comparison, currency)]
    closed = comparison.gap_closed("ours")
    if closed:
        sentences.append(
            f"Of what could have been gained over first come, first served by knowing the future, "
            f"the list gains {closed.value:.0%} (with 95 % confidence between {closed.low:.0%} and "
            f"{closed.high:.0%})."
        )
    return sentences


def _against_history(comparison: RuleComparison, currency: str) -> str:
    saved, before = comparison.saved("ours", "history"), comparison.total("history")
    after, share = comparison.total("ours"), saved.value / max(before.value, 1e-9)
    amounts = (
        f"{amount(before.value, currency)} were lost as it was worked, "
        f"{amount(after.value, currency)} would have been lost by Expedite's list"
    )
    if saved.low > 0:
        return (
            f"Expedite's list would have saved {amount(saved.value, currency)}, {share:.0%} of "
            f"what was lost (with 95 % confidence {between(saved, currency)}): {amounts}."
        )
    if saved.high < 0:
        return (
            f"Expedite's list would have cost {amount(-saved.value, currency)} more than the order "
            f"in which it was worked ({between(_negated(saved), currency)}): {amounts}."
        )
    return (
        f"No gain: {amounts}, and a difference of {amount(saved.value, currency)} "
        f"({between(saved, currency)}) may be chance alone."
    )


def _against_simple(comparison: RuleComparison, currency: str) -> str:
    simple = [rule for rule in all_rules().values() if rule.kind == RuleKind.SIMPLE]
    best = min(simple, key=lambda rule: comparison.total(rule.name).value)
    saved = comparison.saved("ours", best.name)
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
            f"{between(_negated(saved), currency)}."
        )
    return f"Against {words} there is no difference that could not be chance."


def _negated(figure: Figure) -> Figure:
    return Figure(-figure.value, -figure.high, -figure.low)
