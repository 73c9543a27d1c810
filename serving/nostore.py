"""Stands in until there is a model store."""

from data.domain import NoChampionError
from models.triage import Triage


class NoStore:
    """Holds no champion."""

    def champion_version(self, model: str) -> str | None:
        """Nothing is promoted."""
        return None

    def load_triage(self) -> Triage:
        """Nothing can be loaded."""
        raise NoChampionError("triage", "no store")
