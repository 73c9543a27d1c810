"""`python -m serving jobs`: run the worker; start, list and cancel jobs at the console."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from data.domain import ExpediteError
from data.settings import Settings
from serving.clock import clock_from
from serving.jobs.kinds import JOB_KINDS, command_of
from serving.jobs.payload import JOB, spec_of
from serving.wire.check import checked
from serving.wire.formats import rfc3339

if TYPE_CHECKING:
    from serving.jobs.queue import JobQueue

jobs = typer.Typer(
    help="Long work beside the service: training, forecasts, drift.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@contextmanager
def _queue(settings: Settings) -> "Iterator[JobQueue]":
    """Open the queue; end with the message of an error that people can cure."""
    queue: JobQueue = import_module("serving.jobs.queue").JobQueue(settings.database_url)
    try:
        yield queue
    except ExpediteError as error:
        sys.exit(str(error))
    finally:
        queue.close()


@jobs.command()
def run(
    lease_seconds: Annotated[
        float | None, typer.Option(min=1, hidden=True, help="Length of the lease, for tests")
    ] = None,
) -> None:
    """Run the worker until Ctrl-C. Others wait, and take over if it is killed."""
    try:
        settings = Settings.read()
        worker = import_module("serving.jobs.worker")
        worker.work(settings, lease_seconds or worker.JOB_LEASE_SECONDS)
    except ExpediteError as error:
        sys.exit(str(error))


@jobs.command()
def start(
    kind: Annotated[str, typer.Argument(help=", ".join(JOB_KINDS))],
    as_of: Annotated[str, typer.Option(help="Moment of the job; now if left out")] = "",
) -> None:
    """Put a job into the queue; print its id."""
    settings = Settings.read()
    with _queue(settings) as queue:
        now_ms = clock_from(settings.clock)()
        payload = checked(JOB, {"kind": kind} | ({"as_of": as_of} if as_of else {}))
        spec = spec_of(payload, JOB_KINDS[payload.kind].parameters, now_ms)
        command_of(spec, settings, "")
        typer.echo(queue.start(spec, by=None, now_ms=now_ms))


@jobs.command("list")
def list_jobs() -> None:
    """Print the newest jobs."""
    with _queue(Settings.read()) as queue:
        records = queue.jobs()
    table = Table("id", "kind", "status", "started", "by", "attempts", box=None)
    for record in records:
        table.add_row(
            record.id,
            record.kind,
            record.status,
            rfc3339(record.created_at_ms),
            record.by or "",
            str(record.attempts),
        )
    Console(width=None if sys.stdout.isatty() else 200).print(table)


@jobs.command()
def cancel(job_id: Annotated[str, typer.Argument(help="Id of the job")]) -> None:
    """Cancel a job that waits or runs."""
    with _queue(Settings.read()) as queue:
        typer.echo(f"{job_id} is {queue.cancel(job_id).status}.")
