"""Whether a Python function is provably free of ties to other Python code.

Such a function gives the same values whenever and in whatever order it is called, so its Node may
be evaluated ahead of a whole tile of steps. The proof is an allow-list over the byte code: only
arguments, literals, immutable captured values, and functions known to be pure. Whatever is not on
the list counts as tied; that costs speed, never correctness.
"""

from __future__ import annotations

import builtins
import dis
import math
import types
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo import processes


@dataclass(frozen=True)
class Verdict:
    """What is known of a function.

    ``level`` is ``"pure"`` (nothing but its arguments), ``"reads"`` (also variables that hold
    immutable values but could be bound anew by some other code: safe ahead only while no tied
    function runs in the same network), or ``"tied"``.
    """

    level: str
    why: str


_PURE_BUILTINS = {
    getattr(builtins, n)
    for n in ("abs", "min", "max", "sum", "len", "float", "int", "bool", "round", "range", "pow")
} | {tuple, list}
_IMMUTABLE = (int, float, complex, bool, str, bytes, type(None), np.generic)
_IMPURE_OPS = {
    "STORE_GLOBAL",
    "DELETE_GLOBAL",
    "STORE_ATTR",
    "DELETE_ATTR",
    "STORE_DEREF",
    "STORE_SUBSCR",
    "DELETE_SUBSCR",
    "STORE_SLICE",
    "IMPORT_NAME",
    "YIELD_VALUE",
    "MAKE_FUNCTION",
    "LOAD_NAME",
    "LOAD_LOCALS",
}
_PURE_METHODS = {"copy", "sum", "mean", "dot", "min", "max", "ravel", "reshape", "astype", "T"}
_PURE_PROCESSES = (
    processes.WhiteNoise,
    processes.FilteredNoise,
    processes.BrownNoise,
    processes.WhiteSignal,
    processes.PresentInput,
    processes.Piecewise,
)


def of_process(process: Any) -> Verdict:
    """Whether a process is one of Nengo's own, whose state nobody shares."""
    if type(process) in _PURE_PROCESSES:
        if isinstance(process, processes.Piecewise) and any(
            callable(v) for v in process.data.values()
        ):
            return Verdict("tied", "a Piecewise with functions in it")
        return Verdict("pure", f"nengo's {type(process).__name__}")
    return Verdict("tied", f"{type(process).__name__} is not one of nengo's own processes")


def of(fn: Any) -> Verdict:
    """Whether ``fn`` is provably independent, and why or why not."""
    if _is_pure_callable(fn):
        return Verdict("pure", f"{getattr(fn, '__name__', fn)} is pure")
    if not isinstance(fn, types.FunctionType):
        return Verdict("tied", f"{type(fn).__name__} is not a plain function")
    try:
        return _check(fn)
    except _Tied as reason:
        return Verdict("tied", str(reason))


class _Tied(Exception):
    """Why a function could not be proved independent."""


def _check(fn: types.FunctionType) -> Verdict:
    for default in (*(fn.__defaults__ or ()), *(fn.__kwdefaults__ or {}).values()):
        _require_immutable(default, "a default argument")
    closure = inspect_closure(fn)
    reads: list[str] = []
    previous: Any = None
    for ins in dis.get_instructions(fn):
        if ins.opname in _IMPURE_OPS:
            raise _Tied(f"it uses {ins.opname.lower().replace('_', ' ')}")
        if ins.opname.startswith("LOAD_GLOBAL"):
            previous = _captured(_global(fn, ins.argval), ins.argval, reads)
        elif ins.opname in ("LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"):
            previous = _captured(closure.get(ins.argval), ins.argval, reads)
        elif ins.opname in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
            previous = _attribute(previous, ins.argval)
        elif ins.opname not in ("CACHE", "PRECALL", "PUSH_NULL", "NOP", "RESUME"):
            previous = None
    if reads:
        return Verdict("reads", f"reads the variable {', '.join(sorted(set(reads)))}")
    return Verdict("pure", "only arguments, literals and pure functions")


def _captured(value: Any, name: str, reads: list[str]) -> Any:
    if not isinstance(value, types.ModuleType) and not _is_pure_callable(value):
        _require_immutable(value, f"the variable {name!r}")
        reads.append(name)
    else:
        _require_value(value, name)
    return value


def inspect_closure(fn: types.FunctionType) -> dict[str, Any]:
    """Captured names and what they hold; an unset one ties the function."""
    found = {}
    for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            raise _Tied(f"the captured {name!r} is not set yet") from None
    return found


def _global(fn: types.FunctionType, name: str) -> Any:
    if name in fn.__globals__:
        return fn.__globals__[name]
    if hasattr(builtins, name):
        return getattr(builtins, name)
    raise _Tied(f"the global {name!r} is not set")


def _attribute(holder: Any, name: str) -> Any:
    if isinstance(holder, types.ModuleType):
        value = getattr(holder, name, None)
        _require_value(value, f"{holder.__name__}.{name}")
        return value
    if name in _PURE_METHODS:
        return None
    raise _Tied(f"it reads the attribute {name!r}")


def _require_value(value: Any, what: str) -> None:
    if isinstance(value, types.ModuleType):
        if value.__name__.split(".")[0] not in ("numpy", "math") or "random" in value.__name__:
            raise _Tied(f"{what} is the module {value.__name__}")
        return
    if not _is_pure_callable(value):
        _require_immutable(value, what)


def _require_immutable(value: Any, what: str) -> None:
    if isinstance(value, tuple):
        for item in value:
            _require_immutable(item, what)
        return
    if not isinstance(value, _IMMUTABLE):
        raise _Tied(f"{what} is a {type(value).__name__}, which can change")


def _is_pure_callable(value: Any) -> bool:
    try:
        if value in _PURE_BUILTINS:
            return True
    except TypeError:
        return False
    if isinstance(value, np.ufunc):
        return True
    if isinstance(value, types.BuiltinFunctionType) and value.__module__ == "math":
        return getattr(math, value.__name__, None) is value
    return value in _PURE_NUMPY


_PURE_NUMPY = {
    getattr(np, n)
    for n in (
        "array asarray zeros ones concatenate hstack vstack stack dot sum prod mean clip where "
        "cumsum outer roll ravel reshape linspace arange full eye round sinc interp cross norm"
    ).split()
    if hasattr(np, n)
}
