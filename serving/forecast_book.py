"""The forecast book in use: looked for in the background, checked and mapped, then swapped in.

A call never waits for a book and never sees half of one. A book that can't be read is refused with
a line in the log; the one before stays, and is flagged once it is stale.
"""

import logging
from functools import lru_cache
from pathlib import Path

import numpy as np
from typing_extensions import TypedDict

from data.domain import BadInputError, NoForecastsError
from data.ticks import MS_PER_DAY
from features.demand.panel import next_periods
from models.demand.quantiles import QuantileReader
from models.forecast_book.book import Book
from models.forecast_book.store import BookPointer, current_book, read_book
from serving.background import BrokenVersion
from serving.wire.answers import Moment, closed
from serving.wire.formats import rfc3339

LOG = logging.getLogger("expedite.forecasts")
FOLDER = "forecasts"
FRESH_PERIODS = 1.5
"""A book is due after each period; half of one more is grace."""
_KEPT_READERS = 64


@closed
class BookStampOut(TypedDict):
    """By which model, as of when; `stale` says that a newer book is due."""

    model_version: str
    as_of: Moment
    made_at: Moment
    stale: bool


class PreparedBook:
    """A book with what is kept ready to answer from it."""

    def __init__(self, book: Book) -> None:
        self.book = book
        periods = book.forecast.periods
        self.reader = lru_cache(_KEPT_READERS)(self._reader)
        self.dates: list[str] = np.datetime_as_string(periods, "D").tolist()
        edges = np.append(periods[1:], next_periods(periods[-1], book.forecast.grain, 1))
        self.last_days: list[str] = np.datetime_as_string(edges - 1, "D").tolist()
        self._as_of, self._made_at = rfc3339(book.as_of_ms), rfc3339(book.made_at_ms)
        book.row("", "")  # the index of the series is built here, and not in the first call

    def _reader(self, probabilities: tuple[float, ...]) -> QuantileReader:
        return QuantileReader(self.book.forecast.tables, np.array(probabilities))

    def stamp(self, now_ms: int) -> BookStampOut:
        """Return what every answer carries: by which model, as of when, and whether stale."""
        book = self.book
        return {
            "model_version": book.model_version,
            "as_of": self._as_of,
            "made_at": self._made_at,
            "stale": self.stale(now_ms),
        }

    def stale(self, now_ms: int) -> bool:
        """Return whether a newer book should have been made by now."""
        due = FRESH_PERIODS * self.book.forecast.grain.mean_days * MS_PER_DAY
        return now_ms - self.book.as_of_ms > due


class ForecastBookInUse:
    """Holds the book; it may be read at any time from any thread."""

    def __init__(self, mlruns: Path) -> None:
        self._root = mlruns / FOLDER
        self._pointer: BookPointer | None = None
        self._broken = BrokenVersion[BookPointer]()
        self.current: PreparedBook | None = None
        self.problem: str | None = "not looked for yet"

    @property
    def book(self) -> Book | None:
        """The book in use; None where there is none."""
        current = self.current
        return current.book if current else None

    def in_use(self) -> PreparedBook:
        """Return the book in use.

        Raises:
            NoForecastsError: There is none.
        """
        current = self.current
        if current is None:
            raise NoForecastsError(self.problem or "none was made")
        return current

    def poll(self) -> bool:
        """Look once; return whether another book was swapped in."""
        try:
            pointer = current_book(self._root)
        except BadInputError as error:
            self._note(str(error))
            return False
        if pointer is None:
            self._note("none was made")
            return False
        if pointer == self._pointer:
            self.problem = None
            return False
        return self._load(pointer)

    def _load(self, pointer: BookPointer) -> bool:
        if self._broken.is_resting(pointer):
            return False
        try:
            prepared = PreparedBook(read_book(self._root, pointer))
        except Exception as error:  # a broken file can raise anything; the service must go on
            self._broken.refuse(pointer)
            self._note(f"book {pointer.name} is refused: {error}")
            return False
        LOG.info("Forecast book %s is in use", pointer.name)
        self.current, self._pointer = prepared, pointer
        self.problem = None
        self._broken.forget()
        return True

    def _note(self, problem: str) -> None:
        if problem != self.problem:
            LOG.warning("Forecasts: %s", problem)
        self.problem = problem
