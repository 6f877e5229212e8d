"""Known functions on tracers: those of NumPy (`numpy_functions`), of ``math``, and Python's own.

``replacement`` gives what stands for a module or function while a function is traced. What is not
in the tables is not traceable, unless it is given no tracer at all.
"""

from __future__ import annotations

import builtins
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from nengolab.compiler.tracing.expressions import Untraceable
from nengolab.compiler.tracing.numpy_functions import NUMPY, float_dtype, matmul, ravel
from nengolab.compiler.tracing.operators import (
    compare,
    power,
    require,
    to_float,
    to_int,
)
from nengolab.compiler.tracing.tracer import (
    Tracer,
    as_bool,
    as_float,
    as_tracer,
    common_kind,
    current,
    elementwise,
)


def _math(op: str, *arguments: Any) -> Tracer:
    """A function of ``math``: Python's numbers, and an error where the result is not finite."""
    values = [to_float(a) for a in arguments]
    values = [v if isinstance(v, Tracer) else as_tracer(v) for v in values]
    result = elementwise(op, values, "f")
    require(elementwise("isfinite", [result], "b"))
    return result


_MATH: dict[str, Callable] = {
    **{
        name: (lambda a, op=op: _math(op, a))
        for name, op in {
            **{
                n: n
                for n in "sin cos tan sinh cosh tanh exp expm1 log2 log10 log1p sqrt cbrt".split()
            },
            "asin": "arcsin",
            "acos": "arccos",
            "atan": "arctan",
            "asinh": "arcsinh",
            "acosh": "arccosh",
            "atanh": "arctanh",
            "fabs": "absolute",
            "exp2": "exp2",
        }.items()
    },
    **{
        name: (lambda a, b, op=op: _math(op, a, b))
        for name, op in {
            "atan2": "arctan2",
            "hypot": "hypot",
            "pow": "power",
            "fmod": "fmod",
            "copysign": "copysign",
        }.items()
    },
    "log": lambda a, base=None: (
        _math("log", a) if base is None else _math("log", a) / _math("log", base)
    ),
    "floor": lambda a: to_int(a, "floor"),
    "ceil": lambda a: to_int(a, "ceil"),
    "trunc": to_int,
    "degrees": lambda a: _math("multiply", a, 180 / math.pi),
    "radians": lambda a: _math("multiply", a, math.pi / 180),
    "isnan": lambda a: _is("isnan", a),
    "isinf": lambda a: _is("isinf", a),
    "isfinite": lambda a: _is("isfinite", a),
}


def _is(op: str, a: Any) -> Tracer:
    return elementwise(op, [to_float(a)], "b")


def _extreme_of(better: str, plain: Callable) -> Callable:
    """``min`` and ``max``: the first one, unless a later one is better."""

    def apply(*values, **kwargs):
        items = list(values[0]) if len(values) == 1 else list(values)
        if kwargs or any(isinstance(v, Tracer) and v.index.ndim for v in items):
            raise Untraceable("it takes min or max of arrays")
        if not any(isinstance(v, Tracer) for v in items):
            return plain(items)
        best = as_tracer(items[0])
        for item in items[1:]:
            item = as_tracer(item)
            if item.py != best.py:
                # Which it is decides what a division by zero does: follow each outcome.
                best = item if bool(compare(better, item, best)) else best
            else:
                kind = common_kind([item, best])
                choice = [as_bool(compare(better, item, best)), as_float(item), as_float(best)]
                best = elementwise("where", choice, "i" if kind == "b" else kind)
                best.py = item.py
        return best

    return apply


_BUILTINS: dict[Any, Callable] = {
    float: to_float,
    int: lambda value: to_int(value) if isinstance(value, Tracer) else int(value),
    min: _extreme_of("less", min),
    max: _extreme_of("greater", max),
    pow: power,
}


def _has_tracer(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_has_tracer(v) for v in value)
    return isinstance(value, Tracer)


def _concrete(value: Any) -> Any:
    """The value of a tracer that does not depend on the function's arguments."""
    if isinstance(value, (list, tuple)):
        return [_concrete(v) for v in value]
    return value.concrete() if isinstance(value, Tracer) else value


def _guarded(name: str, real: Callable, traced: Callable | None) -> Callable:
    """The real function where no tracer is concerned, else the one on tracers."""

    def apply(*args, **kwargs):
        if not any(_has_tracer(v) for v in (*args, *kwargs.values())):
            kwargs = {k: float if v is to_float else v for k, v in kwargs.items()}
            result = real(*(float if a is to_float else a for a in args), **kwargs)
            # Arrays can be assigned to: as tracers from the beginning.
            return as_tracer(result) if isinstance(result, np.ndarray) else result
        if traced is None and name.startswith("np."):
            return as_tracer(np.asarray(real(*map(_concrete, args), **kwargs)))
        if traced is None:
            raise Untraceable(f"{name} is not known to the tracer")
        return traced(*args, **kwargs)

    return apply


class _Module:
    """Stands for a module."""

    def __init__(self, module: types.ModuleType):
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return replacement(getattr(self._module, name))


_BY_VALUE: dict[Any, Callable] = {}
for _name, _traced in NUMPY.items():
    _real = getattr(np, _name, None) or getattr(np.linalg, _name)
    _BY_VALUE[_real] = _guarded(f"np.{_name}", _real, _traced)
for _name, _traced in _MATH.items():
    if hasattr(math, _name):
        _real = getattr(math, _name)
        _BY_VALUE[_real] = _guarded(f"math.{_name}", _real, _traced)
for _real, _traced in _BUILTINS.items():
    _BY_VALUE[_real] = _traced if _real is float else _guarded(_real.__name__, _real, _traced)


def replacement(value: Any) -> Any:
    """What stands for a captured value while a function is traced."""
    if isinstance(value, types.ModuleType):
        return _Module(value)
    if isinstance(value, np.ndarray):
        held = as_tracer(value.copy())
        held.buffer.readonly = True
        return held
    if isinstance(value, (np.ufunc, types.BuiltinFunctionType)) or callable(value):
        if value in _BY_VALUE:
            return _BY_VALUE[value]
        if isinstance(value, np.ufunc) or getattr(value, "__module__", "").startswith("numpy"):
            return _guarded(f"np.{value.__name__}", value, None)
        if getattr(value, "__module__", "") == "math":
            return _guarded(f"math.{value.__name__}", value, None)
    return value


BUILTINS = {name: replacement(value) for name, value in vars(builtins).items()}


# -- methods of arrays ---------------------------------------------------------------------------


def _method(name: str, known: dict[str, Callable]) -> Callable:
    return lambda self, *args, **kwargs: known[name](_numpys(self), *args, **kwargs)


def _numpys(self: Tracer) -> Tracer:
    self._numpy()
    return self


def _astype(a: Tracer, dtype: Any) -> Tracer:
    float_dtype(dtype)
    a = as_float(_numpys(a))
    return Tracer.new(a.expr, a.index.shape, "f", array=a.array)


def _copy(a: Tracer) -> Tracer:
    a = as_tracer(a)
    return Tracer.new(a.expr, a.index.shape, a.kind, array=a.array)


def _item(a: Tracer, *index: int) -> Tracer:
    chosen = np.asarray(_numpys(a).index).item(*index)
    expr = current().pool.take(a.buffer.expr, np.asarray(chosen))
    return Tracer.new(expr, (), a.kind, array=False, py=True)


def _tolist(a: Tracer) -> Any:
    if _numpys(a).index.ndim == 0:
        return _item(a)
    return [_tolist(item) for item in a]


for _name in "sum mean max min prod dot ravel reshape clip round std var cumsum any all".split():
    setattr(Tracer, _name, _method(_name, NUMPY))
for _name, _function in {
    "copy": _copy,
    "astype": _astype,
    "item": _item,
    "tolist": _tolist,
    "flatten": lambda self: _copy(ravel(self)),
    "transpose": lambda self, *axes: self.view(self._numpy().transpose(*axes)),
    "squeeze": lambda self, axis=None: self.view(self._numpy().squeeze(axis)),
    "repeat": lambda self, n: self.view(self._numpy().repeat(n)),
    "__matmul__": lambda self, other: matmul(_numpys(self), other),
    "__rmatmul__": lambda self, other: matmul(other, _numpys(self)),
}.items():
    setattr(Tracer, _name, _function)
