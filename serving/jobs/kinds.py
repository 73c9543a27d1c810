"""Kinds of jobs: each is a command of the console, run with the parameters of the job.

A job runs a command and no function: its memory ends with it, and nothing here imports training.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from data.domain import BadInputError
from data.settings import Settings
from serving.jobs.payload import DEFAULT_DAYS, JobSpec

DRIFT, DRIFT_REPORT = "drift", "drift.json"


class JobFolders(NamedTuple):
    """Folders of one job.

    Attributes:
        history: Order history that is read.
        output: Folder of this job for the files that its command writes.
    """

    history: Path
    output: Path


CommandLine = list[str]
"""Module and arguments, as after `python -m`."""


class JobKind(NamedTuple):
    """One kind of job.

    Attributes:
        summary: What it does, for people.
        command: Returns the command line of a job.
        parameters: Names of the optional parameters that the command reads.
        needs_history: Whether it reads the order history of the settings.
    """

    summary: str
    command: Callable[[JobSpec, JobFolders], CommandLine]
    parameters: frozenset[str] = frozenset()
    needs_history: bool = True


def _history(spec: JobSpec, folders: JobFolders) -> CommandLine:
    return [f"--history={folders.history}", f"--as-of={spec.as_of}"]


def _optional(spec: JobSpec, name: str) -> CommandLine:
    value = getattr(spec, name)
    return [] if value is None else [f"--{name}={value}"]


def _training(*words: str, options: tuple[str, ...] = ()) -> Callable[..., CommandLine]:
    def command(spec: JobSpec, folders: JobFolders) -> CommandLine:
        optional = [part for name in options for part in _optional(spec, name)]
        return ["training", *words, *_history(spec, folders), *optional]

    return command


def _days_before(spec: JobSpec, days: int) -> str:
    """Return the moment some days before that of the job."""
    as_of = datetime.fromisoformat(spec.as_of).astimezone(UTC)
    return (as_of - timedelta(days=days)).isoformat()


def _drift(spec: JobSpec, folders: JobFolders) -> CommandLine:
    days = spec.days or DEFAULT_DAYS
    middle, begin = _days_before(spec, days), _days_before(spec, 2 * days)
    return [
        "training",
        "drift",
        f"--history={folders.history}",
        f"--reference={begin}..{middle}",
        f"--current={middle}..{spec.as_of}",
        f"--json={folders.output / DRIFT_REPORT}",
        f"--html={folders.output / 'drift.html'}",
    ]


def _replay(spec: JobSpec, folders: JobFolders) -> CommandLine:
    begin = _days_before(spec, spec.days or DEFAULT_DAYS)
    return [
        "training",
        "replay",
        "queue",
        f"--history={folders.history}",
        f"--from={begin}",
        f"--to={spec.as_of}",
        f"--report={folders.output / 'replay.json'}",
        f"--html={folders.output / 'replay.html'}",
    ]


def _export(_spec: JobSpec, folders: JobFolders) -> CommandLine:
    return ["data", "export", f"--into={folders.output / 'export'}"]


def _retention(_spec: JobSpec, _folders: JobFolders) -> CommandLine:
    return ["serving", "retain", "--compact"]


def _rescore(_spec: JobSpec, _folders: JobFolders) -> CommandLine:
    return ["serving", "rescore"]


TRIALS, HORIZON, DAYS = "trials", "horizon", "days"
JOB_KINDS: Mapping[str, JobKind] = {
    "triage": JobKind(
        "Train triage; promote it if it is better",
        _training("triage", options=(TRIALS,)),
        frozenset({TRIALS}),
    ),
    "warning": JobKind(
        "Train the early warning; promote it if it is better",
        _training("warning", options=(TRIALS,)),
        frozenset({TRIALS}),
    ),
    "demand": JobKind(
        "Train the demand forecaster; promote it if it is better",
        _training("demand", options=(TRIALS, HORIZON)),
        frozenset({TRIALS, HORIZON}),
    ),
    "forecast": JobKind(
        "Write a forecast book",
        _training("forecast", options=(HORIZON,)),
        frozenset({HORIZON}),
    ),
    "calibration": JobKind(
        "Fit the calibration and the guarantees of triage anew", _training("recalibrate", "triage")
    ),
    DRIFT: JobKind("Compare the last days with those before", _drift, frozenset({DAYS})),
    "replay": JobKind("Simulate the queue of the last days", _replay, frozenset({DAYS})),
    "export": JobKind(
        "Write the exceptions and outcomes of the ledger as files for an import",
        _export,
        needs_history=False,
    ),
    "retention": JobKind(
        "Erase what is older than the settings let it be, and rewrite the database without remains",
        _retention,
        needs_history=False,
    ),
    "rescore": JobKind("Score all open exceptions again", _rescore, needs_history=False),
}
"""All kinds by name."""


def command_of(spec: JobSpec, settings: Settings, job_id: str) -> CommandLine:
    """Return the command line of a job.

    Raises:
        BadInputError: It reads the order history, and the settings name none.
    """
    kind = JOB_KINDS[spec.kind]
    if kind.needs_history and settings.history is None:
        raise BadInputError(
            "EXPEDITE_HISTORY",
            f"is not set, and a job '{spec.kind}' reads the order history",
            "Set it to the folder of the history.",
        )
    folders = JobFolders((settings.history or Path()).resolve(), output_folder(settings, job_id))
    return kind.command(spec, folders)


def output_folder(settings: Settings, job_id: str) -> Path:
    """Return the folder of the files that a job writes."""
    return settings.mlruns.resolve() / "jobs" / job_id
