"""Text of a proposed query: columns with how sure each is, joins and groups."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from data.contract.tables import TABLES
from data.history.queries import query_text
from data.source_proposal.column_profile import FileColumn
from data.source_proposal.matching import FieldMatch, TableMatch

MAX_EXAMPLES = 3
OWN = "t"


@dataclass(frozen=True)
class OutputColumn:
    """One column of a query: SQL, the contract's name, and what to say of it."""

    sql: str
    name: str
    remark: str

    def line(self) -> str:
        """Its line in the query."""
        return f'    {self.sql} as "{self.name}",  -- {self.remark}'


@dataclass
class ProposedQuery:
    """A query in the making.

    Attributes:
        table: The table of the contract.
        source: The table of the input that its rows come from.
        columns: Its columns.
        joins: Joins, one SQL text each.
        notes: Sentences for the head of the query.
        group_by: SQL of the key where several rows of the input make one row.
    """

    table: str
    source: str
    columns: list[OutputColumn]
    joins: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    group_by: str = ""

    def text(self, files: str) -> str:
        """The query as a file holds it."""
        origin = (
            "any_value(t._file) as _file, min(t._row) as _row"
            if self.group_by
            else "t._file, t._row"
        )
        tail = [
            *self.joins,
            *(
                [f"where {self.group_by} is not null", f"group by {self.group_by}"]
                if self.group_by
                else []
            ),
        ]
        text = query_text(
            "proposal/query",
            grain=(TABLES[self.table].schema.__doc__ or self.table).split(".")[0],
            files=files,
            notes="\n".join(f"-- {note}" for note in self.notes),
            columns="\n".join(column.line() for column in self.columns),
            origin=origin,
            table=self.source,
            joins="\n".join(tail),
        )
        return "\n".join(line for line in text.splitlines() if line.strip()) + "\n"


def output(
    matched: FieldMatch, name: str, alias: str = OWN, *, aggregate: str = ""
) -> OutputColumn:
    """The column of a matched field.

    Args:
        matched: The column of the file, with how sure it is.
        name: The contract's name.
        alias: The table's name in the query.
        aggregate: A function over the rows of a group, such as `min`.
    """
    sql = matched.column.sql(alias)
    return OutputColumn(f"{aggregate}({sql})" if aggregate else sql, name, remark(matched))


def remark(matched: FieldMatch) -> str:
    """Confidence in a column, examples of its values, and what else it could be."""
    column = matched.column
    examples = ", ".join(
        _shown(value) for value in column.sample.drop_duplicates().head(MAX_EXAMPLES)
    )
    text = f"{matched.confidence}: {examples}"
    if matched.alternatives:
        others = " or ".join(f'"{other.name}"' for other in matched.alternatives)
        text += f"; else {others}"
    if column.moments and column.moments.alternative:
        other = column.moments.alternative.replace("{c}", "...")
        text += f"; day and month may be the other way round: {other}"
    return text


def fields_of(matched: TableMatch, names: Iterable[str]) -> list[tuple[str, FieldMatch]]:
    """The fields of a match that are among the names, in their order."""
    return [(name, matched.fields[name]) for name in names if name in matched.fields]


def _shown(value: str) -> str:
    text = " ".join(value.split())
    return text if len(text) <= 24 else f"{text[:21]}..."


def quoted(column: FileColumn, alias: str = OWN) -> str:
    """SQL of a column's raw text."""
    return f'{alias}."{column.names[0]}"'
