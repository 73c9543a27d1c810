"""Discovery of interchangeable files: a folder is scanned, so that no second list names them."""

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType


@cache
def modules_in(package: str) -> tuple[ModuleType, ...]:
    """Import every module of a package, in the order of their names.

    Args:
        package: Its dotted name.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(import_module(package).__path__))
    return tuple(import_module(f"{package}.{name}") for name in names)
