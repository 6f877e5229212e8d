"""What a process's step function could remember beside what can be copied and put back.

An allow-list over the byte code, like ``independence.py`` and stricter about variables: it may do
what it likes with objects that are *known* (its generator, its arrays), and reach nothing else
that can change.
"""

from __future__ import annotations

import builtins
import dis
import types
from typing import Any

import numpy as np
from nengo import Process

from nengolab.compiler import independence

_MODULES = ("numpy", "math")
_FORBIDDEN = independence.IMPURE_OPS | {"STORE_DEREF", "DELETE_DEREF", "MAKE_FUNCTION"}
_VARIABLES = ("LOAD_GLOBAL", "LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF")
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")
_NOTHING = ("CACHE", "PRECALL", "PUSH_NULL", "NOP", "RESUME")


def captured(fn: Any) -> dict[str, Any]:
    """Captured names and what they hold, of a plain function; none of anything else."""
    if not isinstance(fn, types.FunctionType):
        return {}
    cells = zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True)
    return {name: _content(cell) for name, cell in cells}


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None


def hidden_state(fn: Any, known: tuple[Any, ...]) -> str:
    """Why ``fn`` may remember something beside the objects ``known``; empty where it does not.

    Parameters
    ----------
    fn : callable
        The step function of a process.
    known : tuple
        Objects that it may change: their state is copied and put back by others.
    """
    if not isinstance(fn, types.FunctionType):
        return f"{type(fn).__name__} is not a plain function"
    cells, holder = captured(fn), None
    defaults = (*(fn.__defaults__ or ()), *(fn.__kwdefaults__ or {}).values())
    if not all(_is_constant(value, known) for value in defaults):
        return "it has a default argument that can change"
    for ins in dis.get_instructions(fn):
        if ins.opname in _FORBIDDEN:
            return f"it uses {ins.opname.lower().replace('_', ' ')}"
        if ins.opname in _VARIABLES:
            holder = cells[ins.argval] if ins.argval in cells else _global(fn, ins.argval)
            if not _is_harmless(holder, known):
                return f"the variable {ins.argval!r} is a {type(holder).__name__}, which can change"
        elif ins.opname in _ATTRIBUTES:
            if not _may_read(holder, ins.argval, known):
                return f"it reads {ins.argval!r}, which can change"
            value = getattr(holder, ins.argval, None)
            holder = value if isinstance(holder, types.ModuleType) else None
        elif ins.opname not in _NOTHING:
            holder = None
    return ""


def _global(fn: types.FunctionType, name: str) -> Any:
    return fn.__globals__.get(name, getattr(builtins, name, None))


def _is_harmless(value: Any, known: tuple[Any, ...]) -> bool:
    if isinstance(value, types.ModuleType):
        return value.__name__.split(".")[0] in _MODULES and "random" not in value.__name__
    return _is_constant(value, known) or independence.of(value).level == "pure"


def _is_constant(value: Any, known: tuple[Any, ...]) -> bool:
    if any(value is k for k in known) or isinstance(value, independence.IMMUTABLE):
        return True
    if isinstance(value, tuple):
        return all(_is_constant(item, known) for item in value)
    return isinstance(value, np.ndarray) and not value.flags.writeable


def _may_read(holder: Any, name: str, known: tuple[Any, ...]) -> bool:
    """Whether an attribute may be read; ``holder`` is None for a value that was computed."""
    if isinstance(holder, (types.ModuleType, Process)):
        return _is_harmless(getattr(holder, name, None), known)
    return True
