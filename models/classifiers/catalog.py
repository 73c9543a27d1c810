"""Catalog of the class estimators: every file of `models/classifiers/estimators`."""

from functools import cache
from typing import cast

from models.classifiers.contract import EstimatorFile
from models.discovery import modules_in


@cache
def estimators() -> tuple[EstimatorFile, ...]:
    """Return all estimators: first the models, then the baselines, each in order of file name."""
    files = cast(tuple[EstimatorFile, ...], modules_in("models.classifiers.estimators"))
    return tuple(sorted(files, key=lambda file: file.IS_BASELINE))


def estimator_named(name: str) -> EstimatorFile:
    """Return the estimator of a name.

    Raises:
        ValueError: No file has this name.
    """
    for estimator in estimators():
        if name == estimator.NAME:
            return estimator
    known_names = ", ".join(estimator.NAME for estimator in estimators())
    raise ValueError(f"no class estimator is called {name!r}; there are {known_names}")
