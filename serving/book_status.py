"""What the pages of demand and stock tell of the forecast book that they show. No HTTP in it."""

from typing import Any

from models.book import Book
from serving.answers import rfc3339
from serving.desk import Desk


def book_status(desk: Desk, book: Book) -> dict[str, Any]:
    """Return by which model the book was made, what it knows, and whether it is out of date."""
    return {
        "model_version": book.model_version,
        "as_of": rfc3339(book.as_of_ms),
        "made_at": rfc3339(book.made_at_ms),
        "wape": book.review.overall.get("wape"),
        "stale": desk.forecasts.stale(book, desk.now_ms()),
    }
