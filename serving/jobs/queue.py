"""The queue of jobs, stored by DBOS: started here, run by the worker.

On SQLite it is a file beside the ledger, on PostgreSQL a schema of the same database. All values
are stored as JSON.
"""

from functools import cached_property
from hashlib import sha256
from threading import Lock
from typing import Any

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions
from dbos import error as dbos_error

from data.database_address import database_url
from data.domain import ConflictError, NotFoundError
from data.ledger.intake import new_id
from serving.http.problems import KeyReusedError
from serving.jobs.payload import JobSpec
from serving.jobs.record import JobRecord

QUEUE = "jobs"
WORKFLOW = "job"
SCHEMA = "expedite_jobs"
PROGRESS = "progress"
MAX_LISTED = 200


def jobs_url(ledger_url: str) -> str:
    """Return the address of the jobs' database by that of the ledger.

    >>> jobs_url("sqlite:///expedite.sqlite")
    'sqlite:///expedite-jobs.sqlite'
    """
    url = database_url(ledger_url)
    if url.get_backend_name() == "sqlite" and url.database:
        stem, dot, suffix = url.database.rpartition(".")
        url = url.set(database=f"{stem}-jobs{dot}{suffix}" if dot else f"{suffix}-jobs")
    return url.render_as_string(hide_password=False)


class JobQueue:
    """The queue, opened when it is first used."""

    def __init__(self, ledger_url: str) -> None:
        self.url = jobs_url(ledger_url)
        self._opening = Lock()

    @cached_property
    def _client(self) -> DBOSClient:
        with self._opening:
            DBOS.migrate(self.url, schema=SCHEMA)
        return DBOSClient(
            system_database_url=self.url,
            dbos_system_schema=SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            retry_connection_errors=False,
        )

    def close(self) -> None:
        """Let go of the connections, where there are any."""
        if "_client" in vars(self):
            self._client.destroy()

    def start(self, spec: JobSpec, *, by: str | None, now_ms: int, key: str | None = None) -> str:
        """Put a job into the queue; return its id.

        Args:
            spec: The job.
            by: Who starts it.
            now_ms: The present.
            key: A second start with the same key returns the first job.

        Raises:
            ConflictError: A job of the kind waits or runs.
            KeyReusedError: The key came with another job.
        """
        job_id = new_id(now_ms, "job") if key is None else _id_of(key, by)
        if key is not None:
            earlier = self._jobs(workflow_ids=[job_id])
            if earlier:
                return _same(earlier[0], spec, key)
        options: EnqueueOptions = {
            "queue_name": QUEUE,
            "workflow_name": WORKFLOW,
            "workflow_id": job_id,
            "deduplication_id": spec.kind,
        }
        if by is not None:
            options["authenticated_user"] = by
        try:
            self._client.enqueue(options, spec.stored())
        except dbos_error.DBOSQueueDeduplicatedError as error:
            raise ConflictError(
                spec.kind, "a job of this kind waits or runs", "Wait for its end, or cancel it."
            ) from error
        return job_id

    def jobs(self, limit: int = MAX_LISTED, status: str | None = None) -> list[JobRecord]:
        """Return the newest jobs, the newest first; those of one status where it is named."""
        records = self._jobs(limit=MAX_LISTED, sort_desc=True, name=WORKFLOW)
        return [record for record in records if status in (None, record.status)][:limit]

    def job(self, job_id: str) -> JobRecord:
        """Return one job.

        Raises:
            NotFoundError: There is none of this id.
        """
        records = self._jobs(workflow_ids=[job_id])
        if not records:
            raise NotFoundError("job", job_id)
        return records[0]

    def log(self, job_id: str) -> list[str]:
        """Return the last lines that a job printed, the oldest first."""
        return self._client.get_event(job_id, PROGRESS, timeout_seconds=0) or []

    def cancel(self, job_id: str) -> JobRecord:
        """Cancel a job; a command that runs is ended within seconds.

        Raises:
            NotFoundError: There is none of this id.
            ConflictError: It has ended.
        """
        if self.job(job_id).is_over:
            raise ConflictError(job_id, "the job has ended", "Start another one.")
        self._client.cancel_workflow(job_id)
        return self.job(job_id)

    def _jobs(self, **filters: Any) -> list[JobRecord]:
        return [JobRecord.of(stored) for stored in self._client.list_workflows(**filters)]


def _id_of(key: str, by: str | None) -> str:
    """Return the id of the job of an `Idempotency-Key`; keys of two callers are two jobs."""
    return "job_" + sha256(f"{by or ''}\n{key}".encode()).hexdigest()[:26]


def _same(earlier: JobRecord, spec: JobSpec, key: str) -> str:
    """Return the id of the job that a key started, if it was the same one."""
    if {**earlier.spec, "as_of": None} != {**spec.stored(), "as_of": None}:
        raise KeyReusedError(key)
    return earlier.id
