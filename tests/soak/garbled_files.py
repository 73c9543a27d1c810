"""Files of every format with garbage in cells, lines and bytes."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from tests.soak.mutations import Mutator

ORDERS = ["order_id", "placed_at", "total", "currency", "country", "attributes", "known_at"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "gb18030", "cp932", "utf-32"]
ODD_TYPES = [
    pa.binary(),
    pa.list_(pa.string()),
    pa.struct([("a", pa.int64())]),
    pa.decimal128(38, 9),
    pa.date32(),
    pa.time64("us"),
    pa.duration("s"),
    pa.timestamp("ns"),
    pa.timestamp("us", tz="America/Sao_Paulo"),
    pa.bool_(),
    pa.uint64(),
    pa.float16(),
    pa.dictionary(pa.int8(), pa.string()),
    pa.null(),
    pa.large_string(),
    pa.map_(pa.string(), pa.int64()),
]
OLIST = {
    "olist_orders_dataset": {
        "order_id": "o{i}",
        "customer_id": "c{i}",
        "order_status": "delivered",
        "order_purchase_timestamp": "2018-01-0{d} 10:00:00",
        "order_approved_at": "2018-01-0{d} 11:00:00",
        "order_delivered_carrier_date": "2018-01-0{d} 12:00:00",
        "order_delivered_customer_date": "2018-01-2{d} 10:00:00",
        "order_estimated_delivery_date": "2018-01-15 00:00:00",
    },
    "olist_customers_dataset": {
        "customer_id": "c{i}",
        "customer_unique_id": "u{i}",
        "customer_zip_code_prefix": "0123{d}",
        "customer_city": "sao paulo",
        "customer_state": "SP",
    },
    "olist_order_items_dataset": {
        "order_id": "o{i}",
        "order_item_id": "1",
        "product_id": "p{d}",
        "seller_id": "s1",
        "shipping_limit_date": "2018-01-09 10:00:00",
        "price": "1{d}.90",
        "freight_value": "8.00",
    },
    "olist_order_payments_dataset": {
        "order_id": "o{i}",
        "payment_sequential": "1",
        "payment_type": "boleto",
        "payment_installments": "1",
        "payment_value": "2{d}.90",
    },
    "olist_order_reviews_dataset": {
        "review_id": "r{i}",
        "order_id": "o{i}",
        "review_score": "{d}",
        "review_comment_title": "",
        "review_comment_message": "nao recebi",
        "review_creation_date": "2018-02-01 00:00:00",
        "review_answer_timestamp": "2018-02-0{d} 10:00:00",
    },
    "olist_products_dataset": {
        "product_id": "p{d}",
        "product_category_name": "brinquedos",
        "product_name_lenght": "10",
        "product_description_lenght": "10",
        "product_photos_qty": "1",
        "product_weight_g": "300",
        "product_length_cm": "10",
        "product_height_cm": "10",
        "product_width_cm": "10",
    },
    "olist_sellers_dataset": {
        "seller_id": "s1",
        "seller_zip_code_prefix": "01234",
        "seller_city": "sao paulo",
        "seller_state": "SP",
    },
    "product_category_name_translation": {
        "product_category_name": "brinquedos",
        "product_category_name_english": "toys",
    },
}
Rows = list[list[str]]


class Written(NamedTuple):
    """A file that was written.

    Attributes:
        path: Its place.
        rows: Rows below its header, as a reader counts them; None where bytes were spoilt.
    """

    path: Path
    rows: int | None


def orders_of(mutator: Mutator) -> Rows:
    """Return the cells of some orders, a few of them odd."""
    rows = [
        [f"A{i}", f"2024-03-0{i % 9 + 1}T10:00:00Z", f"{i}.50", "EUR", "DE", '{"gift": 1}', ""]
        for i in range(mutator.random.choice([0, 1, 3, 8]))
    ]
    return spoilt(mutator, rows)


def spoilt(mutator: Mutator, rows: Rows) -> Rows:
    """Return rows with some odd cells."""
    for row in rows:
        while row and mutator.chance(0.4):
            row[mutator.random.randrange(len(row))] = (
                mutator.text().encode("utf-8", "replace").decode()
            )
    return rows


def write_csv(mutator: Mutator, folder: Path, stem: str, table: tuple[list[str], Rows]) -> Written:
    """Write a CSV file in one of many dialects; its bytes are spoilt now and then."""
    random, (header, rows) = mutator.random, table
    shape = {
        "delimiter": random.choice(",,,;\t|"),
        "lineterminator": random.choice(["\n", "\n", "\r\n", "\r"]),
        "quoting": random.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    }
    text = io.StringIO(newline="")
    csv.writer(text, **shape).writerows([header, *rows])
    content, count = text.getvalue(), len(rows)
    if mutator.chance(0.25):
        content, count = _disordered(mutator, content, shape["delimiter"]), None
    encoding = random.choices(ENCODINGS, [20, 4, 2, 1, 2, 1, 1, 1])[0]
    raw = content.encode(encoding, "replace")
    if mutator.chance(0.3):
        raw, count = mutator.bytes(raw), None
    ending = ".csv.gz" if mutator.chance(0.1) else ".csv"
    if ending == ".csv.gz":
        raw = gzip.compress(raw, 1)
        raw = mutator.bytes(raw) if mutator.chance(0.2) else raw
    path = folder / f"{stem}{ending}"
    path.write_bytes(raw)
    whole_text = encoding in ("utf-8", "utf-8-sig") and "\0" not in content and "\r" not in content
    return Written(path, count if whole_text and shape["lineterminator"] == "\n" else None)


def _disordered(mutator: Mutator, content: str, delimiter: str) -> str:
    """Return a text with lines put in, doubled, cut, or ended otherwise."""
    lines = content.splitlines(keepends=True)
    for _ in range(mutator.random.randrange(1, 4)):
        at = mutator.random.randrange(len(lines) + 1)
        line = mutator.random.choice(lines) if lines else ""
        lines[at:at] = mutator.random.choice(
            [
                [f"Total{delimiter * 3}123\n"],
                ["\n"],
                [delimiter * 9 + "\n"],
                [line],
                [line[: len(line) // 2]],
                [line.replace("\n", "\r\n")],
                lines[:1],
                ["sep=;\n"],
                ["Export of today\n\n"],
                ['"\n'],
                ["x" * 5_000],
            ]
        )
    return "".join(lines)


def write_json(mutator: Mutator, folder: Path, stem: str, table: tuple[list[str], Rows]) -> Written:
    """Write a JSON file, a list or an object a line, with odd values."""
    header, rows = table
    objects: list[Any] = [dict(zip(header, row, strict=False)) for row in rows]
    objects = [mutator.json(item) if mutator.chance(0.2) else item for item in objects]
    whole = mutator.chance(0.5)
    shaped = objects if whole else None
    text = json.dumps(shaped) if whole else "\n".join(map(json.dumps, objects))
    raw, count = text.encode("utf-8", "replace"), None
    if mutator.chance(0.2):
        raw = mutator.bytes(raw)
    elif all(isinstance(item, dict) for item in objects):
        count = len(objects)
    path = folder / f"{stem}{'.json' if whole else '.jsonl'}"
    path.write_bytes(raw)
    return Written(path, count)


def write_workbook(
    mutator: Mutator, folder: Path, stem: str, table: tuple[list[str], Rows]
) -> Written:
    """Write a workbook with dates, numbers, formulas, titles and blank rows."""
    header, rows = table
    book = openpyxl.Workbook()
    sheet = book.active
    if mutator.chance(0.2):
        sheet.append(["Export of today"])
    sheet.append([ILLEGAL_CHARACTERS_RE.sub("", name) for name in header])
    for row in rows:
        sheet.append([_cell(mutator, text) for text in row])
        if mutator.chance(0.1):
            sheet.append([])
    if mutator.chance(0.2):
        book.create_sheet("Notes").append(["x"])
    path = folder / f"{stem}.xlsx"
    book.save(path)
    if mutator.chance(0.2):
        path.write_bytes(mutator.bytes(path.read_bytes()))
    return Written(path, None)


def _cell(mutator: Mutator, text: str) -> Any:
    clean = "".join(c for c in text if c.isprintable())[:200]
    kinds = [clean, clean, 1e308, -0.0, 45_000.5, True, None, pd.Timestamp("1900-01-01"), "=1/0"]
    return mutator.random.choice(kinds) if mutator.chance(0.3) else clean


def write_parquet(
    mutator: Mutator, folder: Path, stem: str, table: tuple[list[str], Rows]
) -> Written:
    """Write a Parquet file, a column or two of an odd type."""
    header, rows = table
    columns: dict[str, Any] = {}
    for at, name in enumerate(header):
        cells = pa.array([row[at] if at < len(row) else None for row in rows], pa.string())
        if mutator.chance(0.2):
            kind = mutator.random.choice(ODD_TYPES)
            try:
                cells = cells.cast(kind)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                cells = pa.nulls(len(rows), kind)
        elif mutator.chance(0.1):
            numbers = [
                mutator.random.choice([1e308, -0.0, float("nan"), float("inf"), 2.0**60])
                for _ in rows
            ]
            cells = pa.array(numbers, pa.float64())
        columns[name] = cells
    path = folder / f"{stem}.parquet"
    pq.write_table(pa.table(columns), path)
    if mutator.chance(0.15):
        path.write_bytes(mutator.bytes(path.read_bytes()))
        return Written(path, None)
    return Written(path, len(rows))


WRITERS: list[Callable[..., Written]] = [
    write_csv,
    write_csv,
    write_csv,
    write_csv,
    write_json,
    write_parquet,
    write_workbook,
]


def write_plain(
    mutator: Mutator, folder: Path, stem: str, table: tuple[list[str], Rows]
) -> Written:
    """Write a CSV file as an export should be."""
    header, rows = table
    path = folder / f"{stem}.csv"
    with path.open("w", newline="", encoding="utf-8", errors="replace") as file:
        csv.writer(file).writerows([header, *rows])
    return Written(path, len(rows))
