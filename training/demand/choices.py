"""Choices of whoever trains demand: offers and attributes that are read, methods that compete."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from features.demand.panel import Panel
from models.demand.catalog import method_names, methods
from training.common.choices import CandidateChoices

OFFERS = ("price", "promotion")
"""Offers that a panel may hold; demand, stock and calendar are always read."""
ATTRIBUTES = ("attributes", "words", "numbers")
"""Fields of a panel that hold attributes of SKUs and sites by name."""
CALENDAR_ATTRIBUTE = "country"


@dataclass(frozen=True)
class DemandChoices(CandidateChoices):
    """Choices of one training of demand; candidates are `NAME`s of methods."""

    @staticmethod
    def every_candidate() -> Collection[str]:
        """Return the names of all methods."""
        return method_names()

    @property
    def methods(self) -> list[str]:
        """Names of the methods that compete."""
        return [
            method.NAME for method in methods() if method.IS_BASELINE or self.competes(method.NAME)
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
