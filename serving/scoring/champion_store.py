"""Store of champions: the registry's versions of triage, loaded."""

from dataclasses import dataclass
from pathlib import Path

from models.registry.store import ModelRegistry
from models.triage.load import load_triage
from models.triage.triage import Triage


@dataclass(frozen=True)
class RegistryStore:
    """Champions of a registry, as `serving.scoring.champion.Champion` reads them."""

    registry: ModelRegistry

    def champion_version(self, model: str) -> str | None:
        """Return the version promoted now; None if there is none."""
        return self.registry.champion_version(model)

    def load_triage(self, version: str | None = None) -> Triage:
        """Load a version."""
        return load_triage(self.registry, version)


def open_store(folder: Path) -> RegistryStore:
    """Open the registry of a folder."""
    return RegistryStore(ModelRegistry(folder))
