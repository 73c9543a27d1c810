"""A forecast book: all that the service answers about demand from, materialised by a job.

Layout of the folder of books:

    current.json                the book in use, with the sha256 of its `sha256.json`
    2026-11-23T00-19-29-123/    one book, written whole before it is named there
        book.json               moments, periods, model version, level sets, accuracy
        series.arrow            one row a series: texts and single numbers
        aggregates.arrow        one row an aggregate: its kind and key
        exceptions.arrow        one row a stock exception
        *.npy                   matrices, one row a series or an aggregate
        sha256.json             the sha256 of each of them

Numbers are mapped into memory, not read: 300,000 series over 28 days open in milliseconds, apart
from checking them. No pickle is written or read.
"""

import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import orjson
import pyarrow as pa

from data.domain import BadInputError
from data.ticks import MS_PER_DAY
from models.forecast_book.book import Book
from models.forecast_book.files import read_files, write_files
from models.registry.version_files import SHA_FILE, check_file, sha256_of

MAX_BOOKS = 3
POINTER = "current.json"
_UNFINISHED = ".writing-"
_CURE = "Make another: python -m training forecast --history HISTORY --as-of DATE"


class BookPointer(NamedTuple):
    """Pointer to the book in use; cheap to read, made to be polled."""

    name: str
    sha256: str


def current_book(root: Path) -> BookPointer | None:
    """Return which book of a folder is in use; None where there is none.

    Raises:
        BadInputError: The file that says so can't be read.
    """
    try:
        return BookPointer(**orjson.loads((root / POINTER).read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise BadInputError(str(root / POINTER), f"can't be read: {error}", _CURE) from error


def write_book(root: Path, book: Book, *, keep: int = MAX_BOOKS) -> BookPointer:
    """Write a book whole, then put it in use, and remove all but the newest `keep`.

    A writer that is killed leaves the book before it in use.
    """
    root.mkdir(parents=True, exist_ok=True)
    made_at = datetime.fromtimestamp(book.made_at_ms / 1000, UTC)
    name = made_at.strftime("%Y-%m-%dT%H-%M-%S-") + f"{book.made_at_ms % 1000:03d}"
    folder = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=root))
    try:
        write_files(folder, book)
        digests = {path.name: sha256_of(path) for path in sorted(folder.iterdir())}
        (folder / SHA_FILE).write_bytes(orjson.dumps(digests))
        for path in folder.iterdir():
            _to_disk(path)
        folder.chmod(
            0o755
        )  # a temporary folder is its maker's alone; a service may be another user
        name = _free(root, name)
        folder.rename(root / name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    pointer = BookPointer(name, sha256_of(root / name / SHA_FILE))
    unfinished = root / f"{_UNFINISHED}{name}"
    unfinished.write_bytes(orjson.dumps(pointer._asdict()))
    _to_disk(unfinished)
    unfinished.rename(root / POINTER)
    _prune(root, keep, now_ms=book.made_at_ms)
    return pointer


def read_book(root: Path, pointer: BookPointer) -> Book:
    """Map a book into memory after checking every file of it.

    Raises:
        BadInputError: A file is missing, was changed, or is of another format.
    """
    folder = root / pointer.name
    try:
        check_file(folder / SHA_FILE, pointer.sha256)
        for name, digest in orjson.loads((folder / SHA_FILE).read_bytes()).items():
            check_file(folder / name, digest)
        return read_files(folder)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowInvalid) as error:
        raise BadInputError(f"forecast book {folder}", str(error), _CURE) from error


def _free(root: Path, name: str) -> str:
    """Two books may be made in one millisecond by a clock that stands."""
    names = (name, *(f"{name}-{again:03d}" for again in range(1, 1000)))
    return next(name for name in names if not (root / name).exists())


def _prune(root: Path, keep: int, *, now_ms: int) -> None:
    """Remove old books, and folders left unfinished for a day.

    A book that is mapped somewhere stays readable there after it is removed.
    """
    folders = [path for path in root.iterdir() if path.is_dir()]
    books = sorted(path for path in folders if not path.name.startswith(_UNFINISHED))
    day_ago = (now_ms - MS_PER_DAY) / 1000
    unfinished = [path for path in set(folders) - set(books) if path.stat().st_mtime < day_ago]
    for old in books[:-keep] + unfinished:
        shutil.rmtree(old, ignore_errors=True)


def _to_disk(path: Path) -> None:
    """Flush to disk: the files that the pointer names must survive a power cut."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
