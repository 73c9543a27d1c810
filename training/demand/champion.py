"""The registered demand forecaster: load the champion, or a version by its number."""

from typing import NamedTuple

import pandas as pd

from data.domain import NoChampionError
from models.demand.forecaster import DemandForecaster
from models.registry.store import ModelRegistry

MODEL = "demand"


class LoadedForecaster(NamedTuple):
    """A demand forecaster read from the registry.

    Attributes:
        forecaster: The model.
        version: Its name, such as `demand-3`.
    """

    forecaster: DemandForecaster
    version: str


def load_demand(store: ModelRegistry, version: str | None = None) -> LoadedForecaster:
    """Load a demand forecaster: the champion where no version is named.

    Raises:
        NoChampionError: None is promoted, or it can't be loaded.
    """
    version, files, _ = store.read(MODEL, version)
    try:
        return LoadedForecaster(DemandForecaster.from_files(files), f"{MODEL}-{version}")
    except (KeyError, ValueError, TypeError) as error:
        raise NoChampionError(MODEL, f"version {version} can't be built: {error}") from error


def trained_as_of(store: ModelRegistry, version: str) -> pd.Timestamp:
    """Return the moment before which a version's training data was known.

    Args:
        store: The registry.
        version: Its number, or its name such as `demand-3`.
    """
    number = version.removeprefix(f"{MODEL}-")
    tags = {v.version: v.tags for v in store.versions(MODEL)}
    return pd.Timestamp(tags[number]["as_of"])
