"""Traced Python functions: an expression over a vector and the time, in double precision.

The expression comes as linear code (see ``compiler/tracing/expressions.py``): entries
``(operation, arguments, static)`` over vectors along the last axis. It is evaluated in double
precision whatever the network's, as Python would: a function called back gets doubles too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from nengolab.clock import CLOCK_BASE
from nengolab.kernels.base import Kernel, Spec

FEW_PRODUCTS = 1024


def _floor_mod(a, b):
    # The sign of the divisor, as in Python; a - b floor(a/b) would round.
    rest = tf.truncatemod(a, b)
    return tf.where(_signs_differ(rest, b), rest + b, rest)


def _floor_divide(a, b):
    rest = tf.truncatemod(a, b)
    whole = (a - rest) / b - tf.cast(_signs_differ(rest, b), a.dtype)
    return tf.where(b == 0, a / b, tf.round(whole))


def _signs_differ(rest, b):
    return (rest != 0) & ((rest < 0) != (b < 0))


def _with_nan(extreme):
    """XLA's own drops a NaN that comes second; NumPy's does not."""
    return lambda a, b: tf.where(tf.math.is_nan(b), b, extreme(a, b))


def _extreme_of_rows(reduce):
    def apply(a, k):
        rows = tf.reshape(a, (*a.shape[:-1], a.shape[-1] // k, k))
        nan = tf.reduce_any(tf.math.is_nan(rows), axis=-1)
        return tf.where(nan, tf.constant(np.nan, a.dtype), reduce(rows, axis=-1))

    return apply


def _copysign(a, b):
    minus = (b < 0) | ((b == 0) & (1 / b < 0))
    return tf.where(minus, -tf.abs(a), tf.abs(a))


def _hypot(a, b):
    a, b = tf.abs(a), tf.abs(b)
    high, low = tf.maximum(a, b), tf.minimum(a, b)
    ratio = low / tf.where(high == 0, tf.ones_like(high), high)
    long = tf.where(tf.math.is_nan(a + b), a + b, high * tf.sqrt(1 + ratio * ratio))
    return tf.where(tf.math.is_inf(a) | tf.math.is_inf(b), tf.constant(np.inf, a.dtype), long)


def _trunc(a):
    return tf.where(a < 0, tf.math.ceil(a), tf.floor(a))


def _take(a, *index):
    """Elements along the last axis; stretches are slices."""
    index = np.array(index)
    if len(set(index.tolist())) == 1:
        one = a[..., index[0] : index[0] + 1]
        return one if len(index) == 1 else tf.repeat(one, len(index), axis=-1)
    step = index[1] - index[0]
    if step > 0 and np.array_equal(index, index[0] + step * np.arange(len(index))):
        return a[..., index[0] : index[-1] + 1 : step]
    ends = np.flatnonzero(np.diff(index) != 1) + 1
    if len(ends) < 32:
        runs = np.split(index, ends)
        return tf.concat([a[..., r[0] : r[-1] + 1] for r in runs], axis=-1)
    return tf.gather(a, index, axis=-1)


def _cat(parts: list, sizes: tuple[int, ...]):
    lead = tf.broadcast_static_shape
    shape = parts[0].shape[:-1]
    for p in parts[1:]:
        shape = lead(shape, p.shape[:-1])
    return tf.concat(
        [tf.broadcast_to(p, (*shape, n)) for p, n in zip(parts, sizes, strict=True)], axis=-1
    )


def _matmul(a, b, m, k, n):
    left = tf.reshape(a, (*a.shape[:-1], m, k))
    right = tf.reshape(b, (*b.shape[:-1], k, n))
    if m * k * n <= FEW_PRODUCTS:  # XLA fuses a sum with what is around it
        out = tf.reduce_sum(left[..., :, :, None] * right[..., None, :, :], axis=-2)
    else:
        out = tf.matmul(left, right)
    return tf.reshape(out, (*out.shape[:-2], m * n))


def _rows(reduce):
    return lambda a, k: reduce(tf.reshape(a, (*a.shape[:-1], a.shape[-1] // k, k)), axis=-1)


TENSORFLOW: dict[str, Any] = {
    "negative": tf.negative,
    "absolute": tf.abs,
    "sin": tf.sin,
    "cos": tf.cos,
    "tan": tf.tan,
    "arcsin": tf.asin,
    "arccos": tf.acos,
    "arctan": tf.atan,
    "sinh": tf.sinh,
    "cosh": tf.cosh,
    "tanh": tf.tanh,
    "arcsinh": tf.asinh,
    "arccosh": tf.acosh,
    "arctanh": tf.atanh,
    "exp": tf.exp,
    "exp2": lambda a: tf.pow(tf.constant(2.0, a.dtype), a),
    "expm1": tf.math.expm1,
    "log": tf.math.log,
    "log2": lambda a: tf.math.log(a) / np.log(2.0),
    "log10": lambda a: tf.math.log(a) / np.log(10.0),
    "log1p": tf.math.log1p,
    "sqrt": tf.sqrt,
    "cbrt": lambda a: tf.sign(a) * tf.pow(tf.abs(a), tf.constant(1 / 3, a.dtype)),
    "square": tf.square,
    "reciprocal": tf.math.reciprocal,
    "floor": tf.floor,
    "ceil": tf.math.ceil,
    "rint": tf.round,
    "trunc": _trunc,
    "sign": lambda a: tf.where(tf.math.is_nan(a), a, tf.sign(a)),
    "isnan": tf.math.is_nan,
    "isfinite": tf.math.is_finite,
    "isinf": tf.math.is_inf,
    "logical_not": tf.logical_not,
    "add": tf.add,
    "subtract": tf.subtract,
    "multiply": tf.multiply,
    "divide": tf.divide,
    "floor_divide": _floor_divide,
    "remainder": _floor_mod,
    "fmod": tf.truncatemod,
    "power": tf.pow,
    "arctan2": tf.atan2,
    "hypot": _hypot,
    "maximum": _with_nan(tf.maximum),
    "minimum": _with_nan(tf.minimum),
    "copysign": _copysign,
    "less": tf.less,
    "less_equal": tf.less_equal,
    "greater": tf.greater,
    "greater_equal": tf.greater_equal,
    "equal": tf.equal,
    "not_equal": tf.not_equal,
    "logical_and": tf.logical_and,
    "logical_or": tf.logical_or,
    "logical_xor": tf.math.logical_xor,
    "where": tf.where,
    "float": lambda a: tf.cast(a, tf.float64),
    "bool": lambda a: a != 0,
    "take": _take,
    "sum": _rows(tf.reduce_sum),
    "prod": _rows(tf.reduce_prod),
    "max": _extreme_of_rows(tf.reduce_max),
    "min": _extreme_of_rows(tf.reduce_min),
    "all": _rows(tf.reduce_all),
    "any": _rows(tf.reduce_any),
    "matmul": _matmul,
}


def evaluate(code: tuple, constants: Any, x: Any, t: Any) -> Any:
    """Value of an expression, ``(rows, members, size)``; ``constants (1, members, count)``."""
    values: list[Any] = []
    for op, args, static in code:
        given = [values[i] for i in args]
        if op in ("x", "t"):
            values.append(x if op == "x" else t)
        elif op == "const":
            values.append(constants[..., static[0] : static[0] + static[1]])
        elif op == "lit":
            boolean = isinstance(static[0], bool)
            values.append(tf.constant(static, tf.bool if boolean else tf.float64)[None, None])
        elif op == "cat":
            values.append(_cat(given, static))
        else:
            values.append(TENSORFLOW[op](*given, *static))
    return values[-1]


class TracedKernel(Kernel):
    """``y = f(t, x)`` with ``f`` as code: ``static = (code, size of y)``.

    Inputs are ``x`` and, where the code uses the time, the clock (the step as two whole numbers).
    The parameter ``constants`` holds each number as the sum of three, so that it stays exact in
    single precision.
    """

    name = "traced"

    def apply(self, params, inputs, spec: Spec):
        code, size = spec.static
        x, *rest = (self._members_first(v, spec) for v in inputs)
        t = None
        if rest:
            clock = rest[0]
            t = (clock[..., :1] * CLOCK_BASE + clock[..., 1:]) * spec.dt
        constants = None
        if "constants" in params:
            constants = self._members_first(tf.expand_dims(params["constants"], 0), spec)
            constants = tf.add_n(tf.split(constants, 3, axis=-1))
        y = evaluate(code, constants, x, t)
        y = tf.cast(tf.broadcast_to(y, (*x.shape[:2], size)), spec.dtype)
        return {"out": tf.transpose(y, (0, 2, 1)) if spec.layout.last else y}

    @staticmethod
    def _members_first(value: Any, spec: Spec) -> Any:
        """``(rows, members, size)`` in double precision."""
        value = tf.cast(value, tf.float64)
        return tf.transpose(value, (0, 2, 1)) if spec.layout.last else value
