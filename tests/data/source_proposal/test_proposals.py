"""Sources proposed for files whose columns have other names than the contract's."""

import os
import tomllib
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from data.domain import BadInputError
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.source_proposal.propose import Proposal, propose

TERMS = ImportTerms("test", pd.Timestamp("2026-01-01", tz="UTC"))
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
    cities = np.array(
        [f"{a}{b}" for a in ("north", "south", "bad ") for b in ("ford", "ham", "burg")] * 8
    )
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
    return {
        "orders": orders,
        "lines": lines,
        "customers": people,
        "products": products,
        "payments": payments,
    }


ROLES = {
    "orders": "order",
    "lines": "line",
    "customers": "customer",
    "products": "product",
    "payments": "payment",
}
HERE = Path(__file__).parent
VOCABULARIES = tomllib.loads((HERE / "vocabularies.toml").read_text(encoding="utf-8"))


def written(tables: dict[str, pd.DataFrame], folder: Path) -> Path:
    folder.mkdir()
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


def right_share(
    proposal: Proposal, tables: dict[str, pd.DataFrame], names: dict[str, dict[str, str]]
) -> float:
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
    names = {
        table: {field: VOCABULARIES[vocabulary][field] for field in tables[table].columns}
        for table in tables
    }
    renamed = {table: tables[table].rename(columns=names[table]) for table in tables}

    share = right_share(propose([written(renamed, tmp_path / "files")]), tables, names)

    assert share >= MIN_RIGHT


def test_columns_without_a_telling_name_are_found_by_their_values(tmp_path):
    tables = shop()
    names = {t: {field: f"f{n:02d}" for n, field in enumerate(tables[t].columns)} for t in tables}
    renamed = {f"t{n}": tables[t].rename(columns=names[t]) for n, t in enumerate(tables)}

    proposal = propose([written(renamed, tmp_path / "files")])

    assert right_share(proposal, tables, names) >= MIN_RIGHT
    assert {m.confidence for _, _, field, m in proposal.fields() if field == "placed_at"} == {
        "a guess"
    }


def test_a_proposed_source_imports_every_row(tmp_path):
    files = written(shop(), tmp_path / "files")
    propose([files]).write(tmp_path / "source")

    report = import_files([files], tmp_path / "source", tmp_path / "history", TERMS)

    counts = {table: (c.read, c.quarantined) for table, c in report.counts.items()}
    assert counts["orders"] == (ORDERS, 0)
    assert {refused for _, refused in counts.values()} == {0}
    assert {"orders", "order_lines", "order_events", "products"} <= counts.keys()


def test_orders_in_a_flat_file_are_grouped(tmp_path):
    tables = shop()
    flat = (
        tables["lines"]
        .merge(tables["orders"], on="order_id")
        .merge(tables["customers"], on="customer_id")
    )
    files = written({"export": flat}, tmp_path / "files")
    propose([files]).write(tmp_path / "source")

    report = import_files([files], tmp_path / "source", tmp_path / "history", TERMS)

    assert report.counts["orders"].read == ORDERS
    assert report.counts["order_lines"].read == len(flat)


def test_what_a_log_of_cases_says_in_the_end_is_an_outcome_and_no_fact_of_the_exception(tmp_path):
    rng = np.random.default_rng(3)
    steps = ("New", "In progress", "Resolved")
    case = np.repeat(np.arange(300), len(steps))
    step = np.tile(np.arange(len(steps)), 300)
    day = pd.Series(pd.Timestamp("2025-03-01") + pd.to_timedelta(case % 28, "D"))
    log = pd.DataFrame(
        {
            "Ticket ID": [f"T{n:05d}" for n in case],
            "Created": day + pd.Timedelta(hours=8),
            "Updated": day + pd.to_timedelta(9 + step, "h") + pd.to_timedelta(case % 60, "min"),
            "Status": np.array(steps)[step],
            "Assignment group": rng.choice(["east", "west", "north"], len(case)),
            "Priority": 1 + case % 4,
            "Resolved": day + pd.Timedelta(hours=11),
            "SLA breached": case % 3 == 0,
        }
    )
    files = written({"tickets": log}, tmp_path / "files")
    proposal = propose([files])
    proposal.write(tmp_path / "source")

    report = import_files([files], tmp_path / "source", tmp_path / "history", TERMS)

    assert {name: c.accepted for name, c in report.counts.items()} == {
        "exceptions": 300,
        "exception_events": 900,
        "outcomes": 300,
    }
    assert "SLA breached" not in proposal.texts["exceptions.sql"]
    assert "SLA breached" in proposal.texts["outcomes.sql"]


def test_files_that_hold_nothing_of_the_contract_are_refused(tmp_path):
    files = written({"notes": pd.DataFrame({"a": ["x", "y"], "b": ["p", "q"]})}, tmp_path / "files")

    with pytest.raises(BadInputError, match="neither orders, exceptions, stock nor demand"):
        propose([files])


def test_names_of_countries_become_their_codes(tmp_path):
    tables = shop()
    tables["customers"]["country"] = tables["customers"]["country"].map(
        {"DE": "Deutschland", "AT": "Österreich", "CH": "Switzerland"}
    )
    files = written(tables, tmp_path / "files")
    propose([files]).write(tmp_path / "source")
    import_files([files], tmp_path / "source", tmp_path / "history", TERMS)

    orders = next((tmp_path / "history").rglob("orders*.parquet"))
    countries = duckdb.sql(f"select distinct country from '{orders}' order by 1").fetchall()
    assert countries == [("AT",), ("CH",), ("DE",)]


REAL_COLUMNS = tomllib.loads((HERE / "real_columns.toml").read_text(encoding="utf-8"))


HIDDEN_COLUMNS = tomllib.loads((HERE / "hidden_columns.toml").read_text(encoding="utf-8"))
HIDDEN_IN = ("en", "de", "fr", "es", "pt", "zh", "erp")


def right_share_of_real(proposal: Proposal, name: str, headers: dict[str, str]) -> float:
    """Share of a real export's columns that are proposed as a person maps them."""
    matched = {(str(role), field): m.column.names[0] for role, _, field, m in proposal.fields()}
    right = [
        matched.get((role, field)) == headers.get(column, column)
        for role, fields in REAL_COLUMNS[name].items()
        for field, column in fields.items()
    ]
    return float(np.mean(right))


@pytest.mark.skipif(REAL is None, reason="EXPEDITE_REAL_DATA is not set")
@pytest.mark.parametrize("name", REAL_COLUMNS)
def test_nine_in_ten_columns_of_a_real_export_are_found(name):
    encoding = "latin-1" if name == "just_in_time" else "utf-8"

    proposal = propose([Path(REAL or "") / name], encoding=encoding)

    assert right_share_of_real(proposal, name, {}) >= MIN_RIGHT


def real_table(file: Path) -> pd.DataFrame:
    """A file as it is, its headers and texts untouched."""
    if file.suffix == ".parquet":
        return pd.read_parquet(file)
    encoding = "latin-1" if file.parent.name == "just_in_time" else "utf-8"
    return pd.read_csv(file, dtype=str, keep_default_na=False, encoding=encoding)


@pytest.mark.long
@pytest.mark.skipif(REAL is None, reason="EXPEDITE_REAL_DATA is not set")
@pytest.mark.parametrize("name", HIDDEN_COLUMNS)
def test_nine_in_ten_columns_of_a_real_export_are_found_behind_other_names(name, tmp_path):
    tables = [real_table(file) for file in sorted((Path(REAL or "") / name).iterdir())]
    shares = []
    for n, language in enumerate(HIDDEN_IN):
        headers = {column: names[n] for column, names in HIDDEN_COLUMNS[name].items()}
        folder = tmp_path / language
        folder.mkdir()
        for number, table in enumerate(tables):
            table.rename(columns=headers).to_csv(folder / f"t{number}.csv", index=False)
        shares.append(right_share_of_real(propose([folder]), name, headers))

    assert float(np.mean(shares)) >= MIN_RIGHT
