"""The watch over forecast books: the stock exceptions of each new one are raised."""

from sqlalchemy.exc import SQLAlchemyError

from data.domain import LeaseLostError
from data.policy.policy import Policy
from models.forecast_book.book import Book
from serving.clock import Clock
from serving.forecast_book import ForecastBookInUse
from serving.inventory.stock_exceptions import raise_stock_exceptions
from serving.live_list.worklist import Worklist
from serving.watch_lease import LeasedWriter


class StockExceptionWatch:
    """Watch for another forecast book, by the process that holds the lease."""

    def __init__(
        self,
        forecast_book: ForecastBookInUse,
        worklist: Worklist,
        writer: LeasedWriter,
        *,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._forecast_book = forecast_book
        self._worklist = worklist
        self._writer = writer
        self._policy = policy
        self._clock = clock
        self._done: Book | None = None
        self._token: int | None = None

    async def look(self) -> None:
        """Raise the stock exceptions of a new book; a book that is amiss is tried only once."""
        book = self._forecast_book.book
        if self._writer.token != self._token:
            self._done, self._token = None, self._writer.token
        if book is None or book is self._done or self._token is None:
            return
        try:
            await raise_stock_exceptions(
                book, self._worklist, self._writer, policy=self._policy, clock=self._clock
            )
        except (SQLAlchemyError, LeaseLostError):
            raise
        except Exception:  # the work list goes on without a book that is amiss
            self._done = book
            raise
        self._done = book
