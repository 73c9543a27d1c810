"""`python -m serving erase` and `retain`: personal data goes, at the console beside the ledger."""

from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from data.domain import ConflictError
from data.ledger.erasure.compaction import compact
from data.ledger.erasure.payloads import erase_customer
from data.ledger.ledger import Ledger
from data.settings import Settings
from serving.access.commands import open_ledger
from serving.access.retention import apply_retention
from serving.caller import CONSOLE
from serving.clock import clock_from


def erase(
    customer: Annotated[str, typer.Option(help="Id of the customer, as sources send it")],
    *,
    rewrite: Annotated[
        bool, typer.Option("--compact/--no-compact", help="Rewrite the database without remains")
    ] = True,
) -> None:
    """Erase messages, orders and attributes of a customer's exceptions; counts stay."""
    with open_ledger() as ledger:
        now_ms = clock_from(Settings.read().clock)()
        action = CONSOLE.action("erase customer", None, now_ms=now_ms)
        counts = erase_customer(ledger, customer, action=action, now_ms=now_ms)
        typer.echo(f"{counts.exceptions} exceptions and {counts.answers} stored answers erased.")
        if rewrite:
            _compact(ledger)


def retain(
    *,
    rewrite: Annotated[
        bool, typer.Option("--compact/--no-compact", help="Rewrite the database without remains")
    ] = False,
) -> None:
    """Erase what EXPEDITE_RETENTION_DAYS and EXPEDITE_ACTION_LOG_DAYS keep no longer."""
    with open_ledger() as ledger:
        settings = Settings.read()
        counts = apply_retention(ledger, settings, now_ms=clock_from(settings.clock)())
        typer.echo(f"{counts.payloads} payloads and {counts.actions} actions erased.")
        if rewrite:
            _compact(ledger)


def _compact(ledger: Ledger) -> None:
    try:
        compact(ledger)
    except OperationalError as error:
        cure = "Run the command again in a quiet hour."
        raise ConflictError("the ledger", "it is in use and was not compacted", cure) from error
