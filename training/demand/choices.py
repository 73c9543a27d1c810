"""Choices of whoever trains demand: offers and attributes that are read, methods that compete."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from features.demand.panel import Panel
from models.demand.catalog import method_names, methods
from training.common.choices import FeatureChoices, named_candidates

OFFERS = ("price", "promotion")
"""Offers that a panel may hold; demand, stock and calendar are always read."""
ATTRIBUTES = ("attributes", "words", "numbers")
"""Fields of a panel that hold attributes of SKUs and sites by name."""
CALENDAR_ATTRIBUTE = "country"


@dataclass(frozen=True)
class DemandChoices(FeatureChoices):
    """Choices of one training of demand.

    Attributes:
        candidates: `NAME`s of methods that compete; baselines always do. None for all.
    """

    candidates: frozenset[str] | None = None

    @classmethod
    def named(
        cls,
        features: Iterable[str] = (),
        without: Iterable[str] = (),
        names: Iterable[str] = (),
        trials: int = 0,
    ) -> Self:
        """Read what was named on the command line; nothing means all.

        Raises:
            UnknownChoiceError: A method is not there; the message names those there are.
        """
        candidates = named_candidates(names, method_names())
        return cls(tuple(features), tuple(without), trials, candidates or None)

    @property
    def options(self) -> dict[str, str]:
        """The options that were named, with their values: logged with the run."""
        named = ", ".join(sorted(self.candidates or ()))
        return {**super().options, **({"candidates": named} if named else {})}

    @property
    def methods(self) -> list[str]:
        """Names of the methods that compete."""
        return [
            method.NAME
            for method in methods()
            if self.candidates is None or method.IS_BASELINE or method.NAME in self.candidates
        ]

    def narrowed(self, panel: Panel) -> Panel:
        """Return the panel without what is not to be read, as if it was never recorded.

        Raises:
            BadInputError: A pattern matches nothing that the panel holds.
        """
        if self.reads_all:
            return panel
        offers = [name for name in OFFERS if getattr(panel, name) is not None]
        own = {field: getattr(panel, field) for field in ATTRIBUTES}
        self.check([*offers, *(name for values in own.values() for name in values)])
        read = {
            field: {n: v for n, v in values.items() if n == CALENDAR_ATTRIBUTE or self.reads(n)}
            for field, values in own.items()
        }
        return replace(panel, **{name: None for name in offers if not self.reads(name)}, **read)


ALL_METHODS = DemandChoices()
