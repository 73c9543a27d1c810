"""The champion in use: looked for in the background, loaded whole, then swapped in.

A call never waits for a model and never sees half of one. A champion that can't be loaded, or
fails on its first exception, is refused with a line in the log; the one before stays.
"""

import logging
import threading
from typing import Protocol

from data.domain import ExpediteError, NoChampionError
from serving.payload import exception
from serving.scoring import Triage, columns_as_of

LOG = logging.getLogger("expedite.champion")
MODEL = "triage"
REPEAT_BROKEN_AFTER_POLLS = 30
_FIRST_EXCEPTION = {
    "source": "expedite",
    "external_id": "first",
    "detected_at": "2026-01-01T00:00:00Z",
}


class ModelStore(Protocol):
    """Where champions come from: `models.store.Store`."""

    def champion_version(self, model: str) -> str | None:
        """Return the version promoted now; None if there is none."""
        ...

    def load_triage(self) -> Triage:
        """Load the champion."""
        ...


class Champion:
    """Holds the champion; `current` may be read at any time from any thread."""

    def __init__(self, store: ModelStore) -> None:
        self._store = store
        self._refused: str | None = None
        self._polls_since_refused = 0
        self.current: Triage | None = None
        self.base: Triage | None = None
        self.problem: str | None = "not looked for yet"

    def poll(self) -> bool:
        """Look once; return whether another champion was swapped in."""
        try:
            version = self._store.champion_version(MODEL)
        except Exception as error:  # the store is files and a database: anything may be amiss
            self._note(f"the model store can't be read: {error}")
            return False
        if version is None:
            self._note("none is promoted")
            return False
        if self.base is not None and version == self.base.version:
            self.problem = None
            return False
        return self._load(version)

    def _load(self, version: str) -> bool:
        self._polls_since_refused += 1
        if version == self._refused and self._polls_since_refused < REPEAT_BROKEN_AFTER_POLLS:
            return False
        try:
            triage = self._store.load_triage()
            columns, as_of = columns_as_of([exception(_FIRST_EXCEPTION)], triage, now_ms=2**62)
            triage.predict(columns, as_of)
        except NoChampionError as error:
            self._refuse(version, error)
        except Exception as error:  # a broken file can raise anything; the service must go on
            self._refuse(version, error)
        else:
            LOG.info("Champion %s is in use", triage.version)
            self.base = self.current = triage
            self.problem, self._refused = None, None
            return True
        return False

    def _refuse(self, version: str, error: Exception) -> None:
        self._refused, self._polls_since_refused = version, 0
        self._note(f"version {version} is refused: {type(error).__name__}: {error}")

    def _note(self, problem: str) -> None:
        if problem != self.problem:
            LOG.warning("Champion of '%s': %s", MODEL, problem)
        self.problem = problem


class Watch:
    """A thread that polls, and then does what depends on the champion."""

    def __init__(self, champion: Champion, every_seconds: float) -> None:
        self._champion = champion
        self._every_seconds = every_seconds
        self._stopping = threading.Event()
        self._first_look = threading.Event()
        self._thread = threading.Thread(target=self._run, name="champion", daemon=True)

    def start(self, wait_seconds: float) -> None:
        """Begin, and wait for the first look, but not for ever."""
        self._thread.start()
        if not self._first_look.wait(wait_seconds):
            LOG.warning("The champion is still being loaded: answers are degraded until it is")

    def stop(self) -> None:
        """End after the look under way."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._champion.poll()
            except ExpediteError as error:
                LOG.warning("%s", error)
            self._first_look.set()
            self._stopping.wait(self._every_seconds)


class NoStore:
    """Stands in until there is a model store."""

    def champion_version(self, model: str) -> str | None:
        """Nothing is promoted."""
        return None

    def load_triage(self) -> Triage:
        """Nothing can be loaded."""
        raise NoChampionError(MODEL, "no store")
