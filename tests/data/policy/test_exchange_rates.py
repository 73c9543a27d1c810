"""Exchange rates: direct, inverse, by a third currency; by day, and never before they are known."""

from datetime import date
from math import isnan

import pytest

from data.policy.exchange_rates import ExchangeRates, Quote, Quotes
from data.ticks import MS_PER_DAY


def quote(currency, to_currency, day, rate, known_day=None):
    known_at = (day if known_day is None else known_day) * MS_PER_DAY
    return Quote(currency, to_currency, day * MS_PER_DAY, known_at, rate)


def factor(rates, currency, day):
    return rates.factor(currency, int(day * MS_PER_DAY))


@pytest.mark.parametrize(
    ("quotes", "expected"),
    [
        ([quote("JPY", "", 10, 0.006)], 0.006),
        ([quote("JPY", "EUR", 10, 0.006)], 0.006),
        ([quote("EUR", "JPY", 10, 160.0)], 1 / 160),
        ([quote("USD", "JPY", 10, 150.0), quote("EUR", "USD", 10, 1.2)], 1 / 180),
        ([quote("JPY", "EUR", 10, 0.006), quote("EUR", "JPY", 10, 200.0)], 0.006),
    ],
)
def test_a_rate_is_direct_or_inverse_or_by_a_third_currency(quotes, expected):
    rates = ExchangeRates.of("EUR", {}, quotes)

    assert factor(rates, "JPY", 10) == pytest.approx(expected)
    assert isnan(factor(rates, "JPY", 9.9))
    assert isnan(factor(rates, "IDR", 10))


def test_the_latest_rate_that_was_known_counts():
    late_news = quote("JPY", "", 20, 0.007, known_day=25)
    old_news = quote("JPY", "", 15, 0.9, known_day=30)
    rates = ExchangeRates.of("EUR", {}, [late_news, old_news, quote("JPY", "", 10, 0.006)])

    assert [factor(rates, "JPY", day) for day in (10, 24, 25, 31)] == [0.006, 0.006, 0.007, 0.007]


def test_a_rate_of_the_policy_counts_before_the_first_of_the_history():
    rates = ExchangeRates.of("EUR", {"JPY": 0.005}, [quote("JPY", "", 10, 0.006)])

    assert [factor(rates, "JPY", day) for day in (9, 10)] == [0.005, 0.006]


@pytest.mark.parametrize(
    ("quotes", "days", "expected"),
    [
        (
            [quote("EUR", "JPY", 10, 160.0), quote("JPY", "", 20, 0.007)],
            (9, 10, 20),
            (0, 160, 0.007),
        ),
        ([quote("JPY", "", 10, 0.007), quote("EUR", "JPY", 20, 160.0)], (10, 20), (0.007, 160)),
        (
            [quote("JPY", "USD", 5, 0.01), quote("USD", "", 5, 0.5), quote("JPY", "", 20, 0.007)],
            (5, 19, 20),
            (0.005, 0.005, 0.007),
        ),
    ],
)
def test_rates_of_both_directions_and_of_a_third_currency_continue_each_other(
    quotes, days, expected
):
    rates = ExchangeRates.of("EUR", {}, quotes)
    values = [factor(rates, "JPY", day) for day in days]

    expected = [1 / rate if rate > 1 else rate or float("nan") for rate in expected]
    assert values == pytest.approx(expected, nan_ok=True)


def test_a_rate_of_the_policy_leads_from_a_third_currency_into_its_own():
    rates = ExchangeRates.of("EUR", {"USD": 0.5}, [quote("JPY", "USD", 10, 0.01)])

    assert factor(rates, "JPY", 10) == pytest.approx(0.005)
    assert isnan(factor(rates, "JPY", 9))


def test_rates_of_the_policy_can_have_days():
    by_day = {date(1970, 1, 11): 0.006, date(1970, 1, 21): 0.007}
    rates = ExchangeRates.of("EUR", {"JPY": by_day})

    assert [factor(rates, "JPY", day) for day in (10, 19, 20)] == [0.006, 0.006, 0.007]


def test_quotes_are_read_back():
    quotes = Quotes([quote("JPY", "", 10, 0.006)])

    assert Quotes.from_text(quotes.to_text()).rows == quotes.rows
