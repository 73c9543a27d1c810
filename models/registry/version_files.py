"""The files of one version: texts and Parquet in one folder, each checked against its sha256.

`sha256.json` names every file with its sha256; whoever keeps the sha256 of that one file (the
registry) can tell whether anything in the folder was changed. No pickle is written or read.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from data.contract.shared_texts import joined_texts, shared_texts
from features.engine.event_log import LogRows
from models.estimator import Files

SHA_FILE = "sha256.json"
_KNOWN_AT, _KEY, _VALUE = "known_at", "key.", "value."
_PAST, _PARQUET = "past.", ".parquet"


class VersionFiles(NamedTuple):
    """Files of one version: texts, and logs by name."""

    files: Files
    past: dict[str, LogRows]


class PyfuncCode(NamedTuple):
    """A model as `mlflow.pyfunc` loads it.

    Attributes:
        code: Python file that reads the version which it is copied into.
        inputs: Columns of the frame that it takes; each may be absent, and of any type.
        outputs: Columns of the frame that it gives, each with its MLflow type.
    """

    code: Path
    inputs: Sequence[str]
    outputs: Mapping[str, str]


def write_version(folder: Path, files: Files, past: Mapping[str, LogRows]) -> str:
    """Write texts and logs into a new folder; return the sha256 of `sha256.json`."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name, rows in past.items():
        path = folder / f"{_PAST}{name}{_PARQUET}"
        pq.write_table(_to_table(rows), path, compression="zstd")
    digests = {path.name: sha256_of(path) for path in sorted(folder.iterdir())}
    (folder / SHA_FILE).write_bytes(orjson.dumps(digests))
    return sha256_of(folder / SHA_FILE)


def read_version(folder: Path, digest: str) -> VersionFiles:
    """Read back what `write_version` wrote and answered with this digest.

    Raises:
        OSError: A file is missing.
        ValueError: A file was changed.
    """
    check_file(folder / SHA_FILE, digest)
    digests: dict[str, str] = orjson.loads((folder / SHA_FILE).read_bytes())
    for name, digest_of_file in digests.items():
        check_file(folder / name, digest_of_file)
    texts = {
        name: (folder / name).read_text(encoding="utf-8")
        for name in digests
        if not name.endswith(_PARQUET)
    }
    past = {
        name.removeprefix(_PAST).removesuffix(_PARQUET): _to_rows(pq.read_table(folder / name))
        for name in digests
        if name.endswith(_PARQUET)
    }
    return VersionFiles(texts, past)


def check_file(path: Path, digest: str) -> None:
    """Compare a file with its sha256.

    Raises:
        OSError: It is missing.
        ValueError: It was changed.
    """
    if sha256_of(path) != digest:
        raise ValueError(f"{path.name} is not the file that was registered")


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _to_table(rows: LogRows) -> pa.Table:
    columns: dict[str, Any] = {_KNOWN_AT: rows.known_at}
    for name, key in rows.keys.items():
        columns[_KEY + name] = pa.array(key, pa.string()).dictionary_encode()
    columns |= {_VALUE + name: value for name, value in rows.values.items()}
    return pa.table(columns)


def _to_rows(table: pa.Table) -> LogRows:
    def texts(name: str) -> np.ndarray:
        return shared_texts(joined_texts(table[name]))

    names = table.column_names
    return LogRows(
        table[_KNOWN_AT].to_numpy(),
        {n.removeprefix(_KEY): texts(n) for n in names if n.startswith(_KEY)},
        {n.removeprefix(_VALUE): table[n].to_numpy() for n in names if n.startswith(_VALUE)},
    )
