"""Whether a Python function is provably free of ties to other Python code.

Such a function gives the same values whenever and in whatever order it is called, so its Node may
be evaluated ahead of a whole tile of steps. The proof is an allow-list over the byte code: only
arguments, literals, immutable captured values, and functions known to be pure. Whatever is not on
the list counts as tied; that costs speed, never correctness.
"""

from __future__ import annotations

import builtins
import dis
import functools
import inspect
import math
import types
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengo import processes

_MISSING = object()
_GENERATOR = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@dataclass(frozen=True, eq=False)
class Capture:
    """A variable that a function reads from outside, and what it held when that was looked up.

    Attributes
    ----------
    fn : function
        Whose variable it is.
    name : str
    value : object
    content : ndarray or None
        A copy of an array, whose elements can change.
    """

    # A types.FunctionType; a field declared so would be a method to type checkers.
    fn: Any
    name: str
    value: Any
    content: np.ndarray | None

    def changed(self) -> bool:
        """Whether it holds something else now."""
        held = lookup(self.fn, self.name)
        if held is not self.value:
            return True
        if self.content is None:
            return False
        old = self.content
        return held.dtype != old.dtype or held.shape != old.shape or held.tobytes() != old.tobytes()


@dataclass(frozen=True)
class Verdict:
    """What is known of a function.

    ``level`` is ``"pure"`` (nothing but its arguments), ``"reads"`` (also variables that hold
    immutable values but could be bound anew by some other code: safe ahead only while no tied
    function runs in the same network), or ``"tied"``. ``captures`` are all variables it reads,
    modules and known functions among them.
    """

    level: str
    why: str
    captures: tuple[Capture, ...] = ()


_PURE_BUILTINS = {
    getattr(builtins, n)
    for n in (
        "abs min max sum len float int bool round range pow tuple list zip enumerate any all "
        "reversed"
    ).split()
}
IMMUTABLE = (int, float, complex, bool, str, bytes, type(None), np.generic)
IMPURE_OPS = {
    "STORE_GLOBAL",
    "DELETE_GLOBAL",
    "STORE_ATTR",
    "DELETE_ATTR",
    "IMPORT_NAME",
    "YIELD_VALUE",
    "LOAD_NAME",
    "LOAD_LOCALS",
    "LOAD_BUILD_CLASS",
}
# What these change is the function's own copy of its argument, or an array or list it has made:
# it gets hold of nothing else that can change.
_PURE_METHODS = set(
    "copy sum mean dot min max prod ravel reshape astype T shape size ndim flatten transpose "
    "squeeze clip round std var cumsum any all item tolist repeat append extend".split()
)
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


def of(fn: Any, arrays: bool = False) -> Verdict:
    """Whether ``fn`` is provably independent, and why or why not.

    Parameters
    ----------
    fn : callable
    arrays : bool
        Let captured NumPy arrays pass as something that is read. Only for a caller that makes sure
        that the function does not change them.
    """
    if isinstance(fn, functools.partial):
        try:
            for value in (*fn.args, *fn.keywords.values()):
                _require_immutable(value, "an argument of the partial function")
        except _Tied as reason:
            return Verdict("tied", str(reason))
        return of(fn.func, arrays)
    if _is_pure_callable(fn):
        return Verdict("pure", f"{getattr(fn, '__name__', fn)} is pure")
    if not isinstance(fn, types.FunctionType):
        return Verdict("tied", f"{type(fn).__name__} is not a plain function")
    try:
        return _Check(arrays).verdict(fn)
    except _Tied as reason:
        return Verdict("tied", str(reason))


class _Tied(Exception):
    """Why a function could not be proved independent."""


class _Check:
    """Goes through a function's byte code and that of the functions it calls."""

    def __init__(self, arrays: bool):
        self.arrays = arrays
        self.reads: list[str] = []
        self.captures: list[Capture] = []
        self.inside: list[types.FunctionType] = []

    def verdict(self, fn: types.FunctionType) -> Verdict:
        self.function(fn)
        captures = tuple(self.captures)
        if self.reads:
            names = ", ".join(sorted(set(self.reads)))
            return Verdict("reads", f"reads the variable {names}", captures)
        return Verdict("pure", "only arguments, literals and pure functions", captures)

    def function(self, fn: types.FunctionType) -> None:
        if fn in self.inside:
            raise _Tied(f"{fn.__name__} calls itself")
        self.inside.append(fn)
        for default in (*(fn.__defaults__ or ()), *(fn.__kwdefaults__ or {}).values()):
            _require_immutable(default, "a default argument")
        for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
            if _content(cell) is _MISSING:
                raise _Tied(f"the captured {name!r} is not set yet")
        self.code(fn, fn.__code__, frozenset())
        self.inside.pop()

    def code(self, fn: types.FunctionType, code: types.CodeType, local: frozenset[str]) -> None:
        """One piece of byte code; ``local`` are the variables of the code around it in ``fn``."""
        inner = local | set(code.co_cellvars)
        allowed = {"YIELD_VALUE"} if code.co_name == "<genexpr>" else set()
        if code is fn.__code__ and code.co_flags & _GENERATOR:
            raise _Tied("it is a generator")
        previous: Any = None
        for ins in dis.get_instructions(code):
            if ins.opname in IMPURE_OPS - allowed:
                raise _Tied(f"it uses {ins.opname.lower().replace('_', ' ')}")
            if ins.opname in ("STORE_DEREF", "DELETE_DEREF") and ins.argval not in inner:
                raise _Tied(f"it uses {ins.opname.lower().replace('_', ' ')}")
            if ins.opname.startswith("LOAD_GLOBAL"):
                previous = self.captured(fn, ins.argval)
            elif ins.opname in ("LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"):
                previous = None if ins.argval in inner else self.captured(fn, ins.argval)
            elif ins.opname in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
                previous = _attribute(previous, ins.argval)
            elif ins.opname not in ("CACHE", "PRECALL", "PUSH_NULL", "NOP", "RESUME"):
                previous = None
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self.code(fn, constant, inner)

    def captured(self, fn: types.FunctionType, name: str) -> Any:
        value = lookup(fn, name)
        if value is _MISSING:
            raise _Tied(f"the variable {name!r} is not set")
        array = self.arrays and type(value) is np.ndarray and value.dtype != object
        self.captures.append(Capture(fn, name, value, value.copy() if array else None))
        if isinstance(value, types.FunctionType):
            self.reads.append(name)
            self.function(value)
        elif array:
            self.reads.append(name)
        elif isinstance(value, types.ModuleType) or _is_pure_callable(value):
            _require_value(value, name)
        else:
            _require_immutable(value, f"the variable {name!r}")
            self.reads.append(name)
        return value


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _MISSING


def lookup(fn: types.FunctionType, name: str) -> Any:
    """What a function's variable from outside holds: captured, global or built in."""
    if fn.__closure__ and name in fn.__code__.co_freevars:
        return _content(fn.__closure__[fn.__code__.co_freevars.index(name)])
    return fn.__globals__.get(name, getattr(builtins, name, _MISSING))


def globals_read(code: types.CodeType) -> set[str]:
    """Names of the global variables that byte code reads, that of inner functions included."""
    names = {i.argval for i in dis.get_instructions(code) if i.opname.startswith("LOAD_GLOBAL")}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= globals_read(constant)
    return names


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
    if not isinstance(value, IMMUTABLE):
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
        "cumsum outer roll ravel reshape linspace arange full eye round sinc interp cross "
        "zeros_like ones_like max min amax amin any all std var inner append copy transpose "
        "squeeze expand_dims flip repeat tile broadcast_to atleast_1d atleast_2d swapaxes "
        "moveaxis diag diff argmax argmin identity nan_to_num heaviside"
    ).split()
} | {np.linalg.norm}
