"""Checks of single rows against the contract; checks between rows are in `data.ingest.merge`.

Works on whole chunks. The rows that break the contract come back with their reasons in words.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
from pandera.errors import SchemaErrors

from data.contract.column_types import AS_WRITTEN, CODE, CURRENCY, UNKNOWN_CURRENCY, ZonedTable
from data.contract.conversion import ColumnKind, convert, empty_column, kinds_of
from data.contract.problems import code_problem
from data.contract.reference_tables import Sites
from data.contract.tables import TABLES, TableRule, columns_marked, columns_of
from data.domain import BadInputError
from data.ingest.refusal_reasons import SHOWN_CHARACTERS, RefusalReasons, name_totals

MONEY_UNKNOWN = ", so that the money of its row counts as not known"
MAX_ZONE_AHEAD, NO_TIME = pd.Timedelta(14, "h"), pd.Timedelta(0)


@dataclass(frozen=True)
class ImportTerms:
    """Parameters of an import.

    Attributes:
        source: The name of the source, for the record.
        imported_at: The moment of the import; nothing can be known after it.
        timezone: The time zone that the import was given; empty if none.
        source_timezone: The time zone that the source names; empty if none.
        join_alike: Key columns in which keys that only look alike become one.
    """

    source: str
    imported_at: pd.Timestamp
    timezone: str = ""
    source_timezone: str = ""
    join_alike: tuple[str, ...] = ()

    @property
    def reading_timezone(self) -> str:
        """Time zone of times without an offset."""
        return self.timezone or self.source_timezone or "UTC"

    @property
    def business_timezone(self) -> str:
        """Time zone of the days of rows that name none; empty is UTC."""
        return self.source_timezone or self.timezone


@dataclass
class CheckedChunk:
    """One checked chunk.

    Attributes:
        rows: All rows, in the contract's types.
        reasons: Why rows break it, by their positions.
        kinds: The positions of the rows, by kind of reason.
        mixed_zones: The columns with times both with and without an offset.
    """

    rows: pd.DataFrame
    reasons: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))
    kinds: dict[str, np.ndarray] = field(default_factory=dict)
    mixed_zones: list[str] = field(default_factory=list)
    emptied: list["EmptiedValues"] = field(default_factory=list)


@dataclass(frozen=True)
class EmptiedValues:
    """Values of an optional column that can't be read; they become empty, their rows stay.

    Attributes:
        column: The column.
        problem: Why, as the end of a sentence that begins with the value.
        positions: The rows.
        example: The first of the values.
    """

    column: str
    problem: str
    positions: np.ndarray
    example: str


def required_columns(table: str) -> list[str]:
    """The columns that a source must give: neither nullable, nor defaulted, nor filled."""
    filled = {"known_at"} if TABLES[table].known_at_from else set[str]()
    return [
        name
        for name, column in columns_of(table)
        if not column.nullable and column.default is None and name not in filled
    ]


def check_columns(rule: TableRule, columns: list[str], *, where: str) -> list[str]:
    """Return the columns that are not in the contract.

    Raises:
        BadInputError: a column that must be given is missing.
    """
    missing = [name for name in required_columns(rule.name) if name not in columns]
    if missing:
        cure = f"Select it in the query of '{rule.name}'; {_schema_file(rule)} says what it means."
        if missing == ["known_at"]:
            cure += " A row that was always known may say timestamp '1970-01-01'."
        raise BadInputError(where, f"column '{missing[0]}' is missing", cure)
    contract = kinds_of(rule.name)
    return [name for name in columns if name not in contract and not name.startswith("_")]


def _schema_file(rule: TableRule) -> str:
    return rule.schema.__module__.replace(".", "/") + ".py"


def check_rows(rule: TableRule, chunk: pa.Table, terms: ImportTerms) -> CheckedChunk:
    """Convert and check one chunk, whose columns `check_columns` has passed."""
    reasons, result = RefusalReasons(), CheckedChunk(pd.DataFrame())
    columns: dict[str, pd.Series] = {}
    optional, codes = optional_columns(rule), columns_marked(rule.name, CODE)
    for name, kind in kinds_of(rule.name).items():
        if name not in chunk.column_names:
            columns[name] = empty_column(kind, len(chunk))
            continue
        where = f"{rule.name}.{name}"
        column = convert(
            chunk[name],
            kind,
            where=where,
            timezone=terms.reading_timezone,
            as_written=name in columns_marked(rule.name, AS_WRITTEN),
        )
        values = column.values
        columns[name] = values.str.strip().str.upper() if name in codes else values
        result.mixed_zones += [where] if column.mixes_zones else []
        if column.bad.any():
            positions = np.flatnonzero(column.bad)
            shown = chunk[name].take(pa.array(positions)).cast(pa.string()).to_pandas()
            if name in optional:
                result.emptied.append(_emptied(name, column.problem, positions, shown))
                continue
            reasons.add(name, positions, shown, column.problem)
            if rule.known_at_from == "happened_at" and name == rule.happened_at:
                reasons.excuse("known_at", positions)
    if rule.known_at_from == "happened_at" and rule.happened_at:
        reasons.excuse("known_at", np.flatnonzero(columns[rule.happened_at].isna()))
    result.rows = _filled(rule, columns)
    result.emptied += _check_schema(rule, result.rows, reasons)
    _fill_time_zone(rule, result.rows, terms)
    _check_times(rule, result.rows, terms, reasons)
    name_totals(required_columns(rule.name), chunk, reasons)
    result.reasons, result.kinds = reasons.by_row(), reasons.kinds
    return result


def _filled(rule: TableRule, columns: dict[str, pd.Series]) -> pd.DataFrame:
    """The columns as a frame, with defaults, and `known_at` where this row can tell it."""
    kinds = kinds_of(rule.name)
    for name, column in columns_of(rule.name):
        if column.default is not None:
            columns[name] = columns[name].fillna(column.default)
        if kinds[name] is ColumnKind.WHOLE:
            columns[name] = columns[name].fillna(0).astype("int64")
    if rule.known_at_from == "happened_at" and rule.happened_at:
        columns["known_at"] = columns["known_at"].fillna(columns[rule.happened_at])
    return pd.DataFrame(columns)


def _fill_time_zone(rule: TableRule, rows: pd.DataFrame, terms: ImportTerms) -> None:
    """Give rows without a time zone that of their source; a site goes before all sources."""
    if terms.business_timezone and issubclass(rule.schema, ZonedTable) and rule.schema != Sites:
        name = ZonedTable.timezone
        rows[name] = rows[name].fillna(terms.business_timezone)


def optional_columns(rule: TableRule) -> set[str]:
    """The columns of which a value that can't be read costs the value and not the row."""
    return {name for name, column in columns_of(rule.name) if column.nullable}


def _emptied(column: str, problem: str, positions: np.ndarray, shown: pd.Series) -> EmptiedValues:
    return EmptiedValues(column, problem, positions, str(shown.iloc[0])[:SHOWN_CHARACTERS])


def _check_schema(
    rule: TableRule, rows: pd.DataFrame, reasons: RefusalReasons
) -> list[EmptiedValues]:
    """Refuse rows that break the schema; of optional columns empty the values that do.

    A currency that can't be read stays a currency, of which no rate is known.
    """
    emptied, optional = list[EmptiedValues](), optional_columns(rule)
    try:
        rule.schema.validate(rows, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        if rule.known_at_from == "parent":
            cases = cases[(cases["column"] != "known_at") | (cases["check"] != "not_nullable")]
        for (column, check), failed in cases.groupby(["column", "check"], sort=True):
            positions, shown = failed["index"].to_numpy(dtype="int64"), failed["failure_case"]
            if column in optional:
                is_currency = column in columns_marked(rule.name, CURRENCY)
                rows.loc[positions, column] = UNKNOWN_CURRENCY if is_currency else None
                problem = _problem(str(check), shown) + (MONEY_UNKNOWN if is_currency else "")
                emptied.append(_emptied(str(column), problem, positions, shown))
                continue
            reasons.add(str(column), positions, shown, _problem(str(check), shown))
    return emptied


def _problem(check: str, values: pd.Series) -> str:
    """The pandera check as the end of a sentence that begins with one of the values."""
    name, _, detail = check.partition("(")
    if name == "str_matches":
        return code_problem(detail, values)
    words = {
        "not_nullable": "is empty",
        "greater_than_or_equal_to": "is below ",
        "greater_than": "is not above ",
        "less_than_or_equal_to": "is above ",
        "less_than": "is not below ",
        "isin": "is not one of ",
        "json_object": "is not a JSON object",
        "time_zone": "is not the name of a time zone",
    }
    return words.get(name, f"breaks {check}") + detail.removesuffix(")").strip("[]'\"")


def _check_times(
    rule: TableRule, rows: pd.DataFrame, terms: ImportTerms, reasons: RefusalReasons
) -> None:
    known_at = rows["known_at"]
    future = np.flatnonzero(known_at > terms.imported_at)
    reasons.add("known_at", future, known_at.iloc[future], "is after the moment of the import")
    if rule.happened_at:
        # A date of the calendar begins in another zone up to 14 hours before it does in UTC.
        ahead = (
            MAX_ZONE_AHEAD if rule.happened_at in columns_marked(rule.name, AS_WRITTEN) else NO_TIME
        )
        early = np.flatnonzero(known_at < rows[rule.happened_at] - ahead)
        reasons.add("known_at", early, known_at.iloc[early], f"is before {rule.happened_at}")
