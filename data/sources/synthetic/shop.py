"""Settings of the simulation, and its random streams."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

import numpy as np

from data.domain import BadInputError
from data.ticks import SECONDS_PER_DAY


class RandomStream(IntEnum):
    """Independent random streams: what one draws doesn't move the others."""

    CATALOGUE = 1
    VOLUME = 2
    WEEK = 3
    VISITS = 4
    SHELVES = 5
    ORDERS = 6
    EXCEPTIONS = 7
    TEXTS = 8
    BURSTS = 9
    HANDLING = 10
    PILOT = 11


@dataclass(frozen=True, kw_only=True)
class SyntheticShop:
    """The settings of a simulation; the same settings give the same history, byte for byte.

    Attributes:
        orders: Orders placed in the whole period, 1,000 to 10 million.
        seed: Any whole number from 0.
        start: The first moment, at midnight UTC.
        days: Length of the period; 0 takes a day for every 150 orders, from 60 days to a year.
        load: Work that comes in over work that each team can do, without bursts; None gives each
            team as much slack as its size needs, the small ones more.
        exception_share: Share of the orders that raise an exception, without bursts.
        days_between_bursts: Mean number of days from one burst to the next; infinite for none.
        lost_at_deadline: Share of the orders that are lost as their exception is due, of those
            that are not lost before; the others are lost some days later.
        eventful_days: In so many last days faults of a warehouse become more and look like those
            of a carrier, and a payment gateway fails until the end; 0 for neither.
        block_orders: About as many orders are in memory at a time, but at least one day.
    """

    orders: int = 20_000
    seed: int = 7
    start: datetime = datetime(2025, 1, 6, tzinfo=UTC)
    days: int = 0
    load: float | None = None
    exception_share: float = 0.08
    days_between_bursts: float = 12.0
    lost_at_deadline: float = 0.3
    eventful_days: float = 0.0
    block_orders: int = 25_000

    def __post_init__(self) -> None:
        where = "synthetic source"
        if not 1_000 <= self.orders <= 10_000_000:
            cure = "Use 1,000 to 10,000,000 orders."
            raise BadInputError(where, f"orders is {self.orders}", cure)
        if self.seed < 0:
            raise BadInputError(where, f"seed is {self.seed}", "Use a whole number from 0.")
        if self.start.tzinfo is None or self.start.timestamp() % SECONDS_PER_DAY:
            cure = "Use midnight UTC, such as 2025-01-06T00:00Z."
            raise BadInputError(where, f"start is {self.start}", cure)

    @property
    def period_days(self) -> int:
        """Days that the period is long."""
        return self.days or int(np.clip(self.orders // 150, 60, 365))

    @property
    def period_s(self) -> int:
        """Seconds that the period is long."""
        return self.period_days * SECONDS_PER_DAY

    @property
    def end(self) -> datetime:
        """The moment at which the history is cut off."""
        return self.start + timedelta(days=self.period_days)

    def random(self, stream: RandomStream, index: int = 0) -> np.random.Generator:
        """Return the generator of a stream, for instance that of block `index`."""
        return np.random.default_rng([self.seed, stream, index])

    def orders_by_day(self) -> np.ndarray:
        """Orders of every day: a week's rhythm, mild growth and good and bad days."""
        random = self.random(RandomStream.VOLUME)
        days = np.arange(self.period_days)
        of_weekday = np.array([1.12, 1.05, 1.0, 1.0, 1.03, 0.9, 0.9])
        weekday = (days + self.start.weekday()) % 7
        growth = 0.94 + 0.12 * days / self.period_days
        weight = of_weekday[weekday] * growth * random.gamma(60, 1 / 60, self.period_days)
        return random.multinomial(self.orders, weight / weight.sum())
