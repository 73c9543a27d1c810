"""Jobs as answers show them."""

from collections import Counter
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from fastapi import Request
from typing_extensions import TypedDict

from data.ledger.leases import lease_of
from data.ledger.ledger import Ledger
from data.settings import Settings
from data.ticks import MS_PER_SECOND
from serving.jobs.drift_figures import drift_figures
from serving.jobs.kinds import DRIFT, DRIFT_REPORT, JOB_KINDS, output_folder
from serving.jobs.record import JOBS_LEASE, SUCCEEDED, JobRecord
from serving.metrics.service_state import JobCounts
from serving.wire.answers import Moment, closed
from serving.wire.formats import rfc3339, rfc3339_or_none

if TYPE_CHECKING:
    from serving.jobs.queue import JobQueue


@closed
class JobOut(TypedDict):
    """One job."""

    id: str
    kind: str
    summary: str
    status: str
    parameters: dict[str, Any]
    by: str | None
    created_at: Moment
    begun_at: Moment | None
    ended_at: Moment | None
    attempts: int
    progress: str | None
    exit_code: int | None
    problem: str | None
    files: list[str]


@closed
class JobDetailsOut(JobOut):
    """One job, and the last lines that its command printed."""

    log: list[str]


@closed
class JobsOut(TypedDict):
    """The newest jobs, and whether a worker is there to run them."""

    has_worker: bool
    jobs: list[JobOut]


class LazyJobQueue:
    """The queue of jobs, which is opened by the first call about jobs: DBOS imports slowly."""

    def __init__(self, ledger_url: str) -> None:
        self._ledger_url = ledger_url
        self._queue: JobQueue | None = None
        self._opening = Lock()

    def open(self) -> "JobQueue":
        """Return the queue."""
        with self._opening:
            queue = self._queue or import_module("serving.jobs.queue").JobQueue(self._ledger_url)
            self._queue = queue
        return queue

    def close(self) -> None:
        """Let go of its connections."""
        if self._queue is not None:
            self._queue.close()


def queue_of(request: Request) -> "JobQueue":
    """Return the queue of the application that a request came to; it may have to be opened."""
    return request.app.state.jobs.open()


def job_counts(jobs: LazyJobQueue, ledger: Ledger, settings: Settings) -> JobCounts:
    """Return the counts of the newest jobs; none, and no queue opened, before the first worker."""
    with ledger.reading() as connection:
        is_used = lease_of(connection, JOBS_LEASE) is not None
    records = jobs.open().jobs() if is_used else []
    ends = {
        record.kind: (record.ended_at_ms or 0) / MS_PER_SECOND
        for record in reversed(records)
        if record.status == SUCCEEDED
    }
    drifts = (r for r in records if (r.kind, r.status) == (DRIFT, SUCCEEDED))
    newest = next(drifts, None)
    return JobCounts(
        by_status=dict(Counter((record.kind, record.status) for record in records)),
        succeeded_at=ends,
        drift=newest and drift_figures(output_folder(settings, newest.id) / DRIFT_REPORT),
    )


def has_worker(ledger: Ledger) -> bool:
    """Return whether a worker holds the lease; a killed one counts until the next is there."""
    with ledger.reading() as connection:
        lease = lease_of(connection, JOBS_LEASE)
    return lease is not None and lease.holder is not None


def job_out(queue: "JobQueue", record: JobRecord) -> JobOut:
    """Return a job; its progress is the last line of its log, while it runs."""
    lines = [] if record.is_over else queue.log(record.id)
    return _shape(record, lines[-1] if lines else None)


def details_out(queue: "JobQueue", record: JobRecord) -> JobDetailsOut:
    """Return a job with its log."""
    lines = queue.log(record.id)
    return {**_shape(record, lines[-1] if lines and not record.is_over else None), "log": lines}


def jobs_out(queue: "JobQueue", ledger: Ledger, limit: int, status: str | None = None) -> JobsOut:
    """Return the newest jobs."""
    records = queue.jobs(limit, status)
    return {
        "has_worker": has_worker(ledger),
        "jobs": [job_out(queue, record) for record in records],
    }


def _shape(record: JobRecord, progress: str | None) -> JobOut:
    kind = JOB_KINDS.get(record.kind)
    return {
        "id": record.id,
        "kind": record.kind,
        "summary": record.kind if kind is None else kind.summary,
        "status": record.status,
        "parameters": {
            name: value
            for name, value in record.spec.items()
            if name != "kind" and value is not None
        },
        "by": record.by,
        "created_at": rfc3339(record.created_at_ms),
        "begun_at": rfc3339_or_none(record.begun_at_ms),
        "ended_at": rfc3339_or_none(record.ended_at_ms),
        "attempts": record.attempts,
        "progress": progress,
        "exit_code": record.exit_code,
        "problem": record.problem,
        "files": record.files,
    }
