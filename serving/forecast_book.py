"""The forecast book in use: looked for in the background, checked and mapped, then swapped in.

A call never waits for a book and never sees half of one. A book that can't be read is refused with
a line in the log; the one before stays, and is flagged once it is stale.
"""

import logging
import threading
from functools import lru_cache
from pathlib import Path

import numpy as np
from typing_extensions import TypedDict

from data.domain import BadInputError, Grain, NoForecastsError
from data.settings import Settings
from data.ticks import MS_PER_DAY
from models.demand.quantiles import QuantileReader
from models.forecast_book.book import Book
from models.forecast_book.store import BookPointer, current_book, read_book
from serving.scoring.answer import rfc3339
from serving.scoring.champion import REPEAT_BROKEN_AFTER_POLLS
from serving.wire.answers import Moment, closed

LOG = logging.getLogger("expedite.forecasts")
FOLDER = "forecasts"
_DAYS = {Grain.DAY: 1.0, Grain.WEEK: 7.0, Grain.MONTH: 30.44}
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
        self.reader = lru_cache(_KEPT_READERS)(self._reader)
        self.dates: list[str] = np.datetime_as_string(book.forecast.periods, "D").tolist()
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
        due = FRESH_PERIODS * period_days(self.book.forecast.grain) * MS_PER_DAY
        return now_ms - self.book.as_of_ms > due


def period_days(grain: Grain) -> float:
    """Return how long a period is, in days."""
    return _DAYS[grain]


class ForecastBookInUse:
    """Holds the book; it may be read at any time from any thread."""

    def __init__(self, mlruns: Path) -> None:
        self._root = mlruns / FOLDER
        self._pointer: BookPointer | None = None
        self._refused: BookPointer | None = None
        self._polls_since_refused = 0
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
        self._polls_since_refused += 1
        if pointer == self._refused and self._polls_since_refused < REPEAT_BROKEN_AFTER_POLLS:
            return False
        try:
            found = PreparedBook(read_book(self._root, pointer))
        except Exception as error:  # a broken file can raise anything; the service must go on
            self._refused, self._polls_since_refused = pointer, 0
            self._note(f"book {pointer.name} is refused: {error}")
            return False
        LOG.info("Forecast book %s is in use", pointer.name)
        self.current, self._pointer = found, pointer
        self.problem, self._refused = None, None
        return True

    def _note(self, problem: str) -> None:
        if problem != self.problem:
            LOG.warning("Forecasts: %s", problem)
        self.problem = problem


class ForecastWatch:
    """A thread that polls."""

    def __init__(self, forecasts: ForecastBookInUse, settings: Settings) -> None:
        self._forecasts = forecasts
        self._settings = settings
        self._stopping = threading.Event()
        self._first_look = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forecasts", daemon=True)

    def start(self) -> None:
        """Begin, and wait for the first look, but not for ever."""
        self._thread.start()
        if not self._first_look.wait(self._settings.startup_wait_seconds):
            LOG.warning("The forecast book is still being read: there are no forecasts until it is")

    def stop(self) -> None:
        """End after the look under way, or without it if that takes long."""
        self._stopping.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._forecasts.poll()
            self._first_look.set()
            self._stopping.wait(self._settings.poll_seconds)
