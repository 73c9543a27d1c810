"""Verification of a history on disk: files, rules of single rows, rules between rows."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from data.contract.tables import TABLES, TableRule
from data.domain import BadInputError, NoHistoryError
from data.history.manifest import Manifest, TableFile, sha256_of
from data.history.queries import database, query_text, show_table
from data.ingest.merge import MEMORY_GB, sql_names
from data.ingest.row_checks import ImportTerms, check_columns, check_rows
from data.ingest.staging import ROWS_PER_CHUNK


def faults(history: Path, terms: ImportTerms) -> Iterator[str]:
    """Yield what is wrong with a history, one sentence each; nothing if all is well.

    Raises:
        NoHistoryError: there is no history at the path.
    """
    manifest = Manifest.read(history)
    if manifest is None:
        raise NoHistoryError(str(history))
    whole = {}
    for name, stored in manifest.tables.items():
        fault = _file_fault(history / stored.file, stored)
        if fault:
            yield f"{stored.file}: {fault}. Import the data again into a new folder."
        else:
            whole[name] = history / stored.file
    for file in sorted(manifest.quarantine):
        if not (history / file).is_file():
            yield f"{file}: the quarantine file is missing. Only people read it."
    for name, file in whole.items():
        for reason, rows in sorted(_broken_rules(TABLES[name], file, whole, terms).items()):
            yield f"{name}: {rows} rows break the contract ({reason}). Import them again."


def _file_fault(file: Path, stored: TableFile) -> str | None:
    if not file.is_file():
        return "the file is missing"
    if sha256_of(file) != stored.sha256:
        return "the file differs from the one that was written"
    return None


def _broken_rules(
    rule: TableRule, file: Path, whole: dict[str, Path], terms: ImportTerms
) -> Counter[str]:
    broken = _row_faults(rule, file, terms)
    with database(memory_gb=MEMORY_GB) as con:
        show_table(con, "stored", rule.name, file)
        con.sql(query_text("merge/numbered")).create_view("staged")
        broken.update(_table_faults(con, "merge/refused", rule))
        if rule.parent:
            show_table(con, "parent_rows", rule.parent, whole.get(rule.parent))
            con.sql(query_text("merge/parents", **sql_names(rule))).create_view("parents")
            broken.update(_table_faults(con, "merge/orphans", rule))
    return broken


def _row_faults(rule: TableRule, file: Path, terms: ImportTerms) -> Counter[str]:
    """The rules that rows break by themselves."""
    broken: Counter[str] = Counter()
    with pq.ParquetFile(file) as stored:
        try:
            check_columns(rule, stored.schema_arrow.names, where=rule.name)
        except BadInputError as error:
            return Counter({error.problem: stored.metadata.num_rows})
        for batch in stored.iter_batches(ROWS_PER_CHUNK):
            result = check_rows(rule, pa.Table.from_batches([batch]), terms)
            broken.update({kind: len(positions) for kind, positions in result.kinds.items()})
            emptied = {f"{v.column}: {v.problem}": len(v.positions) for v in result.emptied}
            broken.update(emptied)
    return broken


def _table_faults(con: duckdb.DuckDBPyConnection, query: str, rule: TableRule) -> Counter[str]:
    """The rules that rows break beside each other."""
    kinds = con.sql(query_text(query, **sql_names(rule))).to_arrow_table()["kind"]
    return Counter(kinds.to_pylist())
