"""Values of logs: functions of the rows of a log, registered by a decorator."""

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

Rows = TypeVar("Rows")


class LogValues(Generic[Rows]):
    """The values of several logs; a decorator that registers one more.

    >>> log_value = LogValues[np.ndarray]()
    >>> @log_value("ended")
    ... def doubled(rows: np.ndarray) -> np.ndarray:
    ...     return 2 * rows
    >>> log_value.of("ended", np.array([1.0, 4.0]))
    {'doubled': array([2., 8.])}
    """

    def __init__(self) -> None:
        self._functions: dict[str, dict[str, Callable[[Rows], np.ndarray]]] = {}

    def __call__(
        self, log: str
    ) -> Callable[[Callable[[Rows], np.ndarray]], Callable[[Rows], np.ndarray]]:
        """Register a function of the rows of a log; its name is that of the value."""

        def register(value: Callable[[Rows], np.ndarray]) -> Callable[[Rows], np.ndarray]:
            self._functions.setdefault(log, {})[value.__name__] = value
            return value

        return register

    def of(self, log: str, rows: Rows) -> dict[str, np.ndarray]:
        """Return the values of a log, each one float a row, NaN where it was not recorded."""
        return {name: value(rows) for name, value in self._functions.get(log, {}).items()}
