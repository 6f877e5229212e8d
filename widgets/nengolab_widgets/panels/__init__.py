"""The kinds of panel: one module each, and those that other packages bring.

A package brings kinds with an entry point of the group ``nengolab.panels``, whose value is a
subclass of `nengolab_widgets.panel.Panel`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from nengolab_widgets.panel import Panel

GROUP = "nengolab.panels"


@cache
def own_kinds() -> MappingProxyType[str, type[Panel]]:
    """Give the kinds of this package, by name."""
    found: dict[str, type[Panel]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        kinds = [
            value
            for value in vars(module).values()
            if inspect.isclass(value)
            and issubclass(value, Panel)
            and value.__module__ == module.__name__
            and getattr(value, "name", None) == module_info.name
        ]
        if len(kinds) != 1:
            raise ImportError(
                f"{module.__name__} must define one Panel whose name is {module_info.name!r}"
            )
        found[module_info.name] = kinds[0]
    return MappingProxyType(found)


@cache
def kinds() -> MappingProxyType[str, type[Panel]]:
    """Give all kinds of panel, by name: our own, then those of installed packages.

    Looked for once: reading what all installed packages bring takes tens of milliseconds.
    """
    return MappingProxyType({**own_kinds(), **_foreign_kinds()})


def _foreign_kinds() -> dict[str, type[Panel]]:
    found: dict[str, type[Panel]] = {}
    for entry in entry_points(group=GROUP):
        try:
            kind = _load(entry)
        except Exception as error:
            # One package that is broken must not take the others along.
            warnings.warn(f"the panel kind {entry.name!r} cannot be used: {error}", stacklevel=2)
        else:
            found[kind.name] = kind
    return found


def _load(entry: EntryPoint) -> type[Panel]:
    kind = entry.load()
    if not (isinstance(kind, type) and issubclass(kind, Panel)):
        raise TypeError(f"{entry.value} is no subclass of nengolab_widgets.panel.Panel")
    if kind.name in own_kinds():
        raise ValueError(f"there is a kind {kind.name!r} already")
    if kind.esm is None:
        raise ValueError(f"{entry.value} has no esm: nothing could draw it")
    return kind
