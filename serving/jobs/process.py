"""The process of one job: its command under guard, the lines that it prints, its end."""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path

MAX_LINES = 200
MAX_LINE_LENGTH = 500
SECONDS_TO_READ_THE_END = 5.0


class JobProcess:
    """The command of a job as a process group; lines of both outputs are read as they come."""

    def __init__(self, command: list[str], output: Path, *, max_seconds_alone: float) -> None:
        """Start it.

        Args:
            command: Module and arguments.
            output: Folder for its files, made if missing; the whole log is written there too.
            max_seconds_alone: Seconds without a pulse after which it ends itself.
        """
        output.mkdir(parents=True, exist_ok=True)
        guarded = [sys.executable, "-u", "-m", "serving.jobs.guard", str(max_seconds_alone)]
        self._process = subprocess.Popen(  # noqa: S603 - a command of the table of kinds
            [*guarded, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._log = output / "log.txt"
        self.lines_read = 0
        self._reader = threading.Thread(target=self._read, name="job-output", daemon=True)
        self._reader.start()

    def pulse(self) -> None:
        """Say that the worker still holds its lease."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        with suppress(OSError):
            os.write(self._process.stdin.fileno(), b".")

    def exit_code(self) -> int | None:
        """Return the exit code; None while it runs. All that it printed has been read then."""
        code = self._process.poll()
        if code is not None:
            self._reader.join(SECONDS_TO_READ_THE_END)
        return code

    def kill(self) -> None:
        """End the command and all processes that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def last_lines(self) -> list[str]:
        """Return the last lines, the oldest first."""
        return list(self._lines)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        with self._log.open("ab") as log:
            for line in self._process.stdout:
                log.write(line)
                log.flush()
                text = line.decode(errors="replace").rstrip()
                if text:
                    self._lines.append(text[:MAX_LINE_LENGTH])
                    self.lines_read += 1
