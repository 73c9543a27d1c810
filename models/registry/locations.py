"""Places of artefacts in the registry's database: moved with the folder that holds both.

MLflow stores absolute places and resolves a relative one against the reader's working folder. So
they stay absolute, and are written anew once the folder has another name. Stored are those of
experiments, runs, versions (`source`, `storage_location`) and logged models.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlparse
from urllib.request import url2pathname

DATABASE, ARTIFACTS = "mlflow.db", "artifacts"

_PLACES = (
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
)
_HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"


class _Move(NamedTuple):
    """An experiment whose place is another folder's.

    Attributes:
        experiment: Its number.
        location: The place that is stored.
    """

    experiment: int
    location: str


def database_uri(root: Path) -> str:
    """Return SQLAlchemy's address of the database; it decodes `%` and reads `?` as an option.

    The driver is named, since MLflow makes the folder of an address without one, undecoded.
    """
    path = str(root / DATABASE).replace("%", "%25").replace("?", "%3F")
    return f"sqlite+pysqlite:///{path}"


def version_folder(root: Path, run_id: str) -> Path:
    """Return the folder of a version's files, wherever the registry lies now."""
    return root / ARTIFACTS / run_id / ARTIFACTS / "model"


def folder_of_uri(uri: str) -> Path:
    """Return the folder that a `file:` address or a path names."""
    return Path(url2pathname(urlparse(uri).path) if uri.startswith("file:") else uri)


def relocate(root: Path) -> None:
    """Point a moved or copied registry to its own artefacts; a read-only one stays as it is.

    Experiments whose artefacts lie elsewhere on purpose keep their places.
    """
    if not (root / DATABASE).exists():
        return
    with closing(sqlite3.connect(root / DATABASE)) as database:
        try:
            _write(database, root)
        except sqlite3.Error as error:
            if "readonly" not in str(error):
                raise


def _write(database: sqlite3.Connection, root: Path) -> None:
    location = (root / ARTIFACTS).as_uri()
    for move in _moves(database, root):
        database.execute(
            "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
            (location, move.experiment),
        )
        begin = f"{move.location}/"
        for table, column in _PLACES:
            if not database.execute(_HAS_TABLE, (table,)).fetchone():
                continue
            database.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # noqa: S608 - ours
                f"WHERE substr({column}, 1, ?) = ?",
                (f"{location}/", len(begin) + 1, len(begin), begin),
            )
    database.commit()


def _moves(database: sqlite3.Connection, root: Path) -> list[_Move]:
    if not database.execute(_HAS_TABLE, ("experiments",)).fetchone():
        return []
    own = root / ARTIFACTS
    stored = database.execute("SELECT experiment_id, artifact_location FROM experiments").fetchall()
    return [
        _Move(experiment, location)
        for experiment, location in stored
        if location
        and location.startswith("file:")
        and (folder := folder_of_uri(location)).name == ARTIFACTS
        and folder != own
        and _holds_runs(database, own, experiment)
    ]


def _holds_runs(database: sqlite3.Connection, own: Path, experiment: int) -> bool:
    """Tell whether runs of an experiment lie here; one without runs may begin here."""
    query = "SELECT run_uuid FROM runs WHERE experiment_id = ?"
    runs = database.execute(query, (experiment,)).fetchall()
    return not runs or any((own / run_id).is_dir() for (run_id,) in runs)
