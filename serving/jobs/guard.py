"""`python -m serving.jobs.guard SECONDS MODULE ...`: run a module while a worker holds it.

The worker writes a byte to standard input with each renewal of its lease. If none comes for some
seconds, or the worker is gone, the whole group of processes is killed. So no job outlives the lease
under which it was begun, on any system, and it never runs twice at once.
"""

import os
import runpy
import select
import signal
import sys
import threading


def _watch(max_seconds: float) -> None:
    while True:
        readable, _, _ = select.select([0], [], [], max_seconds)
        if not readable or not os.read(0, 1_024):
            os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Run a module under guard; the process must lead a group of its own."""
    max_seconds, module, *arguments = sys.argv[1:]
    threading.Thread(target=_watch, args=(float(max_seconds),), daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
