"""Profile of a column: what its values look like, whatever its name is."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from data.contract.codes import country_by_name, country_key
from data.source_proposal.moment_formats import Moments, date_parts, moments_of

MAX_ROWS = 50_000
MAX_SAMPLE = 5_000
PLACEHOLDERS = frozenset(
    {"", "?", "-", "n/a", "na", "null", "none", "nan", "not available", "date not captured"}
)
NUMBER = r"[+-]?(?:[$€£¥]\s?)?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
COMMA_NUMBER = r"[+-]?(?:[$€£¥]\s?)?\d{1,3}(?:\.\d{3})*,\d+(?:\s?[€$£])?"
THOUSANDS = r"[+-]?(?:[$€£¥]\s?)?\d{1,3}(?:,\d{3})+(?:\.\d+)?"
COUNTRY = "country_of({c})"
MAX_COUNTRIES, MIN_COUNTRY_NAMES, MIN_NAMED_SHARE = 300, 2, 0.7
CLEANED, COMMA_CLEANED = "number_of({c}, '.')", "number_of({c}, ',')"


@dataclass(frozen=True, eq=False)
class FileColumn:
    """One column of one table, or several that make one date.

    Attributes:
        table: The name of its table.
        names: The columns of the file that it is made of.
        texts: Values of the first rows, trimmed; empty where there is none or a sign for none.
        moments: Its values as times, if they are times.
        expression: SQL with `{t}` for the table and `{c}` for the column.
    """

    table: str
    names: tuple[str, ...]
    texts: pd.Series
    moments: Moments | None
    expression: str

    @property
    def name(self) -> str:
        """The header, or the headers side by side."""
        return ", ".join(self.names)

    def sql(self, alias: str) -> str:
        """SQL of its value in a query that calls the table by the alias."""
        return self.expression.replace("{c}", f'{alias}."{self.names[0]}"').replace("{t}", alias)

    @cached_property
    def codes(self) -> np.ndarray:
        """Number of each row's value, equal values equal; -1 where there is none."""
        return pd.factorize(self.texts)[0]

    @cached_property
    def sample(self) -> pd.Series:
        """Filled values, of all rows alike."""
        filled = self.texts.dropna()
        return filled.sample(MAX_SAMPLE, random_state=1) if len(filled) > MAX_SAMPLE else filled

    @cached_property
    def values(self) -> frozenset[str]:
        """The different values."""
        return frozenset(self.texts.dropna().unique())

    @property
    def distinct(self) -> int:
        """Number of different values."""
        return int(self.codes.max(initial=-1)) + 1

    @cached_property
    def filled(self) -> float:
        """Share of the rows with a value."""
        return float((self.codes >= 0).mean())

    @property
    def is_unique(self) -> bool:
        """True where each row has a value of its own."""
        return self.filled == 1 and self.distinct == len(self.texts)

    @property
    def distinct_share(self) -> float:
        """Different values for each filled row."""
        return self.distinct / max(1, int((self.codes >= 0).sum()))

    @cached_property
    def numbers(self) -> pd.Series | None:
        """The sample as numbers; None where it is text."""
        if self.sample.empty:
            return None
        for shape in (NUMBER, THOUSANDS, COMMA_NUMBER):
            if self.sample.str.fullmatch(f"{shape}|{NUMBER}").mean() >= 0.98:
                cleaned = self.sample.str.replace(r"[^0-9.,eE+-]", "", regex=True)
                if shape == COMMA_NUMBER:
                    cleaned = cleaned.str.replace(".", "", regex=False).str.replace(
                        ",", ".", regex=False
                    )
                read = pd.to_numeric(cleaned.str.replace(",", "", regex=False), errors="coerce")
                return read.dropna()
        return None

    @cached_property
    def whole_share(self) -> float:
        """Share of numbers without decimals."""
        return 0.0 if self.numbers is None else float((self.numbers % 1 == 0).mean())

    @cached_property
    def words(self) -> float:
        """Mean number of tokens of a value."""
        return 0.0 if self.sample.empty else float(self.sample.str.count(r"[^\s]+").mean())

    @cached_property
    def length(self) -> pd.Series:
        """Lengths of the sampled values."""
        return self.sample.str.len()

    @cached_property
    def digit_share(self) -> float:
        """Share of characters that are digits."""
        total = self.length.sum()
        return float(self.sample.str.count(r"\d").sum() / total) if total else 0.0


def columns_of(table: str, frame: pd.DataFrame) -> list[FileColumn]:
    """Profile the columns of a table.

    Args:
        table: Its name.
        frame: Its first rows, every value as text.
    """
    cleaned = {name: _cleaned(frame[name]) for name in frame.columns}
    signs = {name: _sign_for_none(frame[name]) for name in frame.columns}
    parts = date_parts(pd.DataFrame(cleaned))
    in_parts = {name for part in parts for name in part.columns}
    columns = [_dates(table, part.columns, part.expression, cleaned) for part in parts]
    return columns + [
        _column(table, name, texts, signs[name])
        for name, texts in cleaned.items()
        if name not in in_parts
    ]


def _cleaned(values: pd.Series) -> pd.Series:
    texts = values.astype("string").str.strip()
    return texts.mask(texts.str.lower().isin(PLACEHOLDERS)).astype(object)


def _sign_for_none(values: pd.Series) -> str:
    """The text that stands for an empty cell in a column, such as `?`; empty where none does."""
    texts = values.dropna().astype(str).str.strip()
    signs = texts[(texts != "") & texts.str.lower().isin(PLACEHOLDERS)]
    return str(signs.iloc[0]) if len(signs) else ""


def _column(table: str, name: str, texts: pd.Series, sign: str) -> FileColumn:
    plain = FileColumn(table, (name,), texts, None, "{c}")
    moments = moments_of(plain.sample) if _may_be_times(plain) else None
    expression = (
        moments.expression
        if moments
        else COUNTRY
        if _are_country_names(plain)
        else _number_sql(plain)
    )
    if sign and "'" not in sign:
        expression = expression.replace("{c}", f"nullif(trim({{c}}), '{sign}')")
    return FileColumn(table, (name,), texts, moments, expression)


def _are_country_names(column: FileColumn) -> bool:
    if column.sample.empty or column.numbers is not None or column.distinct > MAX_COUNTRIES:
        return False
    named = [value for value in column.values if country_key(value) in country_by_name()]
    return (
        len(named) >= MIN_COUNTRY_NAMES
        and float(column.sample.isin(named).mean()) >= MIN_NAMED_SHARE
    )


def _may_be_times(column: FileColumn) -> bool:
    return not column.sample.empty and column.length.median() >= 6


def _number_sql(column: FileColumn) -> str:
    if column.numbers is None or (
        column.sample.str.fullmatch(NUMBER).all()
        and not column.sample.str.contains(r"[$€£¥]").any()
    ):
        return "{c}"
    return COMMA_CLEANED if column.sample.str.fullmatch(COMMA_NUMBER).any() else CLEANED


def _dates(
    table: str, names: tuple[str, ...], expression: str, cleaned: dict[str, pd.Series]
) -> FileColumn:
    year, month, day = (cleaned[name] for name in names[:3])
    texts = year + "-" + month.str.zfill(2) + "-" + day.str.zfill(2)
    if len(names) > 3:
        texts = texts + " " + cleaned[names[3]].str.zfill(5)
    column = FileColumn(table, names, texts, None, expression)
    return FileColumn(table, names, texts, moments_of(column.sample), expression)
