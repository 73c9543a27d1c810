"""Starts service processes by fork, one for each line read: their modules are loaded only once.

Prints the address, then for each process its id once it answers.
"""

import os
import signal
import socket
import sys

from data.settings import Settings
from serving.server import serve_on


def say(number: int) -> None:
    os.write(sys.stdout.fileno(), f"{number}\n".encode())


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    say(listening.getsockname()[1])
    while sys.stdin.readline():
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            serve_on(listening, Settings.read(), lambda: say(os.getpid()), parent=os.getppid())
            os._exit(0)


if __name__ == "__main__":  # the collection of doctests imports it
    main()
