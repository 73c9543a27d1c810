"""The worker: runs the jobs of the queue, one at a time over all servers.

It holds a lease of the ledger while DBOS runs in it. DBOS takes up what its executor left behind
when it starts again; all workers are the same executor to it, and the lease says which one may
start. So a job of a worker that was killed is taken up by the next holder, from its beginning.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime
from types import FrameType
from typing import Any

from dbos import DBOS, DBOSPortableJSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from data.domain import ConflictError, ExpediteError
from data.ledger.ledger import Ledger
from data.settings import Settings
from data.ticks import tick_of
from serving.clock import clock_from
from serving.jobs.kinds import command_of, output_folder
from serving.jobs.payload import JobSpec
from serving.jobs.process import JobProcess
from serving.jobs.queue import PROGRESS, QUEUE, SCHEMA, WORKFLOW, JobQueue
from serving.jobs.record import CANCELLED, JOBS_LEASE
from serving.watch_lease import WatchLease
from serving.wire.formats import rfc3339

LOG = logging.getLogger("expedite.jobs")
EXECUTOR, VERSION = "expedite", "1"
JOB_LEASE_SECONDS = 20.0
"""A job is taken up so long after its worker was killed."""
SHARE_ALONE = 0.8
"""A job without a sign of its worker ends itself after this share of the lease."""
RENEW_SECONDS = 1.0
SECONDS_BETWEEN_LOOKS = 0.5
MAX_ATTEMPTS = 3
"""A job is taken up again so often, and then it has failed."""
BY_SCHEDULE = "schedule"


class JobWorker:
    """One worker process."""

    def __init__(self, settings: Settings, lease_seconds: float = JOB_LEASE_SECONDS) -> None:
        self._settings = settings
        self._ledger = Ledger.open(settings.database_url)
        self._lease = WatchLease(self._ledger, JOBS_LEASE, lease_seconds=lease_seconds)
        self._lease_seconds = lease_seconds
        self._clock = clock_from(settings.clock)
        self._queue = JobQueue(settings.database_url)
        self._process: JobProcess | None = None
        self._one_job = threading.Lock()
        self._ending = threading.Event()

    def run(self) -> int:
        """Work until a signal ends it, or another worker took over; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        while self._lease.current is None and not self._ending.is_set():
            self._renewed()
            if self._lease.current is None:
                self._ending.wait(RENEW_SECONDS)
        if self._ending.is_set():
            return 0
        self._launch()
        LOG.info("The worker takes jobs")
        while not self._ending.is_set():
            if not self._renewed():
                LOG.error("Another worker took over the jobs")
                self._stop_process()
                return 1
            self._ending.wait(RENEW_SECONDS)
        self._stop_process()
        self._lease.release()
        return 0

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._ending.set()

    def _stop_process(self) -> None:
        """Kill the command that runs; its job stays in the queue, and is taken up again."""
        self._ending.set()
        if self._process is not None:
            self._process.kill()

    def _renewed(self) -> bool:
        """Renew the lease or try to take it; return false where it was lost."""
        was_holder, began = self._lease.current is not None, time.monotonic()
        try:
            self._lease.step()
        except SQLAlchemyError as error:
            LOG.warning("The lease on the jobs can't be renewed: %s", error)
            return True
        is_prompt = time.monotonic() - began < self._lease_seconds * (1 - SHARE_ALONE)
        process = self._process
        if self._lease.current is not None and process is not None and is_prompt:
            process.pulse()
        return self._lease.current is not None or not was_holder

    def _launch(self) -> None:
        """Start DBOS: it takes up what the last holder left, and then what waits."""
        DBOS(
            config={
                "name": "expedite",
                "system_database_url": self._queue.url,
                "dbos_system_schema": SCHEMA,
                "executor_id": EXECUTOR,
                "application_version": VERSION,
                "serializer": DBOSPortableJSONSerializer(),
                "enable_otlp": False,
                "log_level": "WARNING",
                "scheduler_polling_interval_sec": 5.0,
            }
        )

        @DBOS.step(name="command")
        def run_step(spec: dict[str, Any]) -> dict[str, Any]:
            return self._run_command(spec)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=MAX_ATTEMPTS)
        def job(spec: dict[str, Any]) -> dict[str, Any]:
            return run_step(spec)

        @DBOS.workflow(name="schedule")
        def scheduled(at: datetime, kind: str) -> None:
            self._start_scheduled(kind, at)

        DBOS.launch()
        DBOS.register_queue(QUEUE, global_concurrency=1, polling_interval_sec=SECONDS_BETWEEN_LOOKS)
        self._apply_schedules(scheduled)

    def _apply_schedules(self, workflow: Callable[[datetime, str], None]) -> None:
        """Let DBOS start jobs by the settings; a schedule that is no longer there ends."""
        schedules = self._settings.job_schedules
        for stored in DBOS.list_schedules():
            if stored["schedule_name"] not in schedules:
                DBOS.delete_schedule(stored["schedule_name"])
        DBOS.apply_schedules(
            [
                {"schedule_name": kind, "workflow_fn": workflow, "schedule": cron, "context": kind}
                for kind, cron in schedules.items()
            ]
        )

    def _start_scheduled(self, kind: str, at: datetime) -> None:
        as_of = rfc3339(self._clock() if self._settings.clock else tick_of(at))
        key = f"{kind} {at.isoformat()}"
        try:
            spec = JobSpec(kind, as_of)
            self._queue.start(spec, by=BY_SCHEDULE, now_ms=self._clock(), key=key)
        except ConflictError as error:
            LOG.warning("The job of the schedule is left out: %s", error)

    def _run_command(self, stored: dict[str, Any]) -> dict[str, Any]:
        """Run the command of a job to its end; return what is stored as its result."""
        job_id = str(DBOS.workflow_id)
        spec, output = JobSpec(**stored), output_folder(self._settings, job_id)
        try:
            command = command_of(spec, self._settings, job_id)
        except ExpediteError as error:
            DBOS.set_event(PROGRESS, [str(error)])
            return {"exit_code": 2, "files": []}
        with self._one_job:
            process = JobProcess(
                command, output, max_seconds_alone=self._lease_seconds * SHARE_ALONE
            )
            self._process = process
            try:
                code = self._watched(process, job_id)
            except BaseException:  # DBOS refuses the progress of a job that was just cancelled
                process.kill()
                raise
            finally:
                self._process = None
        files = sorted(path.name for path in output.iterdir() if path.is_file())
        return {"exit_code": code, "files": files}

    def _watched(self, process: JobProcess, job_id: str) -> int:
        """Store the lines of a process until it ends or is cancelled; return its exit code."""
        shown = 0
        while True:
            code = process.exit_code()
            if self._ending.is_set():  # no result: the job is taken up again
                threading.Event().wait()
            if process.lines_read != shown:
                shown = process.lines_read
                DBOS.set_event(PROGRESS, process.last_lines())
            if code is not None:
                return code
            if self._queue.job(job_id).status == CANCELLED:
                process.kill()
            time.sleep(SECONDS_BETWEEN_LOOKS)


def work(settings: Settings, lease_seconds: float = JOB_LEASE_SECONDS) -> None:
    """Run a worker; the process ends with it, and with the threads that wait in it."""
    os._exit(JobWorker(settings, lease_seconds).run())
