"""Sources by name, and the input files of an import by name.

A source is a folder in `data/sources`; its name is the folder's name, and no list is stored.
"""

import re
from collections.abc import Mapping
from enum import Enum
from fnmatch import fnmatch
from pathlib import Path

from data.domain import BadInputError, UnknownChoiceError
from data.ingest.inputs import InputSpec, TableInput

SOURCES = Path(__file__).parents[1] / "sources"
KINDS_TEXT = ".csv, .csv.gz, .tsv, .xlsx, .parquet, .json, .jsonl or .rda"


class Format(Enum):
    """The kinds of files that can be read, with their name endings; CSV and JSON also as .gz."""

    CSV = (".csv", ".tsv")
    PARQUET = (".parquet",)
    JSON = (".json", ".jsonl", ".ndjson")
    R = (".rda", ".rdata")
    WORKBOOK = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def format_of(file: Path) -> Format | None:
    """The kind of a file by its name; None for other files."""
    ending = Path(file.name.lower().removesuffix(".gz")).suffix
    return next((kind for kind in Format if ending in kind.value), None)


def data_files(paths: list[Path]) -> list[Path]:
    """The data files among paths and in the folders among them, sorted by name in each.

    Raises:
        BadInputError: a path is missing or of no known kind, or a folder holds no data file.
    """
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise BadInputError(str(path), "does not exist", "Name existing files or folders.")
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        readable = [file for file in inside if file.is_file() and format_of(file)]
        if not readable:
            problem = f"is not, or does not hold, a {KINDS_TEXT} file"
            raise BadInputError(str(path), problem, "Export the data as one of these.")
        files += readable
    return list(dict.fromkeys(files))


def named_by_stem(files: list[Path]) -> dict[str, TableInput]:
    """Tables named after their files: `Orders 2024.csv.gz` becomes `orders_2024`."""
    tables: dict[str, TableInput] = {}
    for file in files:
        name = re.sub(r"\W+", "_", stem_of(file))
        tables.setdefault(name, TableInput()).files.append(file)
    return tables


def named_by_pattern(
    files: list[Path], specs: Mapping[str, InputSpec], *, source: str
) -> dict[str, TableInput]:
    """Tables named by a source, each made of all files whose name fits one of its patterns.

    A pattern fits in any case, with or without the ending of a file. A table of a database needs
    no file.

    Raises:
        BadInputError: no file fits.
    """
    tables: dict[str, TableInput] = {}
    for table, spec in specs.items():
        own = [file for file in files if any(_fits(file, pattern) for pattern in spec.files)]
        if not own and not spec.database:
            listing = ", ".join(file.name for file in files)
            problem = f"no file is named like '{spec.files[0]}' ({KINDS_TEXT}) among {listing}"
            raise BadInputError(source, problem, "Add the file, or rename it.")
        tables[table] = TableInput(spec, own)
    return tables


def _fits(file: Path, pattern: str) -> bool:
    return any(fnmatch(name, pattern.lower()) for name in (stem_of(file), file.name.lower()))


def stem_of(file: Path) -> str:
    """Return the name of a file without its endings, lower case, as patterns are held to it."""
    return Path(file.name.lower().removesuffix(".gz")).stem


def source_folder(name: str) -> Path:
    """The folder of a source: one that is shipped, or any folder of queries by its path.

    Raises:
        UnknownChoiceError: there is neither.
    """
    for folder in (SOURCES / name, Path(name)):
        if any(folder.glob("*.sql")):
            return folder
    raise UnknownChoiceError("source", name, [*source_names(), "synthetic"])


def source_names() -> list[str]:
    """The shipped sources that read files."""
    return sorted({query.parent.name for query in SOURCES.glob("*/*.sql")})
