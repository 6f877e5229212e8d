"""Packing of named parameters into a program's merged arrays, as TensorFlow operations.

``Program.pack`` does it in NumPy for runs; this is the same map with a gradient, so that what an
optimizer sees are the named parameters and never a merged array or its padding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from nengolab.compiler.graph import Param
from nengolab.compiler.program import LoweredGroup, Program, kernel_of
from nengolab.compiler.routes import Route

Values = Callable[[Param], Any]


def pack(program: Program, values: Values) -> dict[str, Any]:
    """What ``Program.pack`` gives, as tensors through which gradients flow.

    Parameters
    ----------
    program : Program
    values : callable
        ``values(param)`` is the parameter's tensor (or array, for one that is fixed).
    """
    packed: dict[str, Any] = {}
    for lowered in program.groups.values():
        for name, array in _group(lowered, values, program.dtype).items():
            packed[f"{lowered.index}.{name}"] = array
        for i, route in enumerate(lowered.routes):
            if route.constants:
                packed[f"{lowered.index}.in{i}"] = constant(route, values, program.dtype)
    return packed


def _tensor(value: Any, dtype: str) -> Any:
    """A float in the program's precision; integers (the state of generators) keep their type."""
    if not isinstance(value, tf.Tensor):
        value = np.asarray(value)
        return tf.constant(value, dtype if value.dtype.kind == "f" else value.dtype)
    return tf.cast(value, dtype) if value.dtype.is_floating else value


def _group(lowered: LoweredGroup, values: Values, dtype: str) -> dict[str, Any]:
    ops = lowered.group.ops
    if _own_arrays(lowered):
        return _arranged(lowered, values, dtype)
    return {name: _stacked(lowered, name, values, dtype) for name in ops[0].params}


def _stacked(lowered: LoweredGroup, name: str, values: Values, dtype: str) -> Any:
    arrays = [_tensor(values(op.params[name]), dtype) for op in lowered.group.ops]
    arrays = [a[None] if len(a.shape) == 0 else a for a in arrays]
    ndim = len(arrays[0].shape) + 1
    order = kernel_of(lowered).permutation(name, ndim, lowered.spec)
    if order is None:
        order = tuple(range(ndim))
        if not lowered.spec.layout.last:
            order = order[-1:] + order[:-1]
    # Stacked where the axis goes in the end, so that what is left to transpose is small or nothing.
    at = order.index(ndim - 1)
    rest = [axis for axis in order if axis != ndim - 1]
    if rest != sorted(rest):
        arrays = [tf.transpose(a, rest) for a in arrays]
    if len(arrays) == 1:
        return tf.expand_dims(arrays[0], at)
    return tf.stack(arrays, axis=at)


def _own_arrays(lowered: LoweredGroup) -> bool:
    built = kernel_of(lowered).arrays(lowered.group.ops, lambda p: p.value, lowered.spec)
    return built is not None


def _arranged(lowered: LoweredGroup, values: Values, dtype: str) -> dict[str, Any]:
    """Packed arrays of a kernel with an arrangement of its own.

    Its rule is asked where each element goes by packing the elements' numbers (from 1; 0 is
    padding); a gather then does the same to tensors.
    """
    ops, kernel = lowered.group.ops, kernel_of(lowered)
    params = list({id(p): p for op in ops for p in op.params.values()}.values())
    ends = np.cumsum([0, *(p.size for p in params)])
    numbers = {
        id(p): np.arange(a + 1, a + 1 + p.size, dtype=float).reshape(np.shape(p.value))
        for p, a in zip(params, ends, strict=False)
    }
    where = kernel.arrays(ops, lambda p: numbers[id(p)], lowered.spec)
    now = kernel.arrays(ops, lambda p: p.value, lowered.spec)
    assert where is not None
    assert now is not None
    flat = [tf.zeros(1, dtype), *(tf.reshape(_tensor(values(p), dtype), [-1]) for p in params)]
    together = tf.concat(flat, axis=0)
    return {
        name: tf.constant(array)
        if np.asarray(array).dtype.kind == "i"
        else tf.gather(together, np.asarray(where[name]).astype(np.int64))
        for name, array in now.items()
    }


def constant(route: Route, values: Values, dtype: str) -> Any:
    """The constant part of a route, packed."""
    total = int(np.prod(route.shape))
    terms = [
        placed(tf.reshape(_tensor(values(param), dtype), [1, -1]), source, target, total)
        for param, source, target in route.constants
    ]
    return tf.reshape(tf.add_n(terms) if len(terms) > 1 else terms[0], route.shape)


def placed(x: Any, source: np.ndarray, target: np.ndarray, size: int) -> Any:
    """Columns ``source`` of ``x`` added up at columns ``target`` of an array of ``size`` columns.

    Parameters
    ----------
    x : tensor
        ``(rows, width)``.
    """
    every = np.arange(size)
    if len(target) == size and np.array_equal(target, every):
        if np.array_equal(source, np.arange(x.shape[1])):
            return x
        return tf.gather(x, source, axis=1)
    if len(np.unique(target)) == len(target):
        index = np.full(size, x.shape[1])
        index[target] = source
        return tf.gather(tf.pad(x, [(0, 0), (0, 1)]), index, axis=1)
    taken = tf.transpose(tf.gather(x, source, axis=1))
    return tf.transpose(tf.math.unsorted_segment_sum(taken, target, size))
