"""An open burst as the detector follows it: what joins, and when it is over."""

from math import log1p

import numpy as np

from models.bursts.arrivals import Cause
from models.bursts.burst import Burst
from models.bursts.kinds import KindCounts

_STILL = 0.5
"""A burst goes on as long as its value comes with this share of the burst's extra rate."""
_SURE = 3.0
"""Log odds of one to twenty that it goes on end it."""
_MIN_HOURS = 0.25
_MIN_RATIO_TO_EXPECTED = 1.5
NEW_USUAL_HOURS = 168.0
"""What has lasted for a week is no burst any more."""


class OpenBurst:
    """One open burst.

    Attributes:
        burst: As others see it.
        cause: Its values as codes.
        kinds: Which of the rows with its value belong.
        begin: Its first row.
        left: Exceptions that people took out.
        left_codes: Values that people took out.
    """

    def __init__(
        self, burst: Burst, cause: Cause, kinds: KindCounts, begin: int, longest_hours: float
    ) -> None:
        self.burst, self.cause, self.kinds, self.begin = burst, cause, kinds, begin
        self.left: set[str] = set()
        self.left_codes: set[int] = set()
        self._longest_hours = longest_hours
        self._began_hours = self._last_hours = 0.0
        self._rate, self._usually_taken = 0.0, 1.0
        self._doubt = 0.0
        self._renew_at = 0

    def begins(self, began_hours: float, rate: float, past: np.ndarray) -> None:
        """Say when it began on the week clock, and what is usual.

        Args:
            began_hours: The moment of its first row.
            rate: Of its value, per hour.
            past: Codes of past rows with its value, of no burst.
        """
        self._began_hours = self._last_hours = began_hours
        self._rate, self._past = rate, past

    def expected_rows(self, hours: float) -> float:
        """Return how many rows with its value are usual since it began."""
        return self._rate * max(hours - self._began_hours, 0.01)

    def takes(self, id_: str, codes: np.ndarray, hours: float) -> bool:
        """Say whether an exception with its value belongs to it, as of a moment."""
        if id_ in self.left or any(code in self.left_codes for code in codes.tolist()):
            return False
        return self.kinds.belongs(codes, self.expected_rows(hours))

    def expected_members(self, hours: float) -> float:
        """Return how many rows that it would take are usual since it began."""
        self._usually_taken = self.kinds.usually_taken(self._past, self.expected_rows(hours))
        return self.expected_rows(hours) * self._usually_taken

    @property
    def usual_part(self) -> float:
        """Share of its members that would have come anyway."""
        return min(self.burst.expected / max(len(self.burst.members), 1), 1.0)

    def has_value(self, codes: np.ndarray) -> bool:
        """Say whether a row has its value, or both of its values."""
        return all(codes[column] == code for column, code in self.cause)

    def join(self, id_: str, tick: int, hours: float) -> None:
        """Take a member."""
        burst = self.burst
        burst.members[id_] = None
        burst.last_ms = max(burst.last_ms, tick)
        extra = self._extra_to_go_on()
        doubt = self._doubt + extra * (hours - self._last_hours)
        self._doubt = max(doubt - log1p(extra / (self._rate * self._usually_taken)), 0.0)
        self._last_hours = hours
        if len(burst.members) >= self._renew_at:
            self.renew(hours)
        burst.expected = self.expected_rows(hours) * self._usually_taken

    def begins_to_doubt(self) -> None:
        """Forget the gaps among the members that it was opened with."""
        self._doubt = 0.0

    def renew(self, hours: float) -> None:
        """Look anew at what its members have in common; done as they double."""
        self._renew_at = 2 * len(self.burst.members)
        self.burst.expected = self.expected_members(hours)
        self.burst.kinds = self.kinds.named(self.expected_rows(hours))

    def is_over(self, hours: float) -> bool:
        """Say whether the rate is back to usual, nothing came for long, or it is the new usual."""
        silent = hours - self._last_hours
        return (
            self._doubt + self._extra_to_go_on() * silent >= _SURE
            or silent >= self._longest_hours
            or len(self.burst.members) < _MIN_RATIO_TO_EXPECTED * self.burst.expected
            or self.is_new_usual(hours)
        )

    def is_new_usual(self, hours: float) -> bool:
        """Say whether it has lasted for so long that it is the new usual."""
        return hours - self._began_hours >= NEW_USUAL_HOURS

    def _extra_to_go_on(self) -> float:
        lasted = max(self._last_hours - self._began_hours, _MIN_HOURS)
        return _STILL * len(self.burst.members) / lasted
