import pandas as pd
import pytest

from data.domain import BadInputError

ORDERS = "select *, placed_at as known_at from orders"
LINES = "select * from lines"
PRODUCTS = "select sku, name, timestamp '1970-01-01' as known_at from products"


@pytest.fixture
def shop(tmp_path, source, read_files):
    """Import lines (one an order) and products by their keys; return the report."""

    def _import(skus, products, inputs='join_alike = ["sku"]'):
        folder = source(orders=ORDERS, order_lines=LINES, products=PRODUCTS)
        (folder / "inputs.toml").write_text(inputs)
        ids = [f"o{row}" for row in range(len(skus))]
        frames = {
            "orders": pd.DataFrame({"order_id": ids, "placed_at": "2024-03-01"}),
            "lines": pd.DataFrame({"order_id": ids, "line_id": "1", "sku": skus, "units": "1"}),
            "products": pd.DataFrame({"sku": products, "name": "bolt"}),
        }
        for name, frame in frames.items():
            frame.to_csv(tmp_path / f"{name}.csv", index=False)
        return read_files(*(tmp_path / f"{name}.csv" for name in frames), folder=folder)

    return _import


def test_keys_that_look_alike_are_joined_over_tables_where_the_source_says_so(shop, history):
    report = shop(["ab1", "AB1", "007", "\uff17", "cafe\u0301"], ["Ab1 ", "7.0", "caf\u00e9", "X"])

    tables = history()
    assert set(tables.table("order_lines")["sku"]) == {"ab1", "007", "cafe\u0301"}
    assert set(tables.table("products")["sku"]) == {"ab1", "007", "cafe\u0301", "X"}
    assert report.notices[-1] == (
        "sku: 5 spellings in 5 rows were joined with a key that looks alike, "
        "such as 'AB1' with 'ab1'."
    )


def test_keys_stay_as_they_are_where_the_source_says_nothing(shop, history):
    report = shop(["ab1", "AB1"], ["Ab1"], inputs="")

    assert set(history().table("order_lines")["sku"]) == {"ab1", "AB1"}
    assert not any("looks alike" in notice for notice in report.notices)


def test_the_spelling_of_the_history_outlives_a_second_import(shop, history):
    shop(["ab1"], ["ab1"])
    report = shop(["AB1", "ab1"], ["AB1"])

    assert set(history().table("order_lines")["sku"]) == {"ab1"}
    assert report.counts["products"].unchanged == 1


def test_lines_find_their_order_by_another_spelling(source, read_files, tmp_path):
    folder = source(orders=ORDERS, order_lines=LINES)
    (folder / "inputs.toml").write_text('join_alike = ["order_id"]')
    (tmp_path / "orders.csv").write_text("order_id,placed_at\na1,2024-03-01\n")
    (tmp_path / "lines.csv").write_text("order_id,line_id,sku,units\n A1,1,S,1\n")

    report = read_files(tmp_path / "orders.csv", tmp_path / "lines.csv", folder=folder)

    assert report.counts["order_lines"].accepted == 1


@pytest.mark.parametrize("value", ['"sku"', '["city"]', '{files = ["a*"]}', "[1, []]"])
def test_columns_that_are_no_keys_can_not_be_joined(shop, value):
    with pytest.raises(BadInputError, match=r"'join_alike' can't be read. It is a list of columns"):
        shop(["a"], ["a"], inputs=f"join_alike = {value}")
