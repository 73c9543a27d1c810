"""Limits on failed attempts: passwords and keys are not guessed at the speed of a machine.

Sign-ins are counted in the ledger, so over all processes and restarts. Beyond some free failures
each further attempt waits twice as long, a quarter of an hour at most. A browser in which the
person signed in before is counted by itself: failures of others never lock it out.
"""

import hmac
import math
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Self

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import Connection

from data.ledger.access import FailedAttempt, failed_attempts, save_failed_attempts
from data.ledger.audits import salt_of
from data.ticks import MS_PER_HOUR, MS_PER_SECOND
from serving.access.tokens import digest
from serving.http.problems import TooManyAttemptsError

FAILED_KEYS = RateLimitItemPerMinute(60, namespace="key")
FREE_FAILURES = 10
MAX_WAIT_SECONDS = 900
FORGOTTEN_AFTER_HOURS = 24


class FailedKeys:
    """Counts of wrong keys by address, in one process, over the minute before.

    A key can't be guessed; the limit only bounds the work for wrong ones.
    """

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def count(self, address: str) -> None:
        """Count a wrong key.

        Raises:
            TooManyAttemptsError: There were too many before.
        """
        if not self._limiter.hit(FAILED_KEYS, address):
            reset_at = self._limiter.get_window_stats(FAILED_KEYS, address).reset_time
            raise TooManyAttemptsError(max(1, math.ceil(reset_at - time.time())))


class SignInSubjects(NamedTuple):
    """Subjects by which an attempt to sign in is counted.

    Attributes:
        of_person: The name, or the browser in which this name signed in before.
        of_address: The network address; None for such a browser.
    """

    of_person: str
    of_address: str | None

    @classmethod
    def of(cls, name: str, address: str | None, device: str | None) -> Self:
        """Name the subjects; a device is the token of a browser that was proven before."""
        if device is not None:
            return cls(f"device {digest(device)}", None)
        return cls(f"name {digest(name)}", f"address {address}")

    @property
    def all(self) -> list[str]:
        """All subjects."""
        return [self.of_person] + ([] if self.of_address is None else [self.of_address])


def begin_attempt(connection: Connection, subjects: SignInSubjects, *, now_ms: int) -> None:
    """Count an attempt as failed before it is judged, so that many at once get no free ones.

    Raises:
        TooManyAttemptsError: It must wait; nothing is counted.
    """
    stored = failed_attempts(connection, subjects.all)
    wait_ms = max((_due_ms(attempt) - now_ms for attempt in stored.values()), default=0)
    if wait_ms > 0:
        raise TooManyAttemptsError(math.ceil(wait_ms / MS_PER_SECOND))
    counted = []
    for subject in subjects.all:
        attempt = stored.get(subject)
        counted.append(FailedAttempt(subject, 1 + (attempt.failures if attempt else 0), now_ms))
    _save(connection, counted, now_ms)


def forgive(connection: Connection, subjects: SignInSubjects, *, now_ms: int) -> None:
    """Note that the attempt succeeded: the person begins anew, the address gets this one back."""
    stored = failed_attempts(connection, subjects.all)
    forgiven = [FailedAttempt(subjects.of_person, 0, now_ms)]
    if subjects.of_address in stored:
        address = stored[subjects.of_address]
        forgiven.append(replace(address, failures=address.failures - 1))
    _save(connection, forgiven, now_ms)


def _save(connection: Connection, attempts: Sequence[FailedAttempt], now_ms: int) -> None:
    older_than_ms = now_ms - FORGOTTEN_AFTER_HOURS * MS_PER_HOUR
    save_failed_attempts(connection, attempts, older_than_ms=older_than_ms)


def _due_ms(attempt: FailedAttempt) -> int:
    """Return from when on the next attempt may be made.

    >>> [_due_ms(FailedAttempt("name", n, 0)) for n in (9, 10, 11, 40)]
    [0, 1000, 2000, 900000]
    """
    excess = attempt.failures - FREE_FAILURES
    if excess < 0:
        return attempt.last_at_ms
    return attempt.last_at_ms + MS_PER_SECOND * min(2 ** min(excess, 20), MAX_WAIT_SECONDS)


def new_device(connection: Connection, name: str, password_hash: str) -> str:
    """Return the token of a browser in which a person signed in by this password."""
    nonce = secrets.token_urlsafe(16)
    return f"{nonce}.{_device_proof(connection, name, password_hash, nonce)}"


def proven_device(
    connection: Connection, name: str, password_hash: str | None, token: str | None
) -> str | None:
    """Return the token of a browser where it was made for this name and password, else None."""
    nonce, _, proof = (token or "").partition(".")
    if password_hash is None or not proof:
        return None
    expected = _device_proof(connection, name, password_hash, nonce)
    return token if hmac.compare_digest(expected.encode(), proof.encode()) else None


def _device_proof(connection: Connection, name: str, password_hash: str, nonce: str) -> str:
    message = "\n".join((name, password_hash, nonce)).encode()
    return hmac.digest(salt_of(connection).encode(), message, "sha256").hex()
