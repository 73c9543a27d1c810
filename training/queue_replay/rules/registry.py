"""Registry of the queueing rules: one entry holds the name, words and uses of a rule.

A rule is added by `@rule(...)` in a file of this folder. It is then replayed, compared and shown in
the report; no other file names it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from training.queue_replay import rules
from training.queue_replay.rules.inputs import RuleInputs
from training.queue_replay.simulator.priority import QueueOrder

Ordering = Callable[[RuleInputs], QueueOrder]


class RuleKind(IntEnum):
    """Kinds of rules, in the order in which reports show them.

    `RECORDED` is the order in which people worked. `SIMPLE` are textbook rules that need no
    Expedite. `EXPEDITE` is the product's own rule. `ONE_FACT` and `ORACLE` read one fact, or all
    facts, of the future: nobody can work by them. Rules with one fact have no row in the tables.
    """

    RECORDED = 0
    SIMPLE = 1
    EXPEDITE = 2
    ONE_FACT = 3
    ORACLE = 4


@dataclass(frozen=True)
class Rule:
    """A rule that orders the queues, and its names and uses in reports.

    Attributes:
        name: Key in reports.
        words: Its name for people.
        order: Makes the order from what the rule may read.
        kind: Its kind; the headline compares with the best of the simple ones.
        benchmark: Savings are stated against it, also in stress tests and bounds.
        colour: Of its line in the picture of money lost, readable on white and on black; "" for a
            rule without a line.
        knows: The fact that it knows for certain, in words; "" for a rule that predicts.
    """

    name: str
    words: str
    order: Ordering
    kind: RuleKind = RuleKind.SIMPLE
    benchmark: bool = False
    colour: str = ""
    knows: str = ""

    @property
    def listed(self) -> bool:
        """True if it has a row in the tables of all rules."""
        return self.kind != RuleKind.ONE_FACT


_RULES: dict[str, Rule] = {}


def rule(
    name: str,
    *,
    words: str,
    kind: RuleKind = RuleKind.SIMPLE,
    benchmark: bool = False,
    colour: str = "",
    knows: str = "",
) -> Callable[[Ordering], Ordering]:
    """Register a function as a rule; the arguments are the attributes of `Rule`.

    Raises:
        ValueError: There is a rule of that name.
    """

    def register(order: Ordering) -> Ordering:
        if name in _RULES:
            raise ValueError(f"There are two rules named {name}.")
        _RULES[name] = Rule(
            name=name,
            words=words,
            order=order,
            kind=kind,
            benchmark=benchmark,
            colour=colour,
            knows=knows,
        )
        return order

    return register


def all_rules() -> dict[str, Rule]:
    """Return all rules by name, in the order in which they are shown."""
    _import_rules()
    return {rule.name: rule for rule in sorted(_RULES.values(), key=lambda rule: rule.kind)}


def benchmark_rules() -> dict[str, Rule]:
    """Return the rules that savings are stated against."""
    return {name: rule for name, rule in all_rules().items() if rule.benchmark}


def key_rules() -> dict[str, Rule]:
    """Return the benchmarks, Expedite's rule and the oracle: what a short comparison shows."""
    registered = all_rules()
    return benchmark_rules() | {name: registered[name] for name in ("ours", "oracle")}


@cache
def _import_rules() -> None:
    for module in iter_modules(rules.__path__):
        import_module(f"{rules.__name__}.{module.name}")
