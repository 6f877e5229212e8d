"""Running kernels by hand: packed arrays, and gradients by finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from nengolab.kernels.base import GroupLayout, Kernel, Spec
from nengolab.kernels.registry import KERNELS

DT = 0.001
MOST_ELEMENTS = 16


class Facts:
    """What a kernel looks at when it chooses its formula."""

    training, stepped, reads_spikes, dt = True, True, False, DT

    def __init__(
        self, layout: GroupLayout, static: tuple, dtype: str, params: dict, state: dict, **own
    ):
        self.layout, self.static, self.dtype = layout, static, dtype
        self._params, self._state = params, state
        vars(self).update(own)

    def param_shape(self, name):
        return self._params[name].shape

    def param_values(self, name):
        return np.asarray(self._params[name])

    def state_values(self, name):
        return np.asarray(self._state[name])

    def observed(self, port):
        return False


def spec_of(
    kernel: str, members: int, static: tuple = (), dtype: str = "float64", variant: str = ""
) -> tuple[Kernel, Spec]:
    """A kernel by name, and the spec of a group of it that is differentiated."""
    return KERNELS[kernel], Spec(GroupLayout.of(members), static, DT, dtype, variant, True)


def gradients(
    run: Callable[[dict], dict],
    arrays: dict[str, np.ndarray],
    weights: dict[str, np.ndarray],
    jit: bool = True,
) -> dict[str, np.ndarray]:
    """Gradients of the weighted sum of what ``run`` returns by each of ``arrays``."""

    @tf.function(jit_compile=jit, autograph=False)
    def compute(arrays):
        with tf.GradientTape() as tape:
            tape.watch(arrays)
            total = weighted(run(arrays), weights)
        return tape.gradient(total, arrays, unconnected_gradients="zero")

    found = compute({k: tf.constant(v) for k, v in arrays.items()})
    return {k: v.numpy() for k, v in found.items()}


def weighted(outputs: dict, weights: dict[str, np.ndarray]):
    """The sum of all outputs, each element times a weight of its own."""
    return tf.add_n([tf.reduce_sum(outputs[k] * w) for k, w in weights.items()])


def differences(
    run: Callable[[dict], dict],
    arrays: dict[str, np.ndarray],
    weights: dict[str, np.ndarray],
    step: float = 1e-6,
) -> dict[str, np.ndarray]:
    """The same by central differences, for some elements of each array; NaN for the others."""
    total = tf.function(lambda arrays: weighted(run(arrays), weights), autograph=False)
    found = {}
    for name, array in arrays.items():
        slopes = np.full(array.size, np.nan)
        for i in np.random.default_rng(0).permutation(array.size)[:MOST_ELEMENTS]:
            moved = []
            by = step * max(1.0, abs(float(array.flat[i])))
            for sign in (1, -1):
                other = array.copy()
                other.flat[i] += sign * by
                constants = {k: tf.constant(v) for k, v in (arrays | {name: other}).items()}
                moved.append(float(total(constants)))
            slopes[i] = (moved[0] - moved[1]) / (2 * by)
        found[name] = slopes.reshape(array.shape)
    return found


def assert_right(run, arrays: dict, rng: np.random.Generator, rtol=1e-6, jit=True) -> dict:
    """Gradients of ``run`` are those of central differences, and finite; returns them."""
    outputs = run({k: tf.constant(v) for k, v in arrays.items()})
    weights = {k: rng.normal(size=v.shape) for k, v in outputs.items()}
    got, expected = gradients(run, arrays, weights, jit), differences(run, arrays, weights)
    for name in arrays:
        scale = max(np.nanmax(np.abs(expected[name])), 1e-3)
        assert np.isfinite(got[name]).all(), name
        error = np.nanmax(np.abs(got[name] - expected[name]))
        assert error <= rtol * scale + 1e-8, (name, error, scale)
    return got
