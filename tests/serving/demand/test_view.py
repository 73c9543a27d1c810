"""View of one series: nothing that is not known, and shades where it was out of stock."""

import math
from dataclasses import replace

import numpy as np
import pytest

from models.forecast_book.book import Review
from serving.demand.chart import demand_chart
from serving.demand.view import aggregate_view, series_view, shares_missed


def test_neighbouring_periods_out_of_stock_are_one_shade(a_book):
    book = a_book()
    in_stock = np.ones_like(book.recent.in_stock)
    in_stock[0, [2, 3, 6]] = 0.5
    shown = series_view(a_book(recent=replace(book.recent, in_stock=in_stock)), 0)
    days = book.recent.periods

    assert list(shown.stock_outs()) == [
        (f"{days[2] - 4}T12", f"{days[3] + 3}T12"),
        (f"{days[6] - 4}T12", f"{days[6] + 3}T12"),
    ]


def test_a_series_that_had_not_begun_was_not_out_of_stock(a_book):
    book = a_book()
    in_stock, units = np.zeros_like(book.recent.in_stock), np.full_like(book.recent.units, np.nan)
    recent = replace(book.recent, in_stock=in_stock, units=units)

    assert list(series_view(a_book(recent=recent), 0).stock_outs()) == []


def test_the_share_missed_counts_periods_in_stock_only(a_book):
    book = a_book(skus=1)
    units, in_stock = np.full((2, 8), 10, np.float32), np.ones((2, 8))
    units[0, -1], in_stock[0, -1] = 1_000, 0.2
    recent = replace(book.recent, units=units, in_stock=in_stock)
    missed = shares_missed(a_book(skus=1, recent=recent), slice(None))

    assert missed == pytest.approx([0.15, 0.15])


def test_what_is_not_known_is_not_told(a_book):
    book = a_book()
    unknown = np.full(book.forecast.series, np.nan, np.float32)
    stock = replace(book.stock, unit_price=unknown, on_hand=unknown)
    review = Review(np.full_like(book.review.quantiles, np.nan), {}, {})
    shown = series_view(a_book(stock=stock, review=review), 0)

    assert (shown.figures, shown.past) == ([], None)
    assert not {"price", "on hand"} & set(shown.facts)


def test_accuracy_is_told_in_words(a_book):
    values = {"mean_absolute_error": 1.5, "bias": -0.4, "covered": 0.75}
    figures = {name: np.full(6, value, np.float32) for name, value in values.items()}
    shown = series_view(a_book(review=Review(a_book().review.quantiles, figures, {})), 0)

    assert [figure.short for figure in shown.figures] == ["± 1.5", "0.4", "75 %"]
    assert "units a week too low" in shown.figures[1].words


def test_a_sum_is_shown_without_what_only_a_series_has(a_book):
    shown = aggregate_view(a_book(), 2)
    assert (shown.title, shown.in_stock, shown.past) == ("Everything", None, None)


def test_a_chart_holds_numbers_that_json_knows(a_book):
    book = a_book()
    units = book.recent.units.copy()
    units[0, :3] = np.nan
    chart = demand_chart(series_view(a_book(recent=replace(book.recent, units=units)), 0))
    sold = chart["data"][-1]["y"]

    assert sold[:3] == [None] * 3
    assert all(isinstance(number, float) and math.isfinite(number) for number in sold[3:])


def test_the_ranges_of_a_fan_lie_within_each_other(a_book):
    wide, middle, narrow = (
        demand_chart(series_view(a_book(), 5))["data"][band]["y"] for band in range(3)
    )
    half = len(wide) // 2

    assert all(
        a >= b >= c for a, b, c in zip(wide[:half], middle[:half], narrow[:half], strict=True)
    )
    assert all(
        a <= b <= c for a, b, c in zip(wide[half:], middle[half:], narrow[half:], strict=True)
    )
