"""Sources proposed for flat exports of shops, ledgers and warehouses, among columns of no use."""

import numpy as np
import pandas as pd
import pytest

from data.source_proposal.propose import propose

ORDERS = 300
MIN_RIGHT = 0.9


@pytest.fixture(scope="module")
def sold():
    """Lines of orders, with what their order repeats on each."""
    rng = np.random.default_rng(5)
    order = np.arange(ORDERS)
    placed = pd.Timestamp("2025-02-01") + pd.to_timedelta(np.sort(rng.uniform(0, 8e6, ORDERS)), "s")
    shipped = placed + pd.to_timedelta(rng.uniform(4e4, 4e5, ORDERS), "s")
    orders = pd.DataFrame(
        {
            "order": order,
            "placed": placed,
            "shipped": shipped,
            "delivered": (shipped + pd.to_timedelta(rng.uniform(6e4, 3e5, ORDERS), "s")).where(
                order % 8 > 0
            ),
            "customer": 40_000 + rng.integers(0, 150, ORDERS),
            "city": rng.choice([f"{a}{b}" for a in ("Nort", "Sud", "Bad") for b in "abcd"], ORDERS),
            "zip": 59_000 + 11 * rng.integers(0, 90, ORDERS),
            "total": rng.uniform(9, 400, ORDERS).round(2),
        }
    )
    lines = orders.loc[np.repeat(order, 1 + rng.integers(0, 3, ORDERS))].reset_index(drop=True)
    sku = rng.integers(0, 80, len(lines))
    return lines.assign(
        line=lines.groupby("order").cumcount() + 1,
        sku=sku,
        units=rng.integers(1, 6, len(lines)),
        price=(sku * 1.13 + 3.99).round(2),
        site=rng.choice(["W01", "W02", "W03"], len(lines)),
    )


def some(rows: pd.DataFrame, *values: str) -> np.ndarray:
    """One of some words for each order."""
    return np.array(values)[rows["order"] * 7 % len(values)]


def shop_export(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """Export of a shop: what belongs to an order stands on its first line only."""
    spelling = "%Y-%m-%d %H:%M:%S +0100"
    once = {
        "Financial Status": some(rows, "paid", "refunded"),
        "Fulfillment Status": some(rows, "fulfilled", "unfulfilled", "partial"),
        "Fulfilled at": rows["shipped"].dt.strftime(spelling),
        "Currency": "EUR",
        "Taxes": (rows["total"] * 0.19).round(2),
        "Total": rows["total"],
        "Discount Code": some(rows, "", "SPRING"),
        "Shipping City": rows["city"],
        "Shipping Zip": rows["zip"].astype(str),
        "Shipping Country": some(rows, "FR", "BE"),
        "Payment Method": some(rows, "card", "wallet", "invoice"),
    }
    frame = pd.DataFrame(once, index=rows.index).where(rows["line"] == 1)
    frame.insert(0, "Name", [f"#{1001 + n}" for n in rows["order"]])
    frame["Created at"] = rows["placed"].dt.strftime(spelling)
    frame["Lineitem quantity"], frame["Lineitem price"] = rows["units"], rows["price"]
    frame["Lineitem name"] = [f"Round lamp {n}" for n in rows["sku"]]
    frame["Lineitem sku"] = [f"LMP-{n:03d}" for n in rows["sku"]]
    frame["Vendor"] = np.array(["Lumen", "Halo", "Glow"])[rows["sku"] % 3]
    frame.insert(1, "Email", [f"k{n}@example.org" for n in rows["customer"]])
    return frame, {
        "order": {
            "order_id": "Name",
            "customer_id": "Email",
            "placed_at": "Created at",
            "shipped_at": "Fulfilled at",
            "payment_status": "Financial Status",
            "fulfillment_status": "Fulfillment Status",
            "currency": "Currency",
            "total": "Total",
            "city": "Shipping City",
            "postcode": "Shipping Zip",
            "country": "Shipping Country",
            "payment_method": "Payment Method",
        },
        "line": {
            "sku": "Lineitem sku",
            "units": "Lineitem quantity",
            "unit_price": "Lineitem price",
        },
    }


def invoice_list(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """List of invoices with decimal commas, rebates and taxes."""
    frame = pd.DataFrame(
        {
            "Rechnungsnr": [f"RE-2025-{1_000 + n}" for n in rows["order"]],
            "Rechnungsdatum": rows["placed"].dt.strftime("%d.%m.%Y"),
            "Kundennr.": rows["customer"],
            "Kunde Ort": rows["city"],
            "Pos": rows["line"],
            "Artikelnummer": 7_000 + rows["sku"],
            "Bezeichnung": [f"Lampe rund {n}" for n in rows["sku"]],
            "Menge": rows["units"],
            "ME": "Stk",
            "E-Preis": rows["price"].map("{:.2f}".format).str.replace(".", ","),
            "Rabatt %": some(rows, "0", "3", "5"),
            "MwSt": 19,
            "Währung": "EUR",
        }
    )
    return frame, {
        "order": {
            "order_id": "Rechnungsnr",
            "placed_at": "Rechnungsdatum",
            "customer_id": "Kundennr.",
            "city": "Kunde Ort",
            "currency": "Währung",
        },
        "line": {
            "line_id": "Pos",
            "sku": "Artikelnummer",
            "units": "Menge",
            "unit_price": "E-Preis",
        },
    }


def shipment_log(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """Log of a warehouse in short forms, its lines numbered in tens."""
    spelling = "%m/%d/%Y %I:%M %p"
    frame = pd.DataFrame(
        {
            "DELIV_NO": 80_000_000 + rows["order"],
            "LINE": rows["line"] * 10,
            "ORD_REL_TS": rows["placed"].dt.strftime(spelling),
            "SHIP_TS": rows["shipped"].dt.strftime(spelling),
            "POD_TS": rows["delivered"].dt.strftime(spelling),
            "WHSE": rows["site"],
            "CARRIER_CD": some(rows, "DHL", "UPS", "GLS"),
            "ITEM_CD": [f"IT{n:05d}" for n in rows["sku"]],
            "SHIPPED_QTY": rows["units"],
            "CONSIGNEE_NO": rows["customer"],
            "DEST_CTRY": some(rows, "DE", "AT", "PL"),
            "DEST_ZIP": rows["zip"],
            "DEST_CITY": rows["city"],
            "GROSS_WGT": (rows["units"] * 1.3).round(1),
        }
    )
    return frame, {
        "order": {
            "order_id": "DELIV_NO",
            "placed_at": "ORD_REL_TS",
            "shipped_at": "SHIP_TS",
            "delivered_at": "POD_TS",
            "customer_id": "CONSIGNEE_NO",
            "country": "DEST_CTRY",
            "postcode": "DEST_ZIP",
            "city": "DEST_CITY",
        },
        "line": {"line_id": "LINE", "sku": "ITEM_CD", "units": "SHIPPED_QTY", "site": "WHSE"},
    }


def marketplace_report(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """Report of a marketplace: one line an order, days of two digits a part, a counted index."""
    rows = rows[rows["line"] == 1]
    frame = pd.DataFrame(
        {
            "index": range(len(rows)),
            "Order ID": [f"405-{8_078_784 + 31 * n}-{5_731_545 + 17 * n}" for n in rows["order"]],
            "Date": rows["placed"].dt.strftime("%m-%d-%y"),
            "Status": some(rows, "Shipped", "Cancelled", "Pending"),
            "ship-service-level": some(rows, "Standard", "Expedited"),
            "SKU": [f"SET{n // 3}-KR-{'SML'[n % 3]}" for n in rows["sku"]],
            "Category": np.array(["Set", "Kurta", "Top"])[rows["sku"] % 3],
            "Qty": rows["units"],
            "currency": "INR",
            "Amount": rows["total"],
            "ship-city": rows["city"].str.upper(),
            "ship-postal-code": rows["zip"].astype(str) + ".0",
            "ship-country": "IN",
            "B2B": some(rows, "True", "False"),
        }
    )
    return frame, {
        "order": {
            "order_id": "Order ID",
            "placed_at": "Date",
            "currency": "currency",
            "total": "Amount",
            "city": "ship-city",
            "postcode": "ship-postal-code",
            "country": "ship-country",
        },
        "line": {"sku": "SKU", "units": "Qty"},
        "product": {"category": "Category"},
    }


def sales_lines(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """Lines in no order, with telephones of ten digits and amounts beside the price."""
    frame = pd.DataFrame(
        {
            "ORDERNUMBER": 10_100 + rows["order"],
            "QUANTITYORDERED": rows["units"] * 7,
            "PRICEEACH": rows["price"],
            "ORDERLINENUMBER": rows["line"],
            "SALES": (rows["units"] * 7 * rows["price"]).round(2),
            "ORDERDATE": rows["placed"].dt.strftime("%m/%d/%Y 0:00"),
            "STATUS": some(rows, "Shipped", "Disputed", "On Hold"),
            "MONTH_ID": rows["placed"].dt.month,
            "PRODUCTLINE": np.array(["Trains", "Ships", "Planes"])[rows["sku"] % 3],
            "PRODUCTCODE": [f"S10_{1_000 + n}" for n in rows["sku"]],
            "PHONE": [f"212555{n % 10_000:04d}" for n in rows["customer"]],
            "CITY": rows["city"],
            "POSTALCODE": rows["zip"],
        }
    )
    return frame.sample(frac=1, random_state=1), {
        "order": {
            "order_id": "ORDERNUMBER",
            "placed_at": "ORDERDATE",
            "city": "CITY",
            "postcode": "POSTALCODE",
        },
        "line": {
            "line_id": "ORDERLINENUMBER",
            "sku": "PRODUCTCODE",
            "units": "QUANTITYORDERED",
            "unit_price": "PRICEEACH",
        },
    }


@pytest.mark.parametrize(
    "export", [shop_export, invoice_list, shipment_log, marketplace_report, sales_lines]
)
def test_nine_in_ten_columns_of_a_flat_export_are_found(sold, tmp_path, export):
    frame, fields = export(sold)
    frame.to_csv(tmp_path / "export.csv", index=False)

    proposal = propose([tmp_path / "export.csv"])

    matched = {(str(role), field): m.column.names[0] for role, _, field, m in proposal.fields()}
    right = [
        matched.get((role, field)) == column
        for role, columns in fields.items()
        for field, column in columns.items()
    ]
    assert np.mean(right) >= MIN_RIGHT
    assert "GROSS_WGT" not in matched.values()
    assert matched.get(("line", "site")) != "Vendor"


def test_lines_are_told_from_their_orders_by_their_numbers_where_times_differ(sold, tmp_path):
    numbered = sold.sort_values(["order", "line"]).reset_index(drop=True)
    numbered["number"] = 5_000 + numbered.index
    frame = pd.DataFrame(
        {
            "a": 7_000 + numbered["order"],
            "b": numbered["number"],
            "c": (numbered["placed"] + pd.to_timedelta(numbered["number"] % 97, "D")).astype(str),
            "d": numbered["units"],
            "e": numbered["customer"],
            "f": [f"LMP-{n:03d}" for n in numbered["sku"]],
            "g": numbered["price"],
        }
    )
    frame.sample(frac=1, random_state=2).to_csv(tmp_path / "export.csv", index=False)

    proposal = propose([tmp_path / "export.csv"])

    matched = {(str(role), field): m.column.names[0] for role, _, field, m in proposal.fields()}
    assert (matched["order", "order_id"], matched["line", "line_id"]) == ("a", "b")
    assert (matched["order", "customer_id"], matched["line", "unit_price"]) == ("e", "g")
