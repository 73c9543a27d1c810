"""Progress of a command: a bar or a line on a terminal, lines below each other elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)


@contextmanager
def status_lines(console: Console) -> Iterator[Callable[[str], None]]:
    """Show lines of progress: in one place on a terminal, else one by one on standard error.

    A job reads them there while the command runs.

    Args:
        console: Console of the results.
    """
    if console.is_terminal:
        with console.status("Starting") as status:
            yield status.update
    else:
        yield _print_line


def _print_line(line: str) -> None:
    Console(stderr=True).print(line, highlight=False, markup=False, soft_wrap=True)


class StepBar:
    """Progress bar that advances a step at each line. A context manager.

    Args:
        steps: Number of lines that will come.
        console: Console to draw on; standard error if None, so that results stay alone on output.
    """

    def __init__(self, steps: int, console: Console | None = None) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console or Console(stderr=True),
        )
        self._steps, self._begun, self._task = steps, 0, TaskID(0)

    def __enter__(self) -> "StepBar":
        self._task = self._progress.add_task("Starting", total=self._steps)
        self._progress.start()
        return self

    def __exit__(self, error: object, *unused: object) -> None:
        if error is None:
            self._progress.update(self._task, completed=self._steps, description="Done")
        self._progress.stop()

    def step(self, line: str) -> None:
        """Begin a step: the ones before it are done."""
        self._progress.update(self._task, completed=self._begun, description=line)
        self._begun += 1
        if not self._progress.console.is_terminal:
            _print_line(line)
