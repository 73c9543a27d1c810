"""Scores of columns by their headers: how far a header speaks for a field before all others."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile
from statistics import mean

from data.source_proposal.column_profile import FileColumn
from data.source_proposal.contents import plausibility
from data.source_proposal.header_words import likeness
from data.source_proposal.roles import ROLES, Role
from data.source_proposal.table_links import InputTable

NAMED, MIN_NAMED_SHARE = 0.6, 0.3


@lru_cache(maxsize=10_000)
def best_likeness(
    table: InputTable, column: FileColumn, roles: tuple[Role, ...] = tuple(ROLES)
) -> float:
    """Likeness of a column's header to the field, of those it can be, that it is most like."""
    return max(
        (
            name_likeness(table, role, name, column)
            for role in roles
            for name, kind in ROLES[role].kinds.items()
            if plausibility(kind, column) > 0
        ),
        default=0.0,
    )


def names_tell(table: InputTable) -> bool:
    """True where a fair share of a table's columns has a name of the list."""
    return mean(best_likeness(table, c) >= NAMED for c in table.columns) >= MIN_NAMED_SHARE


def name_likeness(table: InputTable, role: Role, name: str, column: FileColumn) -> float:
    """Likeness of a column's header to a field's names, 0 to 1."""
    headers = [*column.names]
    if len(headers) > 1:
        headers.append(f"{_common_start(headers[:3])} date")
    return max(_relative(header, role, name, table.file_tokens) for header in headers)


def _common_start(headers: Sequence[str]) -> str:
    """Common start of headers: `Shipment` of the year, month and day of a shipment."""
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*headers, strict=False))
    return "".join(letters[0] for letters in alike)


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
