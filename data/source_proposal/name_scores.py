"""Scores of columns by their headers: how far a header speaks for a field before all others."""

from functools import lru_cache
from statistics import mean

from data.source_proposal.column_profile import FileColumn
from data.source_proposal.header_words import likeness
from data.source_proposal.roles import ROLES, Role
from data.source_proposal.table_links import InputTable

NAMED, MIN_NAMED_SHARE = 0.6, 0.3


@lru_cache(maxsize=10_000)
def best_likeness(table: InputTable, column: FileColumn) -> float:
    """Likeness of a column's header to the names of the field that it is most like, 0 to 1."""
    return max(
        name_likeness(table, role, name, column) for role in ROLES for name in ROLES[role].kinds
    )


def names_tell(table: InputTable) -> bool:
    """True where a fair share of a table's columns has a name of the list."""
    return mean(best_likeness(table, c) >= NAMED for c in table.columns) >= MIN_NAMED_SHARE


def name_likeness(table: InputTable, role: Role, name: str, column: FileColumn) -> float:
    """Likeness of a column's header to a field's names, 0 to 1."""
    headers = [*column.names]
    if len(headers) > 1:
        headers.append(headers[0].lower().replace("year", "date"))
    return max(_relative(header, role, name, table.file_tokens) for header in headers)


@lru_cache(maxsize=100_000)
def _relative(header: str, role: Role, name: str, file_tokens: tuple[str, ...]) -> float:
    """Likeness, less where a header is more like a field of another name."""
    own = likeness(header, role, name, file_tokens=file_tokens)
    if not own:
        return 0.0
    best = max(
        likeness(header, other, field, file_tokens=file_tokens)
        for other in ROLES
        for field in ROLES[other].kinds
        if field != name or other is role
    )
    return own * own / best
