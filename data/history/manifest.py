"""The manifest of a history: one file, replaced whole, so that a reader sees old or new.

Layout of a history folder:

    manifest.json                          names the files below, with counts and hashes
    tables/orders-3f2a....parquet          one file a table, named after its content
    quarantine/orders-77c1....csv          refused rows, with reason, file and row
    .staging/, .lock                       only while an import runs
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from data.domain import BadInputError

MANIFEST, TABLES_FOLDER, QUARANTINE_FOLDER = "manifest.json", "tables", "quarantine"
FORMAT = 1


@dataclass(frozen=True)
class TableFile:
    """One table of a history.

    Attributes:
        file: Path inside the history.
        rows: Its rows.
        sha256: Of the file.
        filled: For each column how many rows have a value.
    """

    file: str
    rows: int
    sha256: str
    filled: dict[str, int]


@dataclass(frozen=True)
class ImportRecord:
    """Record of one import that changed the history; counts by table, then by kind.

    `emptied` counts the values of optional columns that could not be read.
    """

    imported_at: str
    source: str
    counts: dict[str, dict[str, int]]
    quarantine: list[str]
    emptied: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """Tables and imports of a history."""

    tables: dict[str, TableFile] = field(default_factory=dict)
    imports: tuple[ImportRecord, ...] = ()

    @classmethod
    def read(cls, history: Path) -> "Manifest | None":
        """The manifest of a history folder; None where there is none yet."""
        path = history / MANIFEST
        if not path.is_file():
            return None
        try:
            stored = json.loads(path.read_bytes())
            tables = {name: TableFile(**table) for name, table in stored["tables"].items()}
            imports = tuple(ImportRecord(**record) for record in stored["imports"])
        except (ValueError, KeyError, TypeError) as error:
            cure = "Restore it from a backup, or import into a new folder."
            raise BadInputError(str(path), "is not a manifest of this program", cure) from error
        return cls(tables, imports)

    @property
    def fingerprint(self) -> str:
        """Hash of the content of all tables, independent of the order of imports."""
        listed = sorted((name, table.sha256) for name, table in self.tables.items())
        return hashlib.sha256(json.dumps(listed).encode()).hexdigest()

    @property
    def quarantine(self) -> set[str]:
        """The quarantine files of all imports."""
        return {file for record in self.imports for file in record.quarantine}

    def files(self) -> Iterator[str]:
        """Every file that this manifest names."""
        yield from (table.file for table in self.tables.values())
        yield from self.quarantine

    def after(self, tables: dict[str, TableFile], record: ImportRecord) -> "Manifest":
        """This manifest after an import; itself if the import changed nothing."""
        merged = self.tables | tables
        if merged == self.tables and set(record.quarantine) <= self.quarantine:
            return self
        return replace(self, tables=merged, imports=(*self.imports, record))

    def write(self, history: Path) -> None:
        """Replace the manifest in one step that survives a power cut."""
        stored: dict[str, Any] = {"format": FORMAT, **asdict(self)}
        fresh = history / f".{MANIFEST}.new"
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(stored, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(history / MANIFEST)


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
