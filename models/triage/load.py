"""Loading of the models of triage from a registry."""

from typing import Protocol

from data.domain import NoChampionError
from models.estimator import StoredVersion
from models.triage.triage import Triage

MODEL = "triage"


class VersionReader(Protocol):
    """A registry that stores versions: `models.registry.store.ModelRegistry`."""

    def read(self, model: str, version: str | None) -> StoredVersion:
        """Read a version's number, texts and logs; the champion's if none is named."""
        ...


def load_triage(registry: VersionReader, version: str | None = None) -> Triage:
    """Load the models of triage, the champion's where no version is named.

    Raises:
        NoChampionError: None is promoted, or it can't be loaded.
    """
    number, files, past = registry.read(MODEL, version)
    try:
        triage = Triage.from_files(files, past)
    except (KeyError, ValueError, TypeError) as error:
        raise NoChampionError(MODEL, f"version {number} can't be built: {error}") from error
    triage.version = f"{MODEL}-{number}"
    return triage
