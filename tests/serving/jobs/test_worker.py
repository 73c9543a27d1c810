"""Jobs run in a worker beside the service, as processes: on SQLite and on PostgreSQL alike."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data.ledger.intake import Incoming, accept
from data.ledger.ledger import Ledger
from serving.jobs.payload import JobSpec
from serving.jobs.queue import JobQueue
from serving.jobs.record import RUNNING, SUCCEEDED
from tests.serving.conftest import NOON_MS

ROOT = Path(__file__).parents[3]
PATIENCE = 240
"""Seconds in which a worker starts and runs a small command, also beside other tests."""
AS_OF = "2026-03-01T00:00:00.000Z"
LEASE_SECONDS = "5"
PAYLOAD = '{"source": "shop", "external_id": "a", "detected_at": "2026-03-01T12:00:00.000Z"}'


@pytest.fixture
def environment(each_ledger_url, tmp_path):
    return {
        "EXPEDITE_DATABASE_URL": each_ledger_url,
        "EXPEDITE_MLRUNS": str(tmp_path / "mlruns"),
        "EXPEDITE_JOB_SCHEDULES": "",
    }


@pytest.fixture
def work(environment):
    """Start workers; all are killed at the end."""
    processes = []

    def start():
        command = [sys.executable, "-m", "serving", "jobs", "run", "--lease-seconds", LEASE_SECONDS]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def ledger_with_an_exception(each_ledger_url):
    ledger = Ledger.open(each_ledger_url)
    incoming = Incoming("shop", "a", True, None, NOON_MS, NOON_MS, PAYLOAD, "{}")
    with ledger.writing() as connection:
        accept(connection, [incoming], now_ms=NOON_MS)
    ledger.close()


@pytest.fixture
def queue(each_ledger_url):
    opened = JobQueue(each_ledger_url)
    yield opened
    opened.close()


def eventually(check):
    end = time.monotonic() + PATIENCE
    while not (result := check()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return result


def commands_of(job_id):
    """Return the ids of the processes whose command line names a job."""
    pids = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if job_id.encode() in path.read_bytes():
                pids.append(int(path.parent.name))
        except OSError:
            continue
    return pids


def ended(queue, job_id):
    record = queue.job(job_id)
    return record if record.is_over else None


@pytest.mark.slow
@pytest.mark.usefixtures("ledger_with_an_exception")
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc: Linux only")
def test_a_job_of_a_killed_worker_ends_with_it_and_is_taken_up_by_another(work, queue):
    first, second = work(), work()
    job_id = queue.start(JobSpec("export", AS_OF), by="ana", now_ms=1)
    eventually(lambda: commands_of(job_id))
    assert queue.job(job_id).status == RUNNING
    (pid,) = commands_of(job_id)
    worker = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    (killed,) = (process for process in (first, second) if process.pid == worker)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    counts = []
    eventually(lambda: not commands_of(job_id))

    def over():
        counts.append(len(commands_of(job_id)))
        return ended(queue, job_id)

    record = eventually(over)
    assert (record.status, record.attempts, record.by) == (SUCCEEDED, 2, "ana")
    assert max(counts) == 1
    assert any("1 exceptions and" in line for line in queue.log(job_id))


@pytest.mark.slow
@pytest.mark.usefixtures("ledger_with_an_exception")
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc: Linux only")
def test_a_running_job_that_is_cancelled_ends_before_the_next_begins(work, queue):
    job_id = queue.start(JobSpec("export", AS_OF), by=None, now_ms=1)
    work()
    eventually(lambda: commands_of(job_id))
    queue.cancel(job_id)
    following = queue.start(JobSpec("export", AS_OF), by=None, now_ms=2)
    eventually(lambda: commands_of(following))

    assert commands_of(job_id) == []
    assert queue.job(job_id).status == "cancelled"


@pytest.mark.slow
def test_a_job_is_cancelled_and_what_its_command_says_is_its_result(work, queue, tmp_path):
    waiting = queue.start(JobSpec("export", AS_OF), by=None, now_ms=1)
    queue.cancel(waiting)
    failing = queue.start(JobSpec("drift", AS_OF), by=None, now_ms=2)
    worker = work()
    record = eventually(lambda: ended(queue, failing))
    worker.terminate()

    assert queue.job(waiting).status == "cancelled"
    assert (record.status, record.exit_code) == ("failed", 2)
    assert "EXPEDITE_HISTORY" in queue.log(failing)[-1]
    assert worker.wait(60) == 0
