"""Expressions: what a traced function computes, element by element, and their values in NumPy.

An expression is a flat vector; the shapes that the function sees live in the tracers. Structure
(slices, transpositions, stacking, assignment to elements) is nothing but ``take`` and ``cat`` with
indices known beforehand. A vector of length 1 stands for its repetition wherever it meets a longer
one. Vectors hold doubles or truth values; whole numbers are kept as doubles.

The linear form (``Code``) is a tuple of ``(operation, arguments, static)``, arguments being
numbers of earlier entries; the last entry is the result. It is hashable: equal functions are equal
tuples. Constants stand outside it in one vector, so that functions that differ in their numbers
only are one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Code = tuple[tuple[str, tuple[int, ...], tuple], ...]

MAX_NODES = 1000
MAX_SIZE = 4096


class Untraceable(BaseException):
    """Why a function cannot be traced. No Exception: no function shall catch it."""


def _matmul(a, b, m, k, n):
    left, right = a.reshape(*a.shape[:-1], m, k), b.reshape(*b.shape[:-1], k, n)
    out = left @ right
    return out.reshape(*out.shape[:-2], m * n)


def _rows(reduce):
    return lambda a, k: reduce(a.reshape(*a.shape[:-1], -1, k), axis=-1)


NUMPY: dict[str, Any] = {
    name: getattr(np, name)
    for name in (
        "negative absolute sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh "
        "exp exp2 expm1 log log2 log10 log1p sqrt cbrt square reciprocal floor ceil rint trunc "
        "sign isnan isfinite isinf logical_not add subtract multiply divide floor_divide "
        "remainder fmod power arctan2 hypot maximum minimum copysign less less_equal greater "
        "greater_equal equal not_equal logical_and logical_or logical_xor where"
    ).split()
} | {
    "float": lambda a: a.astype(np.float64),
    "bool": lambda a: a != 0,
    "take": lambda a, *index: a[..., list(index)],
    "sum": _rows(np.sum),
    "prod": _rows(np.prod),
    "max": _rows(np.max),
    "min": _rows(np.min),
    "all": _rows(np.all),
    "any": _rows(np.any),
    "matmul": _matmul,
}


def _cat(parts: list[np.ndarray], sizes: tuple[int, ...]) -> np.ndarray:
    lead = np.broadcast_shapes(*(p.shape[:-1] for p in parts))
    return np.concatenate(
        [np.broadcast_to(p, (*lead, n)) for p, n in zip(parts, sizes, strict=True)], axis=-1
    )


def evaluate(
    code: Code, constants: np.ndarray, x: np.ndarray | None, t: np.ndarray | None
) -> np.ndarray:
    """Value of an expression in double precision.

    Parameters
    ----------
    code : Code
    constants : ndarray
    x : ndarray, ``(..., size)``
    t : ndarray, ``(..., 1)``
        Time (s).
    """
    values: list[Any] = []
    with np.errstate(all="ignore"):
        for op, args, static in code:
            given = [values[i] for i in args]
            if op in ("x", "t"):
                values.append(x if op == "x" else t)
            elif op == "const":
                values.append(constants[static[0] : static[0] + static[1]])
            elif op == "lit":
                values.append(np.array(static))
            elif op == "cat":
                values.append(_cat(given, static))
            else:
                values.append(NUMPY[op](*given, *static))
    return values[-1]


class Expr:
    """A node of the expression graph; equal nodes of one ``Pool`` are the same object."""

    __slots__ = ("args", "op", "size", "static", "value")

    def __init__(self, op: str, args: tuple, static: tuple, size: int, value: Any = None):
        self.op, self.args, self.static, self.size, self.value = op, args, static, size, value

    @property
    def is_const(self) -> bool:
        return self.value is not None


class Pool:
    """Makes expressions, each once; evaluates those that are constant."""

    def __init__(self) -> None:
        self._known: dict[Any, Expr] = {}

    def const(self, value: Any) -> Expr:
        """A constant vector, of doubles or of truth values."""
        value = np.ravel(np.asarray(value))
        if value.dtype != bool:
            value = value.astype(np.float64)
        return self._make("const", (), (value.dtype.char, value.tobytes()), value.size, value)

    def make(self, op: str, args: tuple[Expr, ...], static: tuple = (), size: int = 0) -> Expr:
        """An operation on expressions; of ``size``, else of the longest of them."""
        size = size or max((a.size for a in args), default=1)
        if args and all(a.is_const for a in args):
            with np.errstate(all="ignore"):
                given = [a.value for a in args]
                value = _cat(given, static) if op == "cat" else NUMPY[op](*given, *static)
            return self.const(np.broadcast_to(value, (size,)))
        return self._make(op, args, static, size)

    def _make(self, op: str, args: tuple, static: tuple, size: int, value: Any = None) -> Expr:
        key = (op, tuple(id(a) for a in args), static)
        if key not in self._known:
            if size == 0:
                raise Untraceable("it makes an empty array")
            if size > MAX_SIZE or len(self._known) >= MAX_NODES:
                raise Untraceable("it is too long to be traced")
            self._known[key] = Expr(op, args, static, size, value)
        return self._known[key]

    # -- what is only structure ----------------------------------------------------------------

    def take(self, a: Expr, index: np.ndarray) -> Expr:
        """Elements ``index`` of ``a``."""
        index = np.ravel(index)
        if index.size == a.size and np.array_equal(index, np.arange(a.size)):
            return a
        if a.op == "take":
            return self.take(a.args[0], np.asarray(a.static)[index])
        if a.op == "cat":
            inner = self._inside(a, index)
            if inner is not None:
                return inner
        return self.make("take", (a,), tuple(int(i) for i in index), index.size)

    def _inside(self, cat: Expr, index: np.ndarray) -> Expr | None:
        """The same elements, where all of them lie in one part of a ``cat``."""
        start = 0
        for part in cat.args:
            if index.min(initial=start) >= start and index.max(initial=start) < start + part.size:
                return self.take(part, index - start)
            start += part.size
        return None

    def cat(self, parts: list[Expr]) -> Expr:
        """The vectors one behind the other."""
        if len(parts) == 1:
            return parts[0]
        sizes = tuple(p.size for p in parts)
        return self.make("cat", tuple(parts), sizes, sum(sizes))

    def where(self, condition: Expr, a: Expr, b: Expr) -> Expr:
        if condition.is_const and condition.size == 1:
            chosen = a if condition.value[0] else b
            size = max(a.size, b.size)
            return chosen if chosen.size == size else self.take(chosen, np.zeros(size, int))
        return a if a is b else self.make("where", (condition, a, b))


def linear(result: Expr) -> tuple[Code, np.ndarray]:
    """An expression as code and constants."""
    writer = _Writer()
    stack = [(result, False)]
    while stack:
        expr, ready = stack.pop()
        if id(expr) in writer.number:
            continue
        if ready or expr.is_const:
            writer.write(expr)
        else:
            stack.append((expr, True))
            stack.extend((a, False) for a in reversed(expr.args) if not a.is_const)
    constants = writer.constants
    return tuple(writer.code), np.concatenate(constants) if constants else np.zeros(0)


class _Writer:
    """Writes code. Constants are written wherever they are used: equal ones make no structure."""

    def __init__(self) -> None:
        self.code: list[tuple] = []
        self.constants: list[np.ndarray] = []
        self.number: dict[int, int] = {}

    def write(self, expr: Expr) -> None:
        if expr.is_const:
            self.constant(expr.value, False)
            return
        args = []
        for i, a in enumerate(expr.args):
            if a.is_const:
                # An exponent decides which formula is used.
                args.append(self.constant(a.value, expr.op == "power" and i == 1))
            else:
                args.append(self.number[id(a)])
        self.number[id(expr)] = len(self.code)
        self.code.append((expr.op, tuple(args), expr.static))

    def constant(self, value: np.ndarray, literal: bool) -> int:
        if literal or value.dtype == bool or not np.all(_splits(value)):
            self.code.append(("lit", (), tuple(value.tolist())))
        else:
            self.code.append(("const", (), (sum(c.size for c in self.constants), value.size)))
            self.constants.append(value)
        return len(self.code) - 1


def _splits(value: np.ndarray) -> np.ndarray:
    """Whether a number is exactly a sum of three single precision ones, as ``split`` makes them."""
    size = np.abs(value)
    return (value == 0) & ~np.signbit(value) | (size > 1e-20) & (size < 1e30)


def split(constants: np.ndarray) -> np.ndarray:
    """Doubles as three singles each, whose sum they are: ``(3 x size,)``."""
    parts, rest = [], constants
    for _ in range(3):
        parts.append(rest.astype(np.float32).astype(np.float64))
        rest = rest - parts[-1]
    return np.concatenate(parts)
