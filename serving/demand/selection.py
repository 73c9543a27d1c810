"""Selection of series in a forecast book, item by item: a wrong item never fails the rest."""

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import TypeAdapter

from data.domain import NotFoundError
from models.forecast_book.book import Book
from serving.demand.payload import SeriesIn
from serving.http.problems import ProblemOut, problem_of
from serving.wire.answers import closed
from serving.wire.check import checked
from serving.wire.errors import BadPayloadError, Flaw, echoed

Item = TypeVar("Item", bound=SeriesIn)


@closed
class RefusedSeriesOut(ProblemOut):
    """An item that can't be answered: unknown, or invalid."""

    sku: Any
    site: Any


class BookSelection(NamedTuple, Generic[Item]):
    """Rows of a book that a request names.

    Attributes:
        rows: Of the book.
        items: The item of the request for each row; empty if the request is for all series.
        refused: The answers to items that can't be answered.
    """

    rows: Sequence[int]
    items: Sequence[Item]
    refused: list[RefusedSeriesOut]


def select_series(
    book: Book, series: list[Any] | None, kind: TypeAdapter[Item]
) -> BookSelection[Item]:
    """Find the rows of series; all of a book where none are named."""
    if series is None:
        return BookSelection(range(book.forecast.series), (), [])
    rows: list[int] = []
    items: list[Item] = []
    refused: list[RefusedSeriesOut] = []
    for position, value in enumerate(series):
        try:
            item = checked(kind, value)
            matches = rows_of(book, item.sku, item.site)
        except BadPayloadError as error:
            flaws = [Flaw(f"/series/{position}{flaw.pointer}", flaw.detail) for flaw in error.flaws]
            refused.append(refusal(value, BadPayloadError(flaws)))
        except NotFoundError as error:
            refused.append(refusal(value, error))
        else:
            rows += matches
            items += [item] * len(matches)
    return BookSelection(rows, items, refused)


def rows_of(book: Book, sku: str, site: str | None) -> Sequence[int]:
    """Return the rows of a SKU at a site, or at all of its sites.

    Raises:
        NotFoundError: There is no forecast of it.
    """
    if site is None:
        rows: Sequence[int] = book.rows(sku)
    else:
        row = book.row(sku, site)
        rows = () if row is None else (row,)
    if not rows:
        raise NotFoundError("forecast of", sku if site is None else f"{sku} at {site}")
    return rows


def refusal(value: Any, error: Exception) -> RefusedSeriesOut:
    """Return the answer to an item that can't be answered."""
    sku, site = (value.get(n) if isinstance(value, dict) else None for n in ("sku", "site"))
    return {"sku": echoed(sku), "site": echoed(site), **problem_of(error)}
