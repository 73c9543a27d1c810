"""Files under garbage: an import refuses a file in words, or accounts for each of its rows."""

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.domain import ExpediteError
from data.history.history import History
from data.history.manifest import Manifest
from data.history.queries import database, query_text
from data.ingest.inputs import TableInput
from data.ingest.readers import ReadingTerms, load
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.sources import source_folder
from data.ingest.staging import LINE_COLUMNS
from data.ingest.verify import faults
from data.ingest.write_history import ImportReport
from tests.soak.campaign import Campaign
from tests.soak.garbled_files import OLIST, ORDERS, WRITERS, Written, orders_of, spoilt, write_plain
from tests.soak.mutations import Mutator

TERMS = ImportTerms("test", pd.Timestamp("2027-01-01", tz="UTC"))
READ_TABLES = ("part", "orders", "appended", "renumbered", "in_memory_rows")


def test_a_garbled_file_is_refused_in_words_or_read_row_by_row(tmp_path):
    campaign = Campaign("files read", share=0.16, short=50)
    folder, scratch = tmp_path / "files", tmp_path / "scratch"
    scratch.mkdir()
    with database(memory_gb=1) as con:
        for mutator in campaign:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            header = spoilt(mutator, [list(ORDERS)])[0] if mutator.chance(0.2) else list(ORDERS)
            writer = mutator.random.choice(WRITERS)
            written = writer(mutator, folder, "orders", (header, orders_of(mutator)))
            try:
                read(campaign, con, written, scratch)
            except Exception as error:
                campaign.crash(error, f"{written} {written.path.read_bytes()[:1_500]!r}")
            for table in READ_TABLES:
                con.execute(f"drop table if exists {table}")
            con.execute(query_text("reading/rejects_dropped"))
    campaign.check()


def read(
    campaign: Campaign, con: duckdb.DuckDBPyConnection, written: Written, scratch: Path
) -> None:
    """Read a file, and hold the counts of its rows and its refused lines to what was written."""
    detail = f"{written} {written.path.read_bytes()[:1_500]!r}"
    source = TableInput(files=[written.path])
    try:
        readings = list(load(con, "orders", source, ReadingTerms(scratch)))
    except ExpediteError as error:
        campaign.endings["refused"] += 1
        if "\n" in str(error).strip() or not str(error).startswith(str(written.path)):
            campaign.problem("a refusal without its file, or of many lines", f"{error}\n{detail}")
        return
    campaign.endings["read"] += 1
    rows = con.table("orders").to_arrow_table()
    refused = pa.concat_tables([reading.refused.select(LINE_COLUMNS) for reading in readings])
    if written.rows is not None and len(rows) + len(refused) != written.rows:
        counts = f"{len(rows)} rows and {len(refused)} refused lines"
        campaign.problem(f"{counts} of {written.path.suffix} do not add up", detail)
    numbers = rows["_row"].to_pylist() + [int(row) for row in refused["row"].to_pylist()]
    if len(set(numbers)) != len(numbers):
        campaign.problem("two rows of one number", f"{sorted(numbers)} {detail}")


def test_an_import_of_garbled_files_accounts_for_every_row(tmp_path):
    campaign = Campaign("imports", share=0.005, short=3)
    shop = tmp_path / "shop"
    shop.mkdir()
    query = f"select {', '.join(ORDERS)}, _file, _row from orders"
    (shop / "orders.sql").write_text(query, encoding="utf-8")
    folder, history = tmp_path / "files", tmp_path / "history"
    for mutator in campaign:
        shutil.rmtree(folder, ignore_errors=True)
        if mutator.chance(0.8):  # else the next import goes into the same history
            shutil.rmtree(history, ignore_errors=True)
        folder.mkdir()
        if mutator.chance(0.7):
            source = shop
            writer = mutator.random.choice(WRITERS)
            writer(mutator, folder, "orders", (list(ORDERS), orders_of(mutator)))
        else:
            source = source_folder("olist")
            write_olist(mutator, folder)
        detail = {file.name: file.read_bytes()[:600] for file in folder.iterdir()}
        try:
            check_report(campaign, import_files([folder], source, history, TERMS), history, detail)
        except ExpediteError as error:
            campaign.endings["refused"] += 1
            if "\n" in str(error).strip():
                campaign.problem("a refusal of many lines", f"{error} {detail}")
        except Exception as error:
            campaign.crash(error, detail)
    campaign.check()


def write_olist(mutator: Mutator, folder: Path) -> None:
    """Write the eight files of a marketplace, some of them garbled."""
    for stem, columns in OLIST.items():
        cells = [
            [text.format(i=i, d=i % 9 + 1) for text in columns.values()]
            for i in range(mutator.random.choice([1, 4]))
        ]
        rows = spoilt(mutator, cells) if mutator.chance(0.3) else cells
        writer = mutator.random.choice(WRITERS) if mutator.chance(0.2) else write_plain
        writer(mutator, folder, stem, (list(columns), rows))


def check_report(campaign: Campaign, report: ImportReport, history: Path, detail: Any) -> None:
    """Hold the counts of an import against the files that it wrote."""
    campaign.endings["imported"] += 1
    refused = sum(len(pd.read_csv(file, dtype=str)) for file in report.quarantine)
    if refused != sum(counts.quarantined for counts in report.counts.values()):
        campaign.problem("other counts than quarantined rows", f"{report} {detail}")
    rows = History.open(history).rows
    for table, counts in report.counts.items():
        if counts.read != counts.accepted + counts.quarantined or counts.accepted < 0:
            campaign.problem("counts that do not add up", f"{report} {detail}")
        if table in rows and rows[table] < counts.new:
            campaign.problem("fewer rows than accepted", f"{report} {detail}")
    for fault in faults(history, TERMS):
        campaign.problem("a history with a fault", f"{fault} {detail}")
    for table, file in Manifest.read(history).tables.items():
        stored = pq.read_table(history / file.file)
        texts = [stored[name] for name in stored.column_names if is_text(stored, name)]
        if any(pc.any(pc.match_substring(column, "\0")).as_py() for column in texts):
            campaign.problem("a NUL in a history", f"{table} {detail}")


def is_text(table: pa.Table, name: str) -> bool:
    return pa.types.is_string(table[name].type)
