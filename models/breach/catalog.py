"""Catalog of the breach estimators: every file of `models/breach/estimators`."""

from functools import cache
from typing import cast

from models.breach.contract import BreachEstimatorFile
from models.discovery import modules_in


@cache
def breach_estimators() -> dict[str, BreachEstimatorFile]:
    """Return all estimators by name, in order of file name."""
    files = cast(tuple[BreachEstimatorFile, ...], modules_in("models.breach.estimators"))
    return {file.NAME: file for file in files}
