"""NumPy's functions on tracers, by name in the table ``NUMPY``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nengolab.compiler.tracing.expressions import Untraceable
from nengolab.compiler.tracing.operators import (
    arithmetic,
    compare,
    power,
    rounded,
    to_float,
    unary,
)
from nengolab.compiler.tracing.tracer import (
    Tracer,
    as_bool,
    as_float,
    as_tracer,
    common_kind,
    current,
    elementwise,
    joint,
    stacked,
)

# -- elementwise ---------------------------------------------------------------------------------


def _extreme(op: str) -> Callable:
    def apply(a, b):
        values = [as_tracer(a), as_tracer(b)]
        return elementwise(op, [as_float(v) for v in values], common_kind(values))

    return apply


def _two(op: str) -> Callable:
    def apply(a, b):
        return elementwise(op, [as_float(as_tracer(v)) for v in (a, b)], "f")

    return apply


def _logical(op: str) -> Callable:
    return lambda a, b: elementwise(op, [as_bool(as_tracer(v)) for v in (a, b)], "b")


def _where(condition, a, b):
    values = [as_tracer(a), as_tracer(b)]
    kind = common_kind(values)
    values = [v if kind == "b" else as_float(v) for v in values]
    return elementwise("where", [as_bool(as_tracer(condition)), *values], kind)


def _clip(a, low=None, high=None):
    if low is not None:
        a = _extreme("maximum")(a, low)
    return a if high is None else _extreme("minimum")(a, high)


def _scaled(factor: float) -> Callable:
    return lambda a: arithmetic("multiply", a, np.float64(factor))


def _sinc(x):
    # NumPy's own: 0 is replaced by a number so small that the quotient is 1.
    x = as_tracer(x)
    y = arithmetic("multiply", np.float64(np.pi), _where(compare("equal", x, 0), 1.0e-20, x))
    return arithmetic("divide", unary("sin", y), y)


def _heaviside(x, at_zero):
    step = _where(compare("greater", x, 0), 1.0, _where(compare("equal", x, 0), at_zero, 0.0))
    return _where(unary("isnan", x), x, step)


# -- reductions ----------------------------------------------------------------------------------


def _by_rows(a: Tracer, axis: int | None, keepdims: bool) -> tuple[Tracer, int, tuple[int, ...]]:
    """The array with the reduced axis last, that axis's length, and the shape of the result."""
    index = np.asarray(a.index)
    if axis is None:
        shape = (1,) * index.ndim if keepdims else ()
        return a, index.size, shape
    if not isinstance(axis, int):
        raise Untraceable("it reduces along several axes")
    shape = list(index.shape)
    length = shape[axis]
    if keepdims:
        shape[axis] = 1
    else:
        del shape[axis]
    index = np.moveaxis(index, axis, -1)
    return Tracer(a.buffer, index, True), length, tuple(shape)


def _reduction(op: str) -> Callable:
    def apply(a, axis=None, *, keepdims=False):
        a = as_tracer(a)
        if op in ("all", "any"):
            a = as_bool(a)
        elif op in ("sum", "prod"):
            a = as_float(a)
        elif a.kind == "b":
            raise Untraceable(f"it takes the {op} of truth values")
        rows, length, shape = _by_rows(a, axis, keepdims)
        size = rows.index.size // max(1, length)
        expr = current().pool.make(op, (rows.expr,), (length,), size)
        return Tracer.new(expr, shape, a.kind, array=bool(shape))

    return apply


_sum, _prod, _max, _min, _all, _any = (
    _reduction(op) for op in ("sum", "prod", "max", "min", "all", "any")
)


def _mean(a, axis=None, *, keepdims=False):
    total = _sum(a, axis, keepdims=keepdims)
    count = as_tracer(a).index.size // total.index.size
    return arithmetic("divide", total, np.float64(count))


def _var(a, axis=None, *, ddof=0):
    a = as_tracer(a)
    off = arithmetic("subtract", a, _mean(a, axis, keepdims=True))
    total = _sum(unary("square", off), axis)
    count = a.index.size // total.index.size - ddof
    return arithmetic("divide", total, np.float64(count))


def _std(a, axis=None, *, ddof=0):
    return unary("sqrt", _var(a, axis, ddof=ddof))


def _cumsum(a, axis=None):
    a = as_tracer(a)
    a = ravel(a) if axis is None else a
    if a.index.ndim != 1:
        raise Untraceable("it takes the cumsum of a matrix")
    total, parts = None, []
    for item in a:
        total = item if total is None else arithmetic("add", total, item)
        parts.append(total)
    return stacked(parts)


def _norm(x, ord=None, axis=None):
    if ord not in (None, 2) or (ord == 2 and as_tracer(x).index.ndim != 1 and axis is None):
        raise Untraceable("it uses another norm than the Euclidean one")
    return unary("sqrt", _sum(unary("square", x), axis))


# -- products ------------------------------------------------------------------------------------


def matmul(a: Any, b: Any) -> Tracer:
    """``a @ b`` of vectors and matrices of real numbers."""
    a, b = as_tracer(a), as_tracer(b)
    if not (1 <= a.index.ndim <= 2 and 1 <= b.index.ndim <= 2) or a.index.shape[-1] != len(b):
        raise Untraceable(f"it multiplies arrays of shapes {a.index.shape} and {b.index.shape}")
    kind = common_kind([a, b])
    if kind != "f":
        raise Untraceable("it multiplies matrices of whole numbers")
    m = a.index.size // a.index.shape[-1]
    k, n = len(b), b.index.size // len(b)
    shape = (*a.index.shape[:-1], *b.index.shape[1:])
    exprs = (as_float(a).expr, as_float(b).expr)
    expr = current().pool.make("matmul", exprs, (m, k, n), m * n)
    return Tracer.new(expr, shape, "f", array=bool(shape))


def _dot(a, b):
    a, b = as_tracer(a), as_tracer(b)
    if a.index.ndim == 0 or b.index.ndim == 0:
        return arithmetic("multiply", a, b)
    return matmul(a, b)


def _outer(a, b):
    a, b = ravel(a), ravel(b)
    return arithmetic("multiply", a[:, None], b[None, :])


def _cross(a, b):
    a, b = as_tracer(a), as_tracer(b)
    if a.index.shape != (3,) or b.index.shape != (3,):
        raise Untraceable("it takes a cross product of other than three dimensions")
    return a[[1, 2, 0]] * b[[2, 0, 1]] - a[[2, 0, 1]] * b[[1, 2, 0]]


# -- structure -----------------------------------------------------------------------------------


def _structure(fn: Callable) -> Callable:
    """A NumPy function that only moves elements about: applied to their numbers."""
    return lambda a, *args, **kwargs: as_array(a).view(fn(as_array(a).index, *args, **kwargs))


def as_array(a: Any) -> Tracer:
    """As an array, where NumPy's functions make one of a number."""
    a = as_tracer(a)
    return a if a.array else Tracer.new(a.expr, a.index.shape, a.kind, array=True)


ravel = _structure(np.ravel)


def _joining(fn: Callable) -> Callable:
    """``np.concatenate`` and its like: applied to the numbers of the elements of all parts."""

    def apply(parts, axis=None):
        parts = [as_tracer(p) for p in (parts if isinstance(parts, (list, tuple)) else list(parts))]
        joined, kind = joint(parts)
        numbers, at = [], 0
        for p in parts:
            numbers.append(np.arange(at, at + p.index.size).reshape(p.index.shape))
            at += p.index.size
        index = fn(numbers) if axis is None else fn(numbers, axis=axis)
        expr = current().pool.take(joined, index)
        return Tracer.new(expr, index.shape, kind, array=True)

    return apply


def float_dtype(dtype: Any) -> bool:
    """True for the type of double precision, or none; other types are not traced."""
    if dtype in (None, float, np.float64, "float", "float64", "d") or dtype is to_float:
        return True
    raise Untraceable("it names a type of numbers")


def _array(value, dtype=None, copy=True):
    a = as_tracer(value)
    float_dtype(dtype)
    kind = "f" if dtype is not None else a.kind
    a = as_float(a) if kind == "f" else a
    return Tracer.new(a.expr, a.index.shape, kind, array=True)


def _asarray(value, dtype=None):
    if isinstance(value, Tracer) and value.array and (dtype is None or value.kind == "f"):
        float_dtype(dtype)
        return value
    return _array(value, dtype)


def _like(value: float) -> Callable:
    def apply(a, dtype=None):
        a = as_tracer(a)
        float_dtype(dtype)
        if a.kind != "f":
            raise Untraceable("it makes an array like one of whole numbers")
        return as_tracer(np.full(a.index.shape, float(value)))

    return apply


def _full(shape, value, dtype=None):
    float_dtype(dtype)
    value = as_tracer(value)
    if value.index.ndim:
        raise Untraceable("it fills an array with an array")
    index = np.broadcast_to(value.index, shape)
    expr = current().pool.take(value.buffer.expr, index)
    return Tracer.new(expr, index.shape, value.kind, array=True)


def _reshape(a, *shape, **kwargs):
    return as_array(a).view(as_array(a).index.reshape(*shape, **kwargs))


NUMPY: dict[str, Callable] = {
    **{
        name: (lambda a, name=name: unary(name, a))
        for name in (
            "negative absolute sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh "
            "arctanh exp exp2 expm1 log log2 log10 log1p sqrt cbrt square floor ceil rint trunc "
            "sign isnan isfinite isinf logical_not"
        ).split()
    },
    **{
        name: (lambda a, b, name=name: arithmetic(name, _npy(a), b))
        for name in ("add", "subtract", "multiply", "divide", "floor_divide", "remainder")
    },
    **{
        name: (lambda a, b, name=name: compare(name, a, b))
        for name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
    },
    **{name: _logical(name) for name in ("logical_and", "logical_or", "logical_xor")},
    **{name: _two(name) for name in ("arctan2", "hypot", "copysign", "fmod")},
    "reciprocal": lambda a: arithmetic("divide", np.float64(1), a),
    "maximum": _extreme("maximum"),
    "minimum": _extreme("minimum"),
    "power": lambda a, b: power(_npy(a), b),
    "where": _where,
    "clip": _clip,
    "round": rounded,
    "degrees": _scaled(180 / np.pi),
    "rad2deg": _scaled(180 / np.pi),
    "radians": _scaled(np.pi / 180),
    "deg2rad": _scaled(np.pi / 180),
    "sinc": _sinc,
    "heaviside": _heaviside,
    "sum": _sum,
    "prod": _prod,
    "max": _max,
    "min": _min,
    "amax": _max,
    "amin": _min,
    "all": _all,
    "any": _any,
    "mean": _mean,
    "var": _var,
    "std": _std,
    "cumsum": _cumsum,
    "norm": _norm,
    "dot": _dot,
    "inner": lambda a, b: _dot(a, as_array(b).T),
    "matmul": matmul,
    "outer": _outer,
    "cross": _cross,
    "array": _array,
    "asarray": _asarray,
    "copy": lambda a: _array(a),
    "concatenate": lambda parts, axis=0: _joining(np.concatenate)(parts, axis),
    "stack": _joining(np.stack),
    "hstack": _joining(np.hstack),
    "vstack": _joining(np.vstack),
    "append": lambda a, b: _joining(np.concatenate)([ravel(a), ravel(b)], 0),
    "zeros_like": _like(0.0),
    "ones_like": _like(1.0),
    "full": _full,
    "ravel": ravel,
    "reshape": _reshape,
    **{
        name: _structure(getattr(np, name))
        for name in (
            "transpose squeeze expand_dims roll flip repeat tile broadcast_to atleast_1d "
            "atleast_2d swapaxes moveaxis diag"
        ).split()
    },
    "diff": lambda a: as_array(a)[1:] - as_array(a)[:-1],
}


def _npy(a: Any) -> Tracer:
    """A value as NumPy's functions take it: a Python number is one of NumPy's then."""
    a = as_tracer(a)
    if not a.py:
        return a
    return Tracer.new(a.expr, a.index.shape, a.kind, array=False)
