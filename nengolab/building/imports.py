"""Which imports a piece of code needs, and how what they give is called in it."""

from __future__ import annotations

import builtins
import functools
import site
import sys
import sysconfig
import types
from pathlib import Path
from typing import Any

from nengolab.building.same import same
from nengolab.names import Taken

# Packages whose parts are there when they are imported.
_WHOLE = ("nengo", "numpy", "keras", "tensorflow", "nengolab")
ALIASES = {"numpy": "np", "tensorflow": "tf"}
# Where else the public name of something is, by the package that it comes from.
_PUBLIC = {
    "keras": ("layers", "initializers", "regularizers", "constraints", "activations"),
    "numpy": ("linalg", "fft"),
    "scipy": ("special", "sparse"),
}
_ELSEWHERE = ("numpy", "math", "operator", "scipy.special")


class Imports:
    """The imports of one module that is being written.

    Attributes
    ----------
    names : Taken
        What is called something in the module.
    """

    def __init__(self) -> None:
        self.names = Taken()
        self._held: dict[str, Any] = {}
        self._lines: dict[str, None] = {}

    def module(self, module: types.ModuleType, called: str | None = None) -> str:
        """How a module is called; ``called``, where that is given.

        Raises
        ------
        ValueError
            Where something else is called so already.
        """
        name = module.__name__
        top, _, rest = name.partition(".")
        if called is not None:
            self.give(called, module)
            self._import(name, called)
            return called
        if rest and top not in _WHOLE:
            return self._part(module, top)
        held = sys.modules[top] if rest else module
        source = top if rest else name
        called = self._called(held, ALIASES.get(top, top))
        self._lines[f"import {source}" if called == source else f"import {source} as {called}"] = (
            None
        )
        return f"{called}.{rest}" if rest else called

    def _part(self, module: types.ModuleType, top: str) -> str:
        """How a part of a package is called that is there only once it is imported itself."""
        name, package = module.__name__, sys.modules[top]
        if self.holds(top, package) or top not in self._held:
            self.give(top, package)
            self._lines[f"import {name}"] = None
            return name
        called = self._called(module, name.rpartition(".")[2])
        self._import(name, called)
        return called

    def _import(self, name: str, called: str) -> None:
        self._lines[f"import {name}" if called == name else f"import {name} as {called}"] = None

    def _called(self, module: types.ModuleType, wanted: str) -> str:
        """What a module is called; a new name where it has none yet."""
        called = next((c for c, obj in self._held.items() if obj is module), None)
        if called is None:
            called = self._free(wanted)
            self.give(called, module)
        return called

    def object(self, obj: Any, called: str | None = None) -> str | None:
        """How an importable function or class is called; None where it is none."""
        found = path_of(obj)
        if found is None:
            return None
        module, attribute = found
        if module is builtins and called in (None, attribute):
            return attribute
        if called is None:
            return f"{self.module(module)}.{attribute}"
        if "." in attribute:
            raise ValueError(f"{attribute} is called {called}, and cannot be imported so")
        self.give(called, obj)
        line = f"from {module.__name__} import {attribute}"
        self._lines[line if called == attribute else f"{line} as {called}"] = None
        return called

    def give(self, called: str, obj: Any) -> None:
        """Note what is called so.

        Raises
        ------
        ValueError
            Where something else is.
        """
        if not same(self._held.get(called, obj), obj):
            raise ValueError(f"another thing is called {called!r} as well")
        self._held[called] = obj
        self.names.use([called])

    def new(self, wanted: str, obj: Any) -> str:
        """A name for something, ``wanted`` or one made of it."""
        called = self.names.give(wanted)
        self._held[called] = obj
        return called

    def holds(self, called: str, obj: Any) -> bool:
        """Whether it is this that is called so."""
        return called in self._held and same(self._held[called], obj)

    def lines(self) -> list[str]:
        """The import lines, modules first, each kind in the order of the alphabet."""
        return sorted(self._lines, key=lambda line: (not line.startswith("import"), line))

    def _free(self, wanted: str) -> str:
        return wanted if wanted not in self._held else self.names.give(wanted)


def path_of(obj: Any) -> tuple[types.ModuleType, str] | None:
    """The module that a function or class is imported from, and its name in it.

    The shortest public one; None where there is none.
    """
    qualified = getattr(obj, "__qualname__", None) or getattr(obj, "__name__", None)
    if not isinstance(qualified, str) or "<" in qualified:
        return None
    home = getattr(obj, "__module__", None)
    places = []
    if isinstance(home, str) and home != "__main__":
        parts = home.split(".")
        places = [".".join(parts[: n + 1]) for n in range(len(parts))]
        places[1:1] = [f"{parts[0]}.{sub}" for sub in _PUBLIC.get(parts[0], ())]
    for place in dict.fromkeys([*places, *_ELSEWHERE]):
        module = sys.modules.get(place)
        hidden = any(part.startswith("_") for part in place.split("."))
        if module is not None and _reaches(module, f"{place}.{qualified}") is obj and not hidden:
            return module, qualified
    module = sys.modules.get(home) if isinstance(home, str) and home != "__main__" else None
    if module is not None and _reaches(module, f"{home}.{qualified}") is obj:
        return module, qualified
    return None


def _reaches(module: types.ModuleType, path: str) -> Any:
    """What is found when one goes along a dotted path that begins with the module's name."""
    found: Any = module
    for part in path.removeprefix(module.__name__ + ".").split("."):
        found = getattr(found, part, None)
    return found


@functools.lru_cache(maxsize=256)
def is_installed(module: types.ModuleType) -> bool:
    """Whether a module is a library's, not a file that a person works on."""
    file = getattr(module, "__file__", None)
    if file is None:
        return True
    paths = [sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    homes = {Path(path).resolve() for path in (*paths, *site.getsitepackages())}
    return any(home in Path(file).resolve().parents for home in homes)
