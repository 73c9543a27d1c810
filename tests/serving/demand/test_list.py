"""The list of the demand page: matches, in the order that matters, quick to search."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from models.forecast_book.book import Review
from serving.demand.list import SeriesFilters, SeriesList, listed, series_list


@pytest.fixture
def series(a_book):
    return SeriesList(a_book(skus=4))


def names(series, rows):
    return [(series.row(row).name, series.row(row).location) for row in rows]


def test_all_words_of_a_search_must_stand_in_a_series(series):
    matches = series.matching(SeriesFilters(text="SOUTH a-00002"))
    assert names(series, matches) == [("A-00002", "south")]


def test_a_product_group_is_searched_too(series):
    assert len(series.matching(SeriesFilters(text="shoes"))) == 4


@pytest.mark.parametrize("text", ["(", "a-00002\\", ".*", "nothing"])
def test_a_search_is_plain_text(series, text):
    assert len(series.matching(SeriesFilters(text=text))) == 0


def test_a_word_never_reaches_from_one_series_into_the_next(series):
    assert len(series.matching(SeriesFilters(text="shoesa-0000"))) == 0


def test_series_are_narrowed_by_site_and_group(series):
    matches = series.matching(SeriesFilters(site="north", group="shoes"))
    assert {location for _, location in names(series, matches)} == {"north · shoes"}


def test_by_volume_the_largest_come_first(series):
    expected = [series.row(row).expected for row in series.matching(SeriesFilters(order="volume"))]
    assert expected == sorted(expected, reverse=True)


def test_by_risk_those_that_run_out_come_first_and_the_others_by_volume(a_book):
    exceptions = [
        {"kind": "stock_out_risk", "sku": "A-00000", "site": "south", "chance": 0.3},
        {"kind": "stock_out_risk", "sku": "A-00001", "site": "north", "chance": 0.8},
        {"kind": "overstock", "sku": "A-00002", "site": "north", "chance": None},
    ]
    series = SeriesList(a_book(skus=3, exceptions=pa.Table.from_pylist(exceptions)))
    risks = [series.row(row).risk for row in series.matching(SeriesFilters(order="risk"))]

    assert risks == [0.8, 0.3, None, None, None, None]


def test_by_error_those_that_miss_most_units_come_first(a_book):
    book = a_book(skus=3)
    error = np.arange(6, dtype=np.float32)
    review = Review(book.review.quantiles, {"mean_absolute_error": error}, {})
    series = SeriesList(a_book(skus=3, review=review))

    assert series.matching(SeriesFilters(order="error")).tolist() == [5, 4, 3, 2, 1, 0]


def test_sums_are_listed_beside_the_series(series):
    shown = listed(series, SeriesFilters(level="site"), 0, 50)

    assert [row.name for row in shown["rows"]] == ["south", "north"]
    assert shown["levels"] == [("series", "Series", 8), ("site", "Sites", 2), ("total", "Total", 1)]


def test_a_page_beyond_the_last_is_the_last(series):
    shown = listed(series, SeriesFilters(), 400, 3)
    assert (shown["begin"], shown["end"], shown["total"]) == (6, 8, 8)


def test_a_book_is_read_into_a_list_once(a_book):
    book = a_book()
    assert series_list(book) is series_list(book)


def test_a_series_without_a_past_has_an_empty_line(a_book):
    book = a_book()
    units = np.full_like(book.recent.units, np.nan)
    shown = SeriesList(a_book(recent=replace(book.recent, units=units))).row(0)

    assert shown.sold == ""
    assert len(shown.coming.split()) == book.forecast.horizon
