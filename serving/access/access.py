"""The parts of access of one process, and who may come in without an account."""

from dataclasses import dataclass
from typing import Self

from fastapi import Request

from data.domain import BadInputError
from data.ledger.writer import LedgerWriter
from data.settings import Settings
from serving.access.attempts import FailedKeys
from serving.access.credentials import Credentials
from serving.access.loopback import is_loopback
from serving.access.openid_connect import OpenIdProvider
from serving.clock import Clock
from serving.service import Service


@dataclass(frozen=True)
class Access:
    """The parts of access.

    Attributes:
        is_open: Whether everybody on this machine may do everything.
        session_hours: How long a session counts.
        credentials: Callers by their tokens.
        failed_keys: Wrong keys by address.
        openid: Provider by which people may sign in; None without one.
        writer: Writes to the ledger.
        clock: Tells the present.
    """

    is_open: bool
    session_hours: float
    credentials: Credentials
    failed_keys: FailedKeys
    openid: OpenIdProvider | None
    writer: LedgerWriter
    clock: Clock

    @classmethod
    def of(cls, service: Service) -> Self:
        """Make the parts over the ledger of a service."""
        return cls(
            is_open=service.settings.access == "open",
            session_hours=service.settings.session_hours,
            credentials=Credentials(service.ledger, service.clock),
            failed_keys=FailedKeys(),
            openid=OpenIdProvider.of(service.settings),
            writer=service.writer,
            clock=service.clock,
        )


def access_of(request: Request) -> Access:
    """Return the access of the application that a request came to."""
    return request.app.state.access


def check_address(settings: Settings) -> None:
    """Check that nobody from elsewhere can come in without an account.

    Raises:
        BadInputError: Other machines reach the service, and access is open; or a setting of the
            identity provider is wrong.
    """
    OpenIdProvider.of(settings)
    if settings.access == "open" and not is_loopback(settings.host):
        problem = f"{settings.host} can be reached from other machines, and access is open"
        cure = "Set EXPEDITE_ACCESS=accounts, or EXPEDITE_HOST=127.0.0.1."
        raise BadInputError("EXPEDITE_HOST", problem, cure)
