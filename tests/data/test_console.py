"""Content of a history as it is described."""

import pytest

from data.console import history_tables


@pytest.fixture
def described(history):
    """The rows of the described tables, by title."""

    def describe():
        return {
            str(table.title): [
                list(row) for row in zip(*(c.cells for c in table.columns), strict=True)
            ]
            for table in history_tables(history())
        }

    return describe


def test_what_was_not_taken_is_described_with_counts_and_a_reason(write, described, orders):
    write(orders=orders.assign(placed_at=["soon", "2024-03-02", "2024-03-03"], country="Germany"))

    assert described()["Not taken"] == [
        [
            "test",
            "orders",
            "rows refused",
            "1",
            "placed_at: 'soon' is not a time between 1900 and 2200",
        ],
        [
            "test",
            "orders",
            "values left empty",
            "3",
            "country: is not a code of two letters; in the query, country_of(x) reads it",
        ],
    ]


@pytest.mark.parametrize("breached", [None, True])
def test_breaches_are_described_where_some_are_recorded(write, described, exceptions, breached):
    outcomes = exceptions[["exception_id"]].assign(known_at="2024-05-01", breached=breached)
    write(exceptions=exceptions, outcomes=outcomes)

    assert ("Breach rate by month" in described()) is (breached is not None)
