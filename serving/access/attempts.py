"""Limits on failed attempts: passwords and keys are not guessed at the speed of a machine."""

import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from serving.http.problems import TooManyAttemptsError

FAILED_KEYS = RateLimitItemPerMinute(60, namespace="key")
FAILED_LOGINS = RateLimitItemPerMinute(10, namespace="login")


class FailedAttempts:
    """Counts of failed attempts in one process, each over the minute before."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, limit: RateLimitItem, *subjects: str) -> None:
        """Check that one more attempt may be made for each subject.

        Raises:
            TooManyAttemptsError: Too many failed.
        """
        for subject in subjects:
            if not self._limiter.test(limit, subject):
                reset_at = self._limiter.get_window_stats(limit, subject).reset_time
                raise TooManyAttemptsError(max(1, math.ceil(reset_at - time.time())))

    def count(self, limit: RateLimitItem, *subjects: str) -> None:
        """Count a failed attempt."""
        for subject in subjects:
            self._limiter.hit(limit, subject)
