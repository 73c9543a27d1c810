"""Checks between rows (duplicates, orphans, changes), and the merge into a new table file."""

from dataclasses import dataclass, field
from glob import escape
from pathlib import Path

import duckdb
import pyarrow as pa

from data.contract.conversion import arrow_schema
from data.contract.tables import TABLES, TableRule
from data.history.manifest import TABLES_FOLDER, TableFile, sha256_of
from data.history.queries import database, query_text, show_table
from data.ingest.staging import ROWS_PER_CHUNK, StagedTable

MEMORY_GB = 2.0
ROWS_IN_A_GROUP = 122_880  # DuckDB's own: a reader skips a group whole if it was known too late


@dataclass
class Merge:
    """Merge of the tables of one import into a history, parents first.

    Attributes:
        history: The folder of the history.
        former: The history's tables before this import.
        staging: Where the new files are written.
        fresh: The new files, by their future paths in the history.
    """

    history: Path
    former: dict[str, TableFile]
    staging: Path
    fresh: dict[str, Path] = field(default_factory=dict)
    merged: dict[str, TableFile] = field(default_factory=dict)

    def merge_table(self, stage: StagedTable) -> None:
        """Compare the staged rows of one table with each other and with the history, and merge."""
        rule, names = stage.rule, sql_names(stage.rule)
        with database(memory_gb=MEMORY_GB, spill_to=self.staging / "spill") as con:
            staged = escape(str(self._staged_rows(con, stage, names)))
            con.read_parquet(staged).create_view("arrived")
            show_table(con, "former", rule.name, self._file(rule.name, self.former))
            _set_late_apart(con, stage, names)
            if rule.parent:
                parent_file = self._file(rule.parent, self.former | self.merged)
                show_table(con, "parent_rows", rule.parent, parent_file)
                con.sql(query_text("merge/parents", **names)).create_view("parents")
            _refuse(con, stage, names)
            self._accept(con, rule, names)
            self._tell_without_parent(con, stage, names)
            if not self._is_unchanged(con, stage, names):
                self.merged[rule.name] = self._merge(con, rule, names)

    def _staged_rows(
        self, con: duckdb.DuckDBPyConnection, stage: StagedTable, names: dict[str, str]
    ) -> Path:
        """Return the file of the staged rows, with ties and copies numbered where it is needed."""
        path = stage.path
        for query, is_needed in (
            ("tie_order", stage.orders_ties),
            ("copies", stage.counts_copies),
        ):
            if is_needed:
                con.read_parquet(escape(str(path))).create_view(f"before_{query}")
                path = self.staging / f"{query}-{stage.rule.name}.parquet"
                con.sql(query_text(f"merge/{query}", **names)).write_parquet(str(path))
        return path

    def _accept(
        self, con: duckdb.DuckDBPyConnection, rule: TableRule, names: dict[str, str]
    ) -> None:
        """Select the accepted rows; on disk where a join makes them, so that it runs once."""
        if not rule.parent:
            con.sql(query_text("merge/accepted", **names)).create_view("accepted")
            return
        accepted = self.staging / f"accepted-{rule.name}.parquet"
        con.sql(query_text("merge/accepted_with_parent", **names)).write_parquet(str(accepted))
        con.read_parquet(escape(str(accepted))).create_view("accepted")

    def _tell_without_parent(
        self, con: duckdb.DuckDBPyConnection, stage: StagedTable, names: dict[str, str]
    ) -> None:
        """Tell how many rows name a row that was refused or is in no file; they stay."""
        target = stage.rule.refers_to
        file = self._file(target, self.former | self.merged) if target else None
        if target is None or file is None:
            return
        show_table(con, "referred", target, file)
        counts = (
            con.sql(query_text("merge/without_parent", **names)).to_arrow_table().to_pylist()[0]
        )
        if counts["rows"]:
            stage.notices[
                f"{stage.rule.name}: {counts['rows']:,} of {stage.counts.accepted:,} name a row of "
                f"{target} that was refused or is in no file, e.g. '{counts['key']}' names "
                f"'{counts['name']}'. They stay, without what {target} would say of them."
            ] = None

    def _file(self, table: str, files: dict[str, TableFile]) -> Path | None:
        path = files[table].file if table in files else None
        return self.fresh.get(path, self.history / path) if path else None

    def _is_unchanged(
        self, con: duckdb.DuckDBPyConnection, stage: StagedTable, names: dict[str, str]
    ) -> bool:
        """Count repeated rows; true if the history holds every accepted row unchanged."""
        if stage.rule.name not in self.former:
            return False
        matches = con.sql(query_text("merge/repeated", **names)).to_arrow_table().to_pylist()[0]
        stage.counts.unchanged, stage.counts.updated = matches["unchanged"], matches["updated"]
        return stage.counts.unchanged + stage.counts.late == stage.counts.accepted

    def _merge(
        self, con: duckdb.DuckDBPyConnection, rule: TableRule, names: dict[str, str]
    ) -> TableFile:
        merged = self.staging / f"merged-{rule.name}.parquet"
        con.sql(query_text("merge/merged", **names)).write_parquet(
            str(merged), compression="zstd", row_group_size=ROWS_IN_A_GROUP
        )
        con.read_parquet(escape(str(merged))).create_view("merged")
        counts = con.sql(query_text("merge/filled", **names)).to_arrow_table().to_pylist()[0]
        sha256 = sha256_of(merged)
        path = f"{TABLES_FOLDER}/{rule.name}-{sha256[:16]}.parquet"
        self.fresh[path] = merged
        return TableFile(path, counts.pop("rows"), sha256, counts)


def sql_names(rule: TableRule) -> dict[str, str]:
    """Names of a table for the queries of `sql/merge`."""
    columns = [f'"{name}"' for name in arrow_schema(rule.name).names]
    key = [f'"{name}"' for name in rule.key]
    compared = key if rule.copy_number else columns
    names = {
        "key": ", ".join(key),
        "key_words": ", ".join(rule.key),
        "same_key": " and ".join(f"former.{k} is not distinct from accepted.{k}" for k in key),
        "columns": ", ".join(columns),
        "compared": ", ".join(compared),
        "texts": ", ".join(f"any_value({name}::varchar) as {name}" for name in columns),
        "counts": ", ".join(f"count({name}) as {name}" for name in columns),
    }
    if rule.copy_number:
        names["number"] = f'"{rule.copy_number}"'
        names["content"] = ", ".join(f'"{name}"' for name in rule.key if name != rule.copy_number)
    if rule.tie_order:
        names["order"] = f'"{rule.tie_order}"'
    if rule.refers_to:
        names["optional_id"] = TABLES[rule.refers_to].key[0]
    if rule.parent:
        names |= {
            "id": TABLES[rule.parent].key[0],
            "parent": rule.parent,
            "parent_time": TABLES[rule.parent].happened_at or "known_at",
            "time": rule.happened_at or "known_at",
            "columns_but_known_at": ", ".join(f"staged.{name}" for name in columns[:-1]),
        }
    return names


def _set_late_apart(
    con: duckdb.DuckDBPyConnection, stage: StagedTable, names: dict[str, str]
) -> None:
    """Leave those rows in the view `staged` that no newer row of their key replaces."""
    if not stage.has_dated_rows:
        con.table("arrived").create_view("staged")
        return
    con.sql(query_text("merge/late", **names)).create("late")
    con.sql(query_text("merge/current")).create_view("staged")
    late = con.sql(query_text("merge/late_rows")).to_arrow_table().to_pylist()[0]
    stage.tell_late(**late)


def _refuse(con: duckdb.DuckDBPyConnection, stage: StagedTable, names: dict[str, str]) -> None:
    """Fill the table `refused`, and write the rows in it to the quarantine."""
    con.sql(query_text("merge/refused", **names)).create("refused")
    if stage.rule.parent:
        con.sql(query_text("merge/orphans", **names)).insert_into("refused")
    rows = con.sql(query_text("merge/refused_rows", **names))
    for batch in rows.to_arrow_reader(ROWS_PER_CHUNK):
        chunk = pa.Table.from_batches([batch])
        stage.counts.quarantined += len(chunk)
        for row in chunk.select(["kind", "file", "row"]).to_pylist():
            stage.counts.explain(row["kind"], 1, f"{row['file']} row {row['row']}")
        stage.quarantine.add(chunk)
