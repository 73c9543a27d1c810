"""Terms of replenishment orders: timing, sizes and costs."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from data.domain import BadInputError

Numbers = Any  # one for each series, or one for all; after `whole` an array of (n,)


@dataclass(frozen=True)
class OrderTerms:
    """Terms of replenishment orders for n series: timing, sizes and costs.

    Attributes:
        lead_periods: An order decided at the end of period r can be sold from r + lead; from 1.
        review_periods: From one order to the next, at least 1.
        holding_cost: Money that a unit costs that is left at the end of a period.
        shortage_cost: Money that a unit of lost demand costs.
        service_level: Chance, below 1, that nothing is lost until the next order comes; where it
            is given, it takes the place of the costs.
        pack_units: Orders are multiples of it, at least 1.
        min_units: Orders are 0 or at least so many.
    """

    lead_periods: Numbers
    review_periods: int = 1
    holding_cost: Numbers = 0.0
    shortage_cost: Numbers = 0.0
    service_level: Numbers = None
    pack_units: Numbers = 1
    min_units: Numbers = 0

    def validated(self, series: int) -> Self:
        """Return it with (n,) for every number, checked; raise BadInputError."""
        level = -1.0 if self.service_level is None else self.service_level
        values = {**vars(self), "service_level": level}
        del values["review_periods"]
        columns = {
            name: np.broadcast_to(np.asarray(value, float), series)
            for name, value in values.items()
        }
        for name, least in {"lead_periods": 1, "pack_units": 1}.items():
            _refuse(columns[name] < least, name, f"Give at least {least}.")
        for name in ("holding_cost", "shortage_cost", "min_units"):
            _refuse(~(columns[name] >= 0), name, "Give a number from 0 up.")
        _refuse(columns["service_level"] >= 1, "service_level", "Give a share below 1.")
        if self.review_periods < 1:
            raise BadInputError("review_periods", f"{self.review_periods}", "Give at least 1.")
        return type(self)(review_periods=self.review_periods, **columns)

    def take(self, rows: np.ndarray) -> Self:
        """Return those of some series; only of `whole` ones."""
        columns = {name: value[rows] for name, value in vars(self).items() if np.ndim(value)}
        return type(self)(review_periods=self.review_periods, **columns)


def _refuse(bad: np.ndarray, what: str, cure: str) -> None:
    if bad.any():
        raise BadInputError(f"row {int(np.argmax(bad))}", f"{what} is out of its range", cure)
