"""The truth behind a simulated history, written beside it and never into it."""

from pathlib import Path
from types import TracebackType
from typing import Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


class TruthFiles:
    """Parquet files that grow as the simulation goes on; a folder of None writes nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.writers: dict[str, pq.ParquetWriter] = {}

    def write(self, name: str, rows: pd.DataFrame) -> None:
        """Append rows to the file of a table."""
        if self.folder is None:
            return
        table = pa.Table.from_pandas(rows, preserve_index=False)
        if name not in self.writers:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.writers[name] = pq.ParquetWriter(self._unfinished(name), table.schema)
        self.writers[name].write_table(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name, writer in self.writers.items():
            writer.close()
            unfinished = self._unfinished(name)
            if kind is None:
                unfinished.replace(unfinished.with_suffix(""))
            else:
                unfinished.unlink()

    def _unfinished(self, name: str) -> Path:
        """Path of a growing file: an aborted simulation leaves no file that looks complete."""
        return (self.folder or Path()) / f"{name}.parquet.part"
