"""Progress bar of a command with a fixed number of steps."""

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
