"""Catalog of the demand methods: every file of `models/demand/methods` and of `lifecycle`."""

from collections.abc import Iterable
from functools import cache
from typing import cast

from data.domain import UnknownChoiceError
from features.demand.panel import Panel
from models.demand.contract import LifecycleFile, LoadableFile, MethodFile
from models.discovery import modules_in

FALLBACK = "average"
"""The method that serves any series."""


@cache
def methods() -> tuple[MethodFile, ...]:
    """Return the methods to choose from: models, then baselines, each in order of file name."""
    files = cast(tuple[MethodFile, ...], modules_in("models.demand.methods"))
    return tuple(sorted(files, key=lambda file: file.IS_BASELINE))


@cache
def lifecycle_methods() -> tuple[LifecycleFile, ...]:
    """Return the methods of series that begin, end or hardly change; the last one wins."""
    return cast(tuple[LifecycleFile, ...], modules_in("models.demand.lifecycle"))


def method_names() -> tuple[str, ...]:
    """Return the names of the methods to choose from."""
    return tuple(method.NAME for method in methods())


def that_can_learn(names: Iterable[str], panel: Panel) -> list[str]:
    """Return the names of the methods that a panel holds enough for."""
    return [name for name in names if method_named(name).can_learn(panel)]


def method_named(name: str) -> MethodFile:
    """Return the method of a name.

    Raises:
        UnknownChoiceError: No method to choose from has this name.
    """
    for method in methods():
        if name == method.NAME:
            return method
    raise UnknownChoiceError("method", name, method_names())


@cache
def by_name() -> dict[str, LoadableFile]:
    """Return all methods by name, those of the lifecycle too."""
    return {method.NAME: method for method in (*methods(), *lifecycle_methods())}
