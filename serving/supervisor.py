"""The supervisor: several worker processes on one listening socket.

A worker that ends by itself is started again. SIGHUP restarts all workers one after the other: a
new one answers before an old one drains, so no call fails, and another policy or version of the
code goes live. SIGTERM and SIGINT end all.
"""

import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from tempfile import TemporaryDirectory

LOG = logging.getLogger("expedite.supervisor")
SECONDS_BETWEEN_LOOKS = 0.2
COUNTS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
MAX_SECONDS_TO_START = 300.0
"""A large ledger and a migration take their time."""
MAX_SECONDS_TO_END = 60.0
SECONDS_BETWEEN_STARTS = 2.0
"""A worker that ends at once is started again no sooner."""


@dataclass
class Worker:
    """One worker process.

    Attributes:
        process: The process.
        ready: End of a pipe on which it says that it answers.
        started_at: When, by the monotonic clock.
    """

    process: subprocess.Popen[bytes]
    ready: int
    started_at: float


class Supervisor:
    """Starts workers, watches them, and replaces them."""

    def __init__(self, listening: socket.socket, count: int) -> None:
        self._listening = listening
        self._count = count
        self._workers: list[Worker] = []
        self._end_by: signal.Signals | None = None
        self._is_restarting = False
        self._counts = TemporaryDirectory(prefix="expedite-counts-")

    def run(self) -> None:
        """Run until a signal ends it; then all workers have ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_end)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self._on_restart)
        self._listening.listen(socket.SOMAXCONN)
        self._workers = [self._started() for _ in range(self._count)]
        while self._end_by is None:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            self._replace_dead()
            if self._is_restarting:
                self._is_restarting = False
                self._restart_all()
        self._end_all(self._end_by)
        self._counts.cleanup()

    def _on_end(self, number: int, _frame: object) -> None:
        self._end_by = signal.Signals(number)

    def _on_restart(self, _number: int, _frame: object) -> None:
        self._is_restarting = True

    def _started(self) -> Worker:
        ready, says_ready = os.pipe()
        listening = self._listening.fileno()
        command = [sys.executable, "-m", "serving", "worker", str(listening), str(says_ready)]
        # The library reads it when it is imported: counts of the workers go into files there.
        environment = os.environ | {COUNTS_FOLDER: self._counts.name}  # noqa: TID251 - passed on
        process = subprocess.Popen(  # noqa: S603 - ours
            [*command, self._counts.name], pass_fds=(listening, says_ready), env=environment
        )
        os.close(says_ready)
        return Worker(process, ready, time.monotonic())

    def _replace_dead(self) -> None:
        for i, worker in enumerate(self._workers):
            is_dead = worker.process.poll() is not None
            if is_dead and time.monotonic() >= worker.started_at + SECONDS_BETWEEN_STARTS:
                LOG.error("A worker ended with %s; another one starts", worker.process.returncode)
                os.close(worker.ready)
                self._workers[i] = self._started()

    def _restart_all(self) -> None:
        for i, old in enumerate(self._workers):
            new = self._started()
            if not self._answers(new):
                LOG.error("A new worker does not start; the others stay as they are")
                self._end(new, signal.SIGTERM)
                return
            self._workers[i] = new
            self._end(old, signal.SIGTERM)

    def _answers(self, worker: Worker) -> bool:
        """Wait until a worker answers; False where it ended, takes too long, or all shall end."""
        end = time.monotonic() + MAX_SECONDS_TO_START
        while time.monotonic() < end and self._end_by is None:
            readable, _, _ = select.select([worker.ready], [], [], SECONDS_BETWEEN_LOOKS)
            if readable:
                return os.read(worker.ready, 1) != b""
        return False

    def _end_all(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.process.poll() is None:
                worker.process.send_signal(number)
        for worker in self._workers:
            self._end(worker, None)

    def _end(self, worker: Worker, number: signal.Signals | None) -> None:
        if number is not None and worker.process.poll() is None:
            worker.process.send_signal(number)
        try:
            worker.process.wait(MAX_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
        os.close(worker.ready)
