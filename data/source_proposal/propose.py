"""Proposal of a source for files: reads them, finds what each column is, and writes the queries."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from data.domain import BadInputError
from data.history.queries import database
from data.ingest.inputs import INPUTS, TableInput
from data.ingest.readers import ReadingTerms, load
from data.ingest.sources import data_files, named_by_stem, stem_of
from data.source_proposal.column_profile import MAX_ROWS, columns_of
from data.source_proposal.matching import FieldMatch
from data.source_proposal.order_queries import catalog_query, order_queries, stages_text
from data.source_proposal.other_queries import case_queries, demand_query, stock_query
from data.source_proposal.plan import Plan, plan_source
from data.source_proposal.roles import Role
from data.source_proposal.table_links import InputTable

INPUTS_HEAD = (
    "# The tables that the queries read, and the names (without .csv, ...) of their files.\n"
)


@dataclass(frozen=True)
class Proposal:
    """A proposed source.

    Attributes:
        plan: Which table plays which role, with which columns.
        texts: The files of the source by name.
    """

    plan: Plan
    texts: dict[str, str]

    def write(self, folder: Path) -> list[Path]:
        """Write the files of the source into a new folder.

        Raises:
            BadInputError: the folder exists.
        """
        if folder.exists():
            raise BadInputError(str(folder), "exists already", "Choose another name.")
        folder.mkdir(parents=True)
        for name, text in self.texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        return [folder / name for name in self.texts]

    def unused(self) -> Iterator[tuple[str, str]]:
        """Tables and columns that no query reads."""
        used = {id(m.column) for match in self.plan.matches.values() for m in match.fields.values()}
        tables = {id(match.table): match.table for match in self.plan.matches.values()}
        for table in [*tables.values(), *self.plan.unused]:
            yield from (
                (table.name, column.name) for column in table.columns if id(column) not in used
            )

    def fields(self) -> Iterator[tuple[Role, str, str, FieldMatch]]:
        """Role, table of the input, field and column of each match."""
        for role, match in self.plan.matches.items():
            yield from (
                (role, match.table.name, name, matched) for name, matched in match.fields.items()
            )


def propose(paths: list[Path], *, encoding: str = "") -> Proposal:
    """Propose a source for files.

    Raises:
        BadInputError: a file can't be read, or no table of the contract is seen in the files.
    """
    files = named_by_stem(data_files(paths))
    plan = plan_source(_tables(files, encoding))
    if not plan.matches:
        cure = "Begin with the empty skeleton: leave the files out."
        raise BadInputError(
            ", ".join(files), "neither orders, exceptions, stock nor demand were seen in it", cure
        )
    return Proposal(plan, _texts(plan, files))


def _tables(files: dict[str, TableInput], encoding: str) -> list[InputTable]:
    tables = []
    with TemporaryDirectory() as scratch, database() as con:
        terms = ReadingTerms(Path(scratch), encoding)
        for table, table_input in files.items():
            for _ in load(con, table, table_input, terms):
                pass
            columns = [
                f'"{name}"' for name in con.table(table).columns if name not in ("_file", "_row")
            ]
            frame = (
                con.table(table)
                .limit(MAX_ROWS)
                .project(", ".join(f"{name}::varchar as {name}" for name in columns))
                .df()
            )
            tables.append(InputTable(table, columns_of(table, frame), len(frame)))
    return tables


def _texts(plan: Plan, files: dict[str, TableInput]) -> dict[str, str]:
    names = {table: table_input.name for table, table_input in files.items()}
    lines = [
        f"{table} = {json.dumps([stem_of(path) for path in table_input.files], ensure_ascii=False)}"
        for table, table_input in files.items()
    ]
    texts = {INPUTS: INPUTS_HEAD + "\n".join(lines) + "\n"}
    queries = [
        *order_queries(plan),
        *case_queries(plan),
        stock_query(plan),
        demand_query(plan),
        catalog_query(plan, Role.PRODUCT),
        catalog_query(plan, Role.SITE),
    ]
    for query in queries:
        if query:
            texts[f"{query.table}.sql"] = query.text(names[query.source])
    orders = plan.matches.get(Role.ORDER)
    stages = stages_text(plan, names[orders.table.name]) if orders else None
    return texts | ({"order_events.sql": stages} if stages else {})
