"""The champion in use: looked for in the background, loaded whole, then swapped in.

A call never waits for a model and never sees half of one. A champion that can't be loaded, or
fails on its first exception, is refused with a line in the log; the one before stays.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from sqlalchemy.exc import SQLAlchemyError

from data.domain import NoChampionError
from models.triage.load import MODEL, load_triage
from models.triage.triage import Triage
from serving.background import BrokenVersion
from serving.scoring.columns import columns_as_of
from serving.scoring.recent_logs import RecentLogs
from serving.wire.exception_in import exception

if TYPE_CHECKING:  # MLflow, which it stands on, takes seconds to import
    from models.registry.store import ModelRegistry

LOG = logging.getLogger("expedite.champion")
MIN_SECONDS_PER_SECOND_TAKEN = 10
"""However much there is to take in, it gets no more than a tenth of the time."""
NOT_LOOKED_FOR = "not looked for yet"
_FIRST_EXCEPTION = {
    "source": "none",
    "external_id": "first",
    "detected_at": "2026-01-01T00:00:00Z",
}


class ModelStore(NamedTuple):
    """Store of champions.

    Attributes:
        champion_version: Returns the promoted version of a model; None if there is none.
        load_triage: Loads a version.
    """

    champion_version: Callable[[str], str | None]
    load_triage: Callable[[str], Triage]

    @classmethod
    def of(cls, registry: "ModelRegistry") -> Self:
        """Read a registry."""
        return cls(registry.champion_version, partial(load_triage, registry))


def open_model_store(mlruns: Path) -> ModelStore:
    """Open the store of champions in a folder of models.

    Raises:
        NoChampionError: No model was ever trained into it.
    """
    if not any(mlruns.glob("*.db")):
        raise NoChampionError("triage", f"no model was ever trained into {mlruns}")
    # MLflow takes seconds to import: only the thread that watches the champion waits for it.
    return ModelStore.of(import_module("models.registry.store").ModelRegistry(mlruns))


class Champion:
    """Holds the champion; `current` may be read at any time from any thread.

    `note_use` is called with each version just before it comes into use; where that fails, it does
    not.
    """

    def __init__(
        self,
        open_store: Callable[[], ModelStore],
        note_use: Callable[[str | None], None] = lambda _version: None,
    ) -> None:
        self._open_store = open_store
        self._store: ModelStore | None = None
        self._version: str | None = None
        self._broken = BrokenVersion[str]()
        self._note_use = note_use
        self._noting = threading.Lock()
        self._loaded: Triage | None = None
        self.current: Triage | None = None
        self.problem: str | None = NOT_LOOKED_FOR

    @property
    def was_looked_for(self) -> bool:
        """True once the first look has ended, with a champion or without."""
        return self.problem != NOT_LOOKED_FOR

    @property
    def version(self) -> str | None:
        """The version in use, None if there is none."""
        triage = self.current
        return triage.version if triage else None

    def note_absence(self) -> None:
        """Note that answers begin without a champion, unless one is in use by now."""
        with self._noting:
            if self.current is None:
                self._note_use(None)

    def poll(self) -> bool:
        """Look once; return whether another champion was swapped in."""
        try:
            store = self._store = self._store or self._open_store()
            version = store.champion_version(MODEL)
        except NoChampionError as error:
            self._note(str(error))
            return False
        except Exception as error:  # the store is files and a database: anything may be amiss
            self._note(f"the model store can't be read: {error}")
            return False
        if version is None:
            self._note("none is promoted")
            return False
        if version == self._version:
            self.problem = None
            return False
        return self._load(store, version)

    def _load(self, store: ModelStore, version: str) -> bool:
        if self._broken.is_resting(version):
            return False
        try:
            # The features hold the past as an index; its rows are for who registers it again.
            triage = replace(store.load_triage(version), past={})
            columns, as_of = columns_as_of([exception(_FIRST_EXCEPTION)], triage, now_ms=2**62)
            triage.predict(columns, as_of)
        except Exception as error:  # a broken file can raise anything; the service must go on
            self._refuse(version, error)
        else:
            return self._swap_in(version, triage)
        return False

    def _swap_in(self, version: str, triage: Triage) -> bool:
        try:
            with self._noting:
                self._note_use(triage.version)
                self._loaded = self.current = triage
        except SQLAlchemyError as error:
            self._note(f"version {version} waits for the ledger: {error}")
            return False
        LOG.info("Champion %s is in use", triage.version)
        self._version = version
        self.problem = None
        self._broken.forget()
        return True

    def continue_with(self, recent: RecentLogs, *, swapped: bool) -> None:
        """Let the history features go on with what the ledger learned since, if anything."""
        if self._loaded is None:
            return
        try:
            if recent.read(self._loaded) or swapped:
                self.current = self._loaded.with_recent(recent.logs(self._loaded))
        except SQLAlchemyError:
            raise
        except Exception:  # the champion knows its own past still; that is enough to go on
            LOG.exception("What the ledger learned could not be taken in")

    def _refuse(self, version: str, error: Exception) -> None:
        self._broken.refuse(version)
        self._note(f"version {version} is refused: {type(error).__name__}: {error}")

    def _note(self, problem: str) -> None:
        if problem != self.problem:
            LOG.warning("Champion of '%s': %s", MODEL, problem)
        self.problem = problem


class ChampionWatch:
    """The look of the background: for another champion, and for what the ledger learned.

    Attributes:
        recent_seconds: At least so long between two takes of what the ledger learned.
    """

    def __init__(self, champion: Champion, recent: RecentLogs, recent_seconds: float) -> None:
        self.recent_seconds = recent_seconds
        self._champion = champion
        self._recent = recent
        self._next_recent = 0.0

    def look(self) -> None:
        """Look once."""
        swapped = self._champion.poll()
        try:
            self._take_in(swapped=swapped)
        except SQLAlchemyError as error:
            LOG.warning("The ledger can't be read: %s", error)

    def _take_in(self, *, swapped: bool) -> None:
        began = time.monotonic()
        if not swapped and began < self._next_recent:
            return
        self._champion.continue_with(self._recent, swapped=swapped)
        took = time.monotonic() - began
        self._next_recent = began + max(self.recent_seconds, MIN_SECONDS_PER_SECOND_TAKEN * took)
