"""Sources by name, and the input files of an import by name.

A source is a folder in `data/sources`; its name is the folder's name, and no list is stored.
"""

import re
from enum import Enum
from fnmatch import fnmatch
from pathlib import Path

from data.domain import BadInputError, UnknownChoiceError

SOURCES = Path(__file__).parents[1] / "sources"
KINDS_TEXT = ".csv, .csv.gz, .tsv, .parquet, .json, .jsonl or .rda"


class Format(Enum):
    """The kinds of files that can be read, with their name endings; CSV and JSON also as .gz."""

    CSV = (".csv", ".tsv")
    PARQUET = (".parquet",)
    JSON = (".json", ".jsonl", ".ndjson")
    R = (".rda", ".rdata")


def format_of(file: Path) -> Format | None:
    """The kind of a file by its name; None for other files."""
    ending = Path(file.name.removesuffix(".gz")).suffix.lower()
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


def named_by_stem(files: list[Path]) -> dict[str, list[Path]]:
    """Tables named after their files: `Orders 2024.csv.gz` becomes `orders_2024`."""
    tables: dict[str, list[Path]] = {}
    for file in files:
        tables.setdefault(re.sub(r"\W+", "_", _stem(file)), []).append(file)
    return tables


def named_by_pattern(
    files: list[Path], patterns: dict[str, list[str]], *, source: str
) -> dict[str, list[Path]]:
    """Tables named by a source, each made of all files whose stem fits one of its patterns.

    Raises:
        BadInputError: no file fits.
    """
    tables: dict[str, list[Path]] = {}
    for table, stems in patterns.items():
        tables[table] = [f for f in files if any(fnmatch(_stem(f), stem) for stem in stems)]
        if not tables[table]:
            listing = ", ".join(file.name for file in files)
            problem = f"no file is named like '{stems[0]}' ({KINDS_TEXT}) among {listing}"
            raise BadInputError(source, problem, "Add the file, or rename it.")
    return tables


def _stem(file: Path) -> str:
    return Path(file.name.removesuffix(".gz")).stem.lower()


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
