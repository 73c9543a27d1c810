"""A campaign of a soak: so many cases by one seed, and the distinct problems that they meet."""

import logging
import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.soak.mutations import Mutator

CASES = int(os.environ.get("EXPEDITE_SOAK_CASES") or 0)
"""Cases of a full soak, over all campaigns; 0 is the short run of the test suite."""
SEED = os.environ.get("EXPEDITE_SOAK_SEED") or "1"
ONLY = os.environ.get("EXPEDITE_SOAK_ONLY") or ""
"""Number of the one case that is to be repeated."""
REPORT_EVERY = 2_000


class Campaign(logging.Handler):
    """Cases of one kind, with the problems they met and the counts of how they ended."""

    def __init__(self, name: str, *, share: float, short: int) -> None:
        super().__init__(logging.ERROR)
        self.name = name
        self.cases = int(share * CASES) or short
        self.endings: Counter[str] = Counter()
        self.problems: dict[str, str] = {}
        self.number = 0

    def __iter__(self) -> Iterator[Mutator]:
        for number in [int(ONLY)] if ONLY else range(self.cases):
            self.number = number
            if number % REPORT_EVERY == 0:
                report(self.summary())
            yield Mutator(f"{SEED}/{self.name}/{number}")

    def summary(self) -> str:
        """Return the counts in one line."""
        ends = ", ".join(f"{name} {count:,}" for name, count in sorted(self.endings.items()))
        cases = f"case {self.number:,} of {self.cases:,}"
        return f"{self.name}: {cases}; {ends}; {len(self.problems)} problems"

    def problem(self, kind: str, detail: Any) -> None:
        """Note a problem, once for each kind."""
        self.endings["problem"] += 1
        first = f"case {self.number}: {str(detail)[:3_000]}"
        if self.problems.setdefault(kind, first) is first:
            report(f"{self.name}: {kind}\n{first}")

    def crash(self, error: BaseException, detail: Any = "") -> None:
        """Note what was raised and should not have been."""
        frames = list(traceback.extract_tb(error.__traceback__))
        ours = [frame for frame in frames if "site-packages" not in frame.filename]
        where = (ours or frames)[-1]
        text = "".join(traceback.format_exception(error))[-1_800:]
        kind = f"{type(error).__name__} at {where.filename}:{where.lineno}"
        self.problem(kind, f"{str(detail)[:1_000]}\n{text}")

    def emit(self, record: logging.LogRecord) -> None:
        """Count a traceback in the log as a problem."""
        if record.exc_info and record.exc_info[1] is not None:
            self.crash(record.exc_info[1], record.getMessage())

    @contextmanager
    def watching_logs(self) -> Iterator[None]:
        """Heed every log while a block runs."""
        root = logging.getLogger()
        root.addHandler(self)
        try:
            yield
        finally:
            root.removeHandler(self)

    def check(self) -> None:
        """Fail if there was a problem."""
        report(self.summary())
        listed = "\n\n".join(f"{kind}\n{first}" for kind, first in self.problems.items())
        assert not self.problems, f"{self.summary()}\n{listed}"


def report(line: str) -> None:
    """Show how a full soak gets on."""
    if CASES:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
