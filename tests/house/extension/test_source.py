"""A data source is one folder."""

PRODUCTS = """-- One row per row of the file.
select code as sku, weight as weight_g, timestamp '1970-01-01' as known_at, _file, _row
from moon_rocks
"""
INPUTS = """moon_rocks = ["*rocks*"]
"""
PROGRAM = """
import sys
from pathlib import Path
from data.__main__ import main

Path("rocks.csv").write_text("code,weight\\nbasalt,70\\nbreccia,heavy\\n")
sys.argv = ["data", "import", "rocks.csv", "--source", "moon", "--into", "history"]
try:
    main()
except SystemExit as end:
    assert not end.code
from data.history.history import History
products = History.open("history").table("products")
print(products[["sku", "weight_g"]].to_dict("list"))
"""


def test_a_source_imports_from_one_new_folder(product):
    product.add_file("data/sources/moon/products.sql", PRODUCTS)
    product.add_file("data/sources/moon/inputs.toml", INPUTS)

    printed = product.run(PROGRAM)

    assert "weight_g: is not a number" in printed
    assert printed.splitlines()[-1] == "{'sku': ['basalt', 'breccia'], 'weight_g': [70.0, nan]}"
