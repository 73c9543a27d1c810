"""`python -m serving`: the service and the page; `keys`, `accounts` and `actions`: who may use it.

`jobs` runs, starts and lists long work.

Settings come from the environment (`EXPEDITE_...`) or a file `.env`; `.env.example` names them all.
"""

import os

# More threads make a single prediction forty times slower under load; read when numpy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")  # noqa: TID251 - of this process, not a setting

import socket
import sys
from importlib import import_module
from typing import Annotated

import typer

import serving.bare_lightgbm  # noqa: F401  # isort: split
from data.domain import BadInputError, ExpediteError
from data.ledger.ledger import Ledger
from data.policy.policy import Policy
from data.settings import Settings
from serving.access.access import check_address
from serving.access.accounts import LinkedAccount, first_account
from serving.access.commands import accounts, actions, keys
from serving.access.erasure_commands import erase, retain
from serving.caller import CONSOLE
from serving.clock import clock_from
from serving.jobs.commands import jobs
from serving.telemetry.log_format import start_log
from serving.telemetry.traces import check_traces

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(keys, name="keys")
app.add_typer(accounts, name="accounts")
app.add_typer(actions, name="actions")
app.command()(erase)
app.command()(retain)
app.add_typer(jobs, name="jobs")


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            max=64,
            help="Processes on one port. SIGHUP restarts them one after the other.",
        ),
    ] = 1,
) -> None:
    """Serve until Ctrl-C where no command is named; settings are environment variables."""
    if context.invoked_subcommand is None:
        main(workers)


@app.command(hidden=True)
def worker(listening: int, says_ready: int, counts_folder: str) -> None:
    """Serve as one of several workers, on file descriptors of the supervisor."""
    settings = Settings.read()
    start_log(settings)

    def on_ready() -> None:
        os.write(says_ready, b"r")

    import_module("serving.server").serve_on(
        socket.socket(fileno=listening),
        settings,
        on_ready,
        counts_folder=counts_folder,
        parent=os.getppid(),
    )


@app.command()
def rescore() -> None:
    """Score all open exceptions again by the champion and the policy; running processes follow."""
    import_module("serving.exceptions.rescore_command").rescore()


def main(workers: int = 1) -> None:
    """Serve until a signal ends it."""
    try:
        settings = Settings.read()
        check_address(settings)
        check_traces(settings)
        Policy.read(settings.policy)
        first = _prepared(settings)
        listening = _listening(settings)
    except ExpediteError as error:
        sys.exit(str(error))
    start_log(settings)
    runs = import_module("serving.server" if workers == 1 else "serving.supervisor")
    host, port = listening.getsockname()[:2]
    print(f"Expedite listens on http://{host}:{port}", flush=True)
    if first is not None:
        link = f"http://{host}:{port}/login/link/{first.token}"
        print(f"Set the password of '{first.account.name}', within a day: {link}", flush=True)
    if workers == 1:
        runs.serve_on(listening, settings)
    else:
        runs.Supervisor(listening, workers).run()


def _prepared(settings: Settings) -> LinkedAccount | None:
    """Bring the ledger up to date; return the first account where somebody must sign in to it."""
    ledger = Ledger.open(settings.database_url)
    try:
        if settings.access == "open":
            return None
        with ledger.writing() as connection:
            return first_account(connection, caller=CONSOLE, now_ms=clock_from(settings.clock)())
    finally:
        ledger.close()


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        cure = "Set EXPEDITE_PORT to another port, or to 0 for a free one."
        raise BadInputError(where, f"can't listen there: {error.strerror}", cure) from error
    return listening


if __name__ == "__main__":
    app()
