"""Reader of CSV files: lines become rows of texts; a line that has other columns is refused.

DuckDB reads UTF-8 with one kind of line ends. All other files are copied so first.
"""

import codecs
import gzip
import io
from glob import escape
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import duckdb
import pyarrow as pa

from data.domain import BadInputError
from data.history.queries import query_text
from data.ingest.csv_dialect import CsvDialect, dialect_of
from data.ingest.encodings import MAX_GARBAGE_SHARE, UTF_8, DetectedEncoding, detect
from data.ingest.staging import LINE_COLUMNS

HEAD_CHARACTERS = 1 << 18
CHARACTERS_AT_ONCE = 1 << 20
ENCODINGS = (UTF_8, "utf-16", "gb18030", "big5", "cp932", "cp949", "cp1252", "cp1251", "latin-1")
"""The usual encodings, for messages; any that Python knows can be read."""
MAX_ENCODINGS_SHOWN = 4
COPY = "copy.csv"


class CsvReading(NamedTuple):
    """Result of reading a file, beside the table of its rows.

    Attributes:
        refused: Lines that have other columns, as `LINE_COLUMNS` says.
        notices: What a reader of the report should learn.
    """

    refused: pa.Table
    notices: list[str]


class _Encoding(NamedTuple):
    """The encoding of a file, and whether DuckDB must read a copy."""

    name: str
    needs_copy: bool
    notices: list[str]


def is_encoding(name: str) -> bool:
    """Return true if Python can read texts in an encoding."""
    try:
        return not name or "x".encode(name).decode(name) == "x"
    except (LookupError, UnicodeError):
        return False


def load_csv(
    con: duckdb.DuckDBPyConnection, file: Path, encoding: str, scratch: Path
) -> CsvReading:
    """Read a file into the table `part`.

    Args:
        con: Where the table is made.
        file: The file; `.gz` is unpacked.
        encoding: Its encoding; detected if empty.
        scratch: A folder for a copy.

    Raises:
        BadInputError: its encoding is another one, or can't be detected.
    """
    read_as = _encoding(file, encoding)
    with _opened(file) as stream:
        text = io.TextIOWrapper(stream, read_as.name, errors="surrogateescape", newline="")
        dialect = dialect_of(_whole_lines(_encodable(text.read(HEAD_CHARACTERS))))
    copy = scratch / COPY
    try:
        if read_as.needs_copy or "\0" in "".join(dialect.columns):
            _copy(file, read_as.name, copy)
        rejected = _read(con, file, copy, dialect, encoding=read_as.name)
    finally:
        copy.unlink(missing_ok=True)
    _refuse_other_encoding(con, file, rejected, read_as.name)
    con.execute(query_text("reading/rejects_dropped"))
    named = rejected.append_column("file", pa.array([file.name] * len(rejected), pa.string()))
    notices = [f"{file.name}: {notice}." for notice in [*read_as.notices, *dialect.notices]]
    return CsvReading(named.select(LINE_COLUMNS), notices)


def _opened(file: Path) -> BinaryIO:
    is_packed = file.name.lower().endswith(".gz")
    return cast("BinaryIO", gzip.open(file, "rb")) if is_packed else file.open("rb")


def _encoding(file: Path, named: str) -> _Encoding:
    if named:
        is_plain = codecs.lookup(named).name == UTF_8
        name = "utf-8-sig" if is_plain else named
        return _Encoding(name, not is_plain, [] if is_plain else [_named_notice(file, named)])
    with _opened(file) as stream:
        detected = detect(stream)
    if detected.name is None:
        raise _undecided(file, detected)
    if detected.name in (UTF_8, "utf-8-sig"):
        return _Encoding("utf-8-sig", needs_copy=False, notices=[])
    example = f", e.g. '{detected.example}'" if detected.example else ""
    cure = "if that is wrong, name its encoding with --encoding"
    notice = f"read as {detected.name}, which its bytes look like{example}; {cure}"
    return _Encoding(detected.name, needs_copy=True, notices=[notice])


def _named_notice(file: Path, named: str) -> str:
    """Say how a file is read by a name that was given, and what its bytes look like instead."""
    with _opened(file) as stream:
        detected = detect(stream)
    is_other = detected.name and codecs.lookup(detected.name) != codecs.lookup(named)
    texts = dict(detected.fitting)
    if is_other and detected.example and texts.get(named) != detected.example:
        return f"read as {named}, but its bytes look like {detected.name} ('{detected.example}')"
    return f"read as {named}"


def _encodable(head: str) -> str:
    """The text with a replacement for each byte that is foreign to its encoding."""
    return head.encode(UTF_8, "surrogateescape").decode(UTF_8, "replace")


def _whole_lines(head: str) -> str:
    """The text without the line that was cut off at its end."""
    if len(head) < HEAD_CHARACTERS:
        return head
    return head[: head.rfind("\n") + 1] or head


def _copy(file: Path, encoding: str, target: Path) -> None:
    """Write a file as UTF-8 with line feeds and without NUL; foreign bytes stay as they are."""
    with (
        _opened(file) as stream,
        io.TextIOWrapper(stream, encoding, errors="surrogateescape") as text,
        target.open("w", encoding=UTF_8, errors="surrogateescape", newline="\n") as copy,
    ):
        while part := text.read(CHARACTERS_AT_ONCE):
            copy.write(part.replace("\0", ""))


def _read(
    con: duckdb.DuckDBPyConnection, file: Path, copy: Path, dialect: CsvDialect, *, encoding: str
) -> pa.Table:
    """Read the copy if there is one; a file of mixed line ends is copied and read once more."""
    try:
        return _rows(con, copy if copy.exists() else file, file.name, dialect)
    except duckdb.InvalidInputException:
        if copy.exists():
            raise
        con.execute(query_text("reading/rejects_dropped"))
        _copy(file, encoding, copy)
        return _rows(con, copy, file.name, dialect)


def _rows(con: duckdb.DuckDBPyConnection, path: Path, name: str, dialect: CsvDialect) -> pa.Table:
    values = {
        "file": escape(str(path)),
        "name": name,
        "columns": dict.fromkeys(dialect.columns, "VARCHAR"),
        "delimiter": dialect.delimiter,
        "above": dialect.header_line,
    }
    con.sql(query_text("reading/csv"), params=values).create("part")
    rejected = con.sql(
        query_text("reading/rejected"), params={"above": dialect.header_line}
    ).to_arrow_table()
    if len(rejected):
        numbered = query_text("reading/renumbered")
        con.sql(numbered, params={"above": dialect.header_line}).create("renumbered")
        con.execute(query_text("reading/part_renumbered"))
    return rejected


def _refuse_other_encoding(
    con: duckdb.DuckDBPyConnection, file: Path, rejected: pa.Table, encoding: str
) -> None:
    broken = [row for row in rejected.to_pylist() if row["not_in_encoding"]]
    rows = con.sql(query_text("reading/rows", table="part")).to_arrow_table()["rows"][0].as_py()
    if len(broken) <= MAX_GARBAGE_SHARE * (rows + len(rejected)):
        return
    with _opened(file) as stream:
        detected = detect(stream)
    shown = encoding.removesuffix("-sig")
    problem = f"is not in {shown}: {len(broken)} lines, the first is row {broken[0]['row']}"
    if detected.name in (None, UTF_8):
        raise _undecided(file, detected, problem)
    cure = f"Leave out --encoding: it looks like {detected.name} ('{detected.example}')."
    raise BadInputError(str(file), problem, cure)


def _undecided(file: Path, detected: DetectedEncoding, problem: str = "") -> BadInputError:
    if not detected.fitting:
        cure = "Its lines may be in several encodings: export it again as UTF-8, or correct them."
        return BadInputError(str(file), problem or "is in an unknown encoding", cure)
    fitting = detected.fitting[:MAX_ENCODINGS_SHOWN]
    texts = ", ".join(f"{name} ('{text}')" for name, text in fitting)
    problem = problem or "is not in utf-8, and several encodings fit"
    options = " or ".join(f"--encoding {name}" for name, _ in fitting[:2])
    return BadInputError(
        str(file), f"{problem}: {texts}", f"Name the one whose text is right, e.g. {options}."
    )
