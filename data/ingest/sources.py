"""Pick a file or folder of a folder by its name: the name is the thing's name, no list is kept."""

from pathlib import Path

from data.domain import UnknownChoiceError

SOURCES = Path(__file__).parents[1] / "sources"


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
