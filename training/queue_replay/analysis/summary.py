"""Headline of a replay, in words."""

from data.ticks import HOURS_PER_DAY
from training.common.measures import Figure
from training.queue_replay.analysis.comparison import RuleComparison
from training.queue_replay.analysis.recorded_losses import RecordedLosses
from training.queue_replay.rules.registry import RuleKind, all_rules

LONG_HOURS = 96


def amount(value: float, currency: str) -> str:
    """Write money for people, without cents: no figure here is that certain."""
    return f"{currency} {value:,.0f}"


def between(figure: Figure, currency: str) -> str:
    """Write an interval of money."""
    return f"between {amount(figure.low, currency)} and {amount(figure.high, currency)}"


def headline(comparison: RuleComparison, recorded: RecordedLosses, currency: str) -> list[str]:
    """Write the savings and their certainty in sentences, the most important first."""
    sentences = [
        _against_history(comparison, currency),
        _as_recorded(comparison, recorded, currency),
        _against_simple(comparison, currency),
        _longest_waits(comparison),
    ]
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
        f"by the same model {amount(before.value, currency)} are lost in the recorded order "
        f"({between(before, currency)}), {amount(after.value, currency)} by Expedite's list "
        f"({between(after, currency)})"
    )
    if saved.low > 0:
        return (
            f"Modelled: Expedite's list would have saved {amount(saved.value, currency)}, "
            f"{share:.0%} of what was lost (with 95 % confidence {between(saved, currency)}): "
            f"{amounts}."
        )
    if saved.high < 0:
        return (
            f"Modelled: Expedite's list would have cost {amount(-saved.value, currency)} more than "
            f"the order in which it was worked ({between(_negated(saved), currency)}): {amounts}."
        )
    return (
        f"Modelled, no gain: {amounts}, and a difference of {amount(saved.value, currency)} "
        f"({between(saved, currency)}) may be chance alone."
    )


def _as_recorded(comparison: RuleComparison, recorded: RecordedLosses, currency: str) -> str:
    """Say what is on record, and whether the model agrees with it."""
    if not recorded.losses:
        return (
            "Recorded: no amount of a loss. All money here is modelled, by the prices of the "
            "policy and by when losses would have come."
        )
    before = comparison.total("history")
    missing = recorded.without_amount + recorded.without_outcome
    sentence = (
        f"Recorded: {amount(recorded.money, currency)} lost in {recorded.losses:,} exceptions"
        + (f"; of {missing:,} more the record does not say how much, if anything" * bool(missing))
    )
    if before.low <= recorded.money <= before.high:
        return f"{sentence}. It lies within the modelled interval of the recorded order."
    reason = (
        "the model prices those as well" if missing else "the model misses the record by so much"
    )
    return f"{sentence}. It lies outside the modelled interval of the recorded order: {reason}."


def _longest_waits(comparison: RuleComparison) -> str:
    """Say what the longest waits are made of."""
    own, before = (comparison.by_rule()[name] for name in ("ours", "history"))
    waits = " to ".join(long_time(rule["wait_p95_hours"]) for rule in (before, own))
    if own["wait_p95_hours"] <= before["wait_p95_hours"]:
        return f"The wait that 19 of 20 exceptions stay below goes from {waits} (modelled)."
    words = (
        f"The wait that 19 of 20 exceptions stay below grows from {waits} (modelled): who goes "
        f"first is not who came first. Of the slowest twentieth, {own['slowest_lost_share']:.0%} "
        "were lost before work on them began"
    )
    if own["slowest_stake_ratio"] is not None:
        words += f", and they have {own['slowest_stake_ratio']:.1f} times the mean money at stake"
    return (
        f"{words}. What can't be saved any more goes last however old it is; all else goes first "
        "once it is older than the policy's oldest_days."
    )


def long_time(hours: float) -> str:
    """Write a time for people: days where it is many hours."""
    return f"{hours:.0f} hours" if hours < LONG_HOURS else f"{hours / HOURS_PER_DAY:.0f} days"


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
