"""The only writer of a history: checks, quarantines and merges rows, and switches in one step.

Until the manifest is replaced, at the very end, nothing of the former history is touched; a kill
before it leaves that history whole, a kill after it the new one. The files of the history before
stay until the next import, for readers that still hold them.
"""

import fcntl
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from data.domain import BadInputError
from data.history.manifest import (
    MANIFEST,
    QUARANTINE_FOLDER,
    TABLES_FOLDER,
    ImportRecord,
    Manifest,
    sha256_of,
)
from data.ingest.key_spellings import KeySpellings
from data.ingest.merge import Merge
from data.ingest.row_checks import ImportTerms
from data.ingest.staging import RowCounts, StagedImport

STAGING, LOCK = ".staging", ".lock"
TRUTH_FOLDER = "truth"  # beside a simulated history, written before its manifest
HISTORY_ENTRIES = {
    MANIFEST,
    f".{MANIFEST}.new",
    TABLES_FOLDER,
    QUARANTINE_FOLDER,
    STAGING,
    LOCK,
    TRUTH_FOLDER,
}
GENERATED_FILE = re.compile(r"[a-z_]+-[0-9a-f]{16}\.(parquet|csv)")

Watch = Callable[[str, int], None]
Chunks = Iterable[tuple[str, pd.DataFrame | pa.Table]]


@dataclass(frozen=True)
class ImportReport:
    """Report of an import: counts by table, or by file for lines that could not be read."""

    counts: dict[str, RowCounts]
    quarantine: list[Path]
    notices: list[str]
    changed: bool


def no_progress(step: str, rows: int) -> None:
    """Watch nothing."""


def write_history(
    into: Path,
    chunks: Chunks,
    terms: ImportTerms,
    *,
    watch: Watch = no_progress,
) -> ImportReport:
    """Check rows and merge them into the history at `into`, which is made if absent.

    Args:
        into: The folder of the history.
        chunks: Names of tables with some of their rows, in any order and of any size. The columns
            `_file` and `_row`, if present, name the origin of a row in the quarantine.
        terms: Source, moment and time zone of the import.
        watch: Called with each step and the rows done in it.

    Raises:
        BadInputError: something is wrong with the whole; nothing has been touched.
    """
    with _locked(into):
        former = Manifest.read(into) or Manifest()
        _sweep(into, former)
        staging = into / STAGING
        staging.mkdir()
        try:
            return _write(into, former, chunks=chunks, terms=terms, watch=watch)
        finally:
            shutil.rmtree(staging)


def _write(
    into: Path, former: Manifest, chunks: Chunks, terms: ImportTerms, watch: Watch
) -> ImportReport:
    merge = Merge(into, former.tables, into / STAGING)
    spellings = KeySpellings.of_history(into, former.tables, terms.join_alike)
    with StagedImport(into / STAGING, terms, spellings) as stage:
        for table, chunk in chunks:
            watch(f"checking {table}", len(chunk))
            stage.add(table, chunk)
        stage.finish()
        for table in stage.in_order():
            watch(f"merging {table.rule.name}", table.counts.accepted)
            merge.merge_table(table)
    refused = {_named_after_content(file): file for file in stage.quarantine_files()}
    counts = {name: counts.as_numbers() for name, counts in stage.counts().items()}
    record = ImportRecord(
        imported_at=terms.imported_at.isoformat(),
        source=terms.source,
        counts=counts,
        quarantine=sorted(refused),
        emptied={name: dict(c.emptied) for name, c in stage.counts().items() if c.emptied},
    )
    manifest = former.after(merge.merged, record)
    watch("switching", 0)
    if manifest is not former:
        _switch(into, manifest, merge.fresh | refused)
    quarantine = [into / file for file in sorted(refused)]
    return ImportReport(stage.counts(), quarantine, stage.notices(), changed=manifest is not former)


def _named_after_content(file: Path) -> str:
    return f"{QUARANTINE_FOLDER}/{file.stem}-{sha256_of(file)[:16]}.csv"


def _switch(into: Path, manifest: Manifest, fresh: dict[str, Path]) -> None:
    """Put the new files in their places, then let the manifest name them."""
    for path, file in fresh.items():
        target = into / path
        target.parent.mkdir(exist_ok=True)
        file.replace(target)
    manifest.write(into)


def _sweep(into: Path, manifest: Manifest) -> None:
    """Remove the leftovers of a killed import and of the import before the last."""
    shutil.rmtree(into / STAGING, ignore_errors=True)
    named = {into / file for file in manifest.files()}
    for folder in (TABLES_FOLDER, QUARANTINE_FOLDER):
        for file in (into / folder).glob("*"):
            if file not in named and GENERATED_FILE.fullmatch(file.name):
                file.unlink()


@contextmanager
def _locked(into: Path) -> Iterator[None]:
    """Hold the history alone. The lock falls with the process that holds it, however it ends."""
    if into.exists() and not into.is_dir():
        raise BadInputError(str(into), "is a file", "Name a folder for the history.")
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"cannot be created ({error.strerror})"
        raise BadInputError(str(into), problem, "Name a folder that you may write to.") from error
    strangers = {file.name for file in into.iterdir()} - HISTORY_ENTRIES
    if strangers and not (into / MANIFEST).exists():
        problem = f"is not an order history: it holds other files, e.g. '{min(strangers)}'"
        raise BadInputError(str(into), problem, "Name a new or an empty folder.")
    with (into / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            cure = "Wait until it ends, then try again."
            raise BadInputError(str(into), "another import is running", cure) from error
        yield
