"""Sources proposed for files whose columns have other names than the contract's."""

import os
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from data.domain import BadInputError
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.source_proposal.propose import Proposal, propose

ORDERS = 400
MIN_RIGHT = 0.9
REAL = os.environ.get("EXPEDITE_REAL_DATA")


def shop() -> dict[str, pd.DataFrame]:
    """Orders, lines, customers, products and payments under the names of the roles' fields."""
    rng = np.random.default_rng(7)
    order = np.arange(ORDERS)
    placed = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.sort(rng.uniform(0, 9e6, ORDERS)), "s")
    shipped = placed + pd.to_timedelta(rng.uniform(3_600, 3e5, ORDERS), "s")
    delivered = shipped + pd.to_timedelta(rng.uniform(9e4, 6e5, ORDERS), "s")
    customers = rng.integers(0, 250, ORDERS)
    cities = np.array([f"{a}{b}" for a in ("north", "south", "bad ") for b in ("ford", "ham", "burg")] * 8)
    orders = pd.DataFrame(
        {
            "order_id": [f"SO{7_000_000 + n * 13}" for n in order],
            "customer_id": [f"K{90_000 + c}" for c in customers],
            "placed_at": placed.strftime("%d.%m.%Y %H:%M"),
            "promised_at": (placed + pd.Timedelta(days=9)).strftime("%d.%m.%Y"),
            "shipped_at": np.where(order % 11 == 0, None, shipped.strftime("%d.%m.%Y %H:%M")),
            "delivered_at": np.where(order % 7 == 0, None, delivered.strftime("%d.%m.%Y %H:%M")),
            "currency": rng.choice(["EUR", "CHF"], ORDERS),
        }
    )
    lines = orders[["order_id"]].loc[np.repeat(order, 1 + order % 3)].reset_index(drop=True)
    lines["line_id"] = lines.groupby("order_id").cumcount() + 1
    sku = rng.integers(0, 120, len(lines))
    lines["sku"] = [f"A-{100 + s}" for s in sku]
    lines["units"] = rng.integers(1, 9, len(lines))
    lines["unit_price"] = (sku * 1.37 + 4.99).round(2)
    people = pd.DataFrame(
        {
            "customer_id": [f"K{90_000 + c}" for c in range(250)],
            "city": rng.choice(cities, 250),
            "postcode": [f"{10_000 + 17 * c}" for c in range(125)] * 2,
            "country": rng.choice(["DE", "AT", "CH"], 250),
        }
    )
    products = pd.DataFrame(
        {
            "sku": [f"A-{100 + s}" for s in range(120)],
            "category": rng.choice(["tools", "garden", "toys", "lamps"], 120),
            "weight_g": rng.integers(50, 9_000, 120),
        }
    )
    payments = pd.DataFrame(
        {
            "order_id": orders["order_id"],
            "payment_method": rng.choice(["card", "invoice", "wallet"], ORDERS),
            "total": rng.uniform(9, 900, ORDERS).round(2),
        }
    )
    return {"orders": orders, "lines": lines, "customers": people, "products": products, "payments": payments}


ROLES = {"orders": "order", "lines": "line", "customers": "customer", "products": "product", "payments": "payment"}
VOCABULARIES = {
    "german": {
        "order_id": "AuftragsNr", "customer_id": "KundenNr", "placed_at": "Angelegt_am", "promised_at": "Zugesagter Liefertermin",
        "shipped_at": "Versendet am", "delivered_at": "Zugestellt", "currency": "Währung", "line_id": "Pos.", "sku": "Artikel-Nr",
        "units": "Menge (Stk)", "unit_price": "Einzelpreis netto", "city": "Ort", "postcode": "PLZ", "country": "Land",
        "category": "Warengruppe", "weight_g": "Gewicht in g", "payment_method": "Zahlart", "total": "Betrag brutto",
    },
    "chinese": {
        "order_id": "订单编号", "customer_id": "客户编号", "placed_at": "下单时间", "promised_at": "承诺送达日期", "shipped_at": "实际发货时间",
        "delivered_at": "签收时间", "currency": "币种", "line_id": "行号", "sku": "商品编号", "units": "数量", "unit_price": "销售单价",
        "city": "城市", "postcode": "邮编", "country": "国家", "category": "商品类别", "weight_g": "重量(克)", "payment_method": "支付方式", "total": "支付金额",
    },
    "erp": {
        "order_id": "SalesDocNo", "customer_id": "SoldToParty", "placed_at": "DocCreatedOn", "promised_at": "ReqDelivDate",
        "shipped_at": "GoodsIssueShipDate", "delivered_at": "ProofOfDelivery", "currency": "DocCurr", "line_id": "ItemNo", "sku": "MaterialNo",
        "units": "OrderQty", "unit_price": "NetUnitPrice", "city": "ShipToCity", "postcode": "ShipToPostalCd", "country": "ShipToCountryKey",
        "category": "ProdCategory", "weight_g": "NetWeightGrams", "payment_method": "PaymtMethod", "total": "AmountPaid",
    },
}  # fmt: skip


def written(tables: dict[str, pd.DataFrame], folder: Path) -> Path:
    folder.mkdir()
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


def right_share(proposal: Proposal, tables: dict[str, pd.DataFrame], names: dict[str, dict[str, str]]) -> float:
    """Share of the columns that are proposed for the field that they are."""
    matched = {(str(role), field): m.column.names[0] for role, _, field, m in proposal.fields()}
    right = [
        matched.get((ROLES[table], field)) == names[table][field]
        for table in tables
        for field in tables[table].columns
    ]
    return float(np.mean(right))


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_columns_are_found_behind_the_names_of(vocabulary, tmp_path):
    tables = shop()
    names = {table: {field: VOCABULARIES[vocabulary][field] for field in tables[table].columns} for table in tables}
    renamed = {table: tables[table].rename(columns=names[table]) for table in tables}

    share = right_share(propose([written(renamed, tmp_path / "files")]), tables, names)

    assert share >= MIN_RIGHT


def test_columns_without_a_telling_name_are_found_by_their_values(tmp_path):
    tables = shop()
    names = {t: {field: f"f{n:02d}" for n, field in enumerate(tables[t].columns)} for t in tables}
    renamed = {f"t{n}": tables[t].rename(columns=names[t]) for n, t in enumerate(tables)}

    proposal = propose([written(renamed, tmp_path / "files")])

    assert right_share(proposal, tables, names) >= MIN_RIGHT
    assert {m.confidence for _, _, field, m in proposal.fields() if field == "placed_at"} == {"a guess"}


def test_a_proposed_source_imports_every_row(tmp_path):
    files = written(shop(), tmp_path / "files")
    propose([files]).write(tmp_path / "source")

    report = import_files([files], tmp_path / "source", tmp_path / "history", ImportTerms())

    counts = {table: (c.read, c.quarantined) for table, c in report.counts.items()}
    assert counts["orders"] == (ORDERS, 0)
    assert {refused for _, refused in counts.values()} == {0}
    assert {"orders", "order_lines", "order_events", "products"} <= counts.keys()


def test_orders_in_a_flat_file_are_grouped(tmp_path):
    tables = shop()
    flat = tables["lines"].merge(tables["orders"], on="order_id").merge(tables["customers"], on="customer_id")
    files = written({"export": flat}, tmp_path / "files")
    propose([files]).write(tmp_path / "source")

    report = import_files([files], tmp_path / "source", tmp_path / "history", ImportTerms())

    assert report.counts["orders"].read == ORDERS
    assert report.counts["order_lines"].read == len(flat)


def test_what_a_log_of_cases_says_in_the_end_is_an_outcome_and_no_fact_of_the_exception(tmp_path):
    rng = np.random.default_rng(3)
    rows = [
        {
            "Ticket ID": f"T{n:05d}", "Created": f"2025-03-{1 + n % 28:02d} 08:00", "Updated": f"2025-03-{1 + n % 28:02d} {9 + step}:{n % 60:02d}",
            "Status": status, "Assignment group": f"team {rng.integers(4)}", "Priority": int(rng.integers(1, 5)),
            "Resolved": f"2025-03-{1 + n % 28:02d} 11:{n % 60:02d}", "SLA breached": bool(n % 3 == 0),
        }
        for n in range(300) for step, status in enumerate(("New", "In progress", "Resolved"))
    ]  # fmt: skip
    files = written({"tickets": pd.DataFrame(rows)}, tmp_path / "files")
    proposal = propose([files])
    proposal.write(tmp_path / "source")

    report = import_files([files], tmp_path / "source", tmp_path / "history", ImportTerms())

    assert {name: c.accepted for name, c in report.counts.items()} == {"exceptions": 300, "exception_events": 900, "outcomes": 300}
    assert "SLA breached" not in proposal.texts["exceptions.sql"]
    assert "SLA breached" in proposal.texts["outcomes.sql"]


def test_files_that_hold_nothing_of_the_contract_are_refused(tmp_path):
    files = written({"notes": pd.DataFrame({"a": ["x", "y"], "b": ["p", "q"]})}, tmp_path / "files")

    with pytest.raises(BadInputError, match="neither orders, exceptions, stock nor demand"):
        propose([files])


def test_names_of_countries_become_their_codes(tmp_path):
    tables = shop()
    tables["customers"]["country"] = tables["customers"]["country"].map({"DE": "Deutschland", "AT": "Österreich", "CH": "Switzerland"})
    files = written(tables, tmp_path / "files")
    propose([files]).write(tmp_path / "source")
    import_files([files], tmp_path / "source", tmp_path / "history", ImportTerms())

    orders = next((tmp_path / "history").rglob("orders*.parquet"))
    countries = duckdb.sql(f"select distinct country from '{orders}' order by 1").fetchall()  # noqa: S608
    assert countries == [("AT",), ("CH",), ("DE",)]


REAL_COLUMNS = {
    "olist": {
        ("order", "order_id"): "order_id", ("order", "placed_at"): "order_purchase_timestamp", ("order", "customer_id"): "customer_id",
        ("order", "promised_at"): "order_estimated_delivery_date", ("order", "paid_at"): "order_approved_at",
        ("order", "shipped_at"): "order_delivered_carrier_date", ("order", "delivered_at"): "order_delivered_customer_date",
        ("line", "order_id"): "order_id", ("line", "line_id"): "order_item_id", ("line", "sku"): "product_id", ("line", "site"): "seller_id",
        ("line", "unit_price"): "price", ("customer", "customer_id"): "customer_id", ("customer", "person"): "customer_unique_id",
        ("customer", "postcode"): "customer_zip_code_prefix", ("customer", "city"): "customer_city", ("customer", "region"): "customer_state",
        ("payment", "payment_method"): "payment_type", ("payment", "total"): "payment_value", ("product", "sku"): "product_id",
        ("product", "category"): "product_category_name", ("product", "weight_g"): "product_weight_g", ("site", "site"): "seller_id",
        ("site", "region"): "seller_state",
    },
    "online_retail_ii": {
        ("order", "order_id"): "Invoice", ("order", "placed_at"): "InvoiceDate", ("order", "customer_id"): "Customer ID", ("order", "country"): "Country",
        ("line", "sku"): "StockCode", ("line", "units"): "Quantity", ("line", "unit_price"): "Price",
    },
    "just_in_time": {
        ("order", "order_id"): "Order ID ", ("order", "placed_at"): " Order Year ", ("order", "customer_id"): " Customer ID ",
        ("order", "country"): "Customer Country", ("order", "region"): "Customer Region", ("order", "shipped_at"): "Shipment Year",
        ("line", "line_id"): " Order Item ID ", ("line", "sku"): "Product Name", ("line", "units"): "Order Quantity",
        ("product", "department"): "Product Department", ("product", "category"): "Product Category",
        ("stock", "sku"): "Product Name", ("stock", "counted_at"): " Year Month ", ("stock", "on_hand"): " Warehouse Inventory ",
    },
}  # fmt: skip


@pytest.mark.skipif(REAL is None, reason="EXPEDITE_REAL_DATA is not set")
@pytest.mark.parametrize("name", REAL_COLUMNS)
def test_nine_in_ten_columns_of_a_real_export_are_found(name):
    encoding = "latin-1" if name == "just_in_time" else "utf-8"

    proposal = propose([Path(REAL or "") / name], encoding=encoding)

    matched = {(str(role), field): m.column.names[0] for role, _, field, m in proposal.fields()}
    right = [matched.get(key) == column for key, column in REAL_COLUMNS[name].items()]
    assert np.mean(right) >= MIN_RIGHT
