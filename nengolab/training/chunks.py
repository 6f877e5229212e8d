"""Long sequences in chunks: memory for back-propagation that does not grow with the sequence.

Forward, only the state between chunks is kept. Backward, each chunk is run again from there and
differentiated by itself, the last one first (checkpointing; Griewank and Walther, "Algorithm 799:
revolve", ACM Transactions on Mathematical Software 26, 2000). Handing the gradient of the state on
from chunk to chunk gives the same gradient as the whole sequence would; leaving it out gives
truncated back-propagation through time (Williams and Peng, "An efficient gradient-based algorithm
for on-line training of recurrent network trajectories", Neural Computation 2, 1990).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from nengolab.kernels.gradient import custom_gradient

Run = Callable[[dict, dict, Any, Any], tuple[dict, dict]]


def chunked(
    run: Run, params: dict, state: dict, series: Any, size: int, truncate: bool
) -> tuple[dict, dict]:
    """``run`` over ``series`` in chunks of ``size`` steps.

    Parameters
    ----------
    run : callable
        ``run(params, state, series, done) -> (seen, state)``, where ``series`` and what is seen are
        ``(steps, batch, size)``, and ``done`` steps came before.
    params, state : dict of tensors
    series : tensor
        ``(steps, batch, size)``.
    size : int
    truncate : bool
        Whether the gradient ends where a chunk begins.

    Returns
    -------
    tuple of dict
        What was seen in all steps, and the last state.
    """
    whole = series.shape[0] // size
    parts, done = [], whole * size
    if whole:
        seen, state = _Scan(run, size, whole, truncate)(params, state, series[:done])
        parts.append(seen)
    if done < series.shape[0]:
        if truncate:
            state = {k: tf.stop_gradient(v) for k, v in state.items()}
        rest, state = _Scan(run, series.shape[0] - done, 1, truncate, done)(
            params, state, series[done:]
        )
        parts.append(rest)
    joined = {k: tf.concat([p[k] for p in parts], axis=0) for k in parts[0]}
    return joined, state


class _Scan:
    """``count`` chunks of ``size`` steps, as a loop with a gradient of its own."""

    def __init__(self, run: Run, size: int, count: int, truncate: bool, first: int = 0):
        self._run, self._size, self._count = run, size, count
        self._truncate, self._first = truncate, first

    def __call__(self, params: dict, state: dict, series: Any) -> tuple[dict, dict]:
        own, before, rows = tf.nest.map_structure(tf.stop_gradient, (params, state, series))
        last, seen, kept = self._forward(own, before, rows)
        moving = sorted(k for k, v in state.items() if v.dtype.is_floating)
        names = sorted(seen)

        @custom_gradient
        def attach(*_):
            values = [tf.identity(last[k]) for k in moving] + [tf.identity(seen[k]) for k in names]

            def backward(*dys):
                d_last = dict(zip(moving, dys[: len(moving)], strict=True))
                d_seen = dict(zip(names, dys[len(moving) :], strict=True))
                return self._backward(own, before, rows, kept, d_last, d_seen)

            return values, backward

        given = [x for x in tf.nest.flatten((params, state, series)) if x.dtype.is_floating]
        values = attach(*given)
        values = list(values) if isinstance(values, (list, tuple)) else [values]
        end = last | dict(zip(moving, values, strict=False))
        return dict(zip(names, values[len(moving) :], strict=True)), end

    def _part(self, x: Any, i: Any) -> Any:
        part = x[i * self._size : (i + 1) * self._size]
        return tf.ensure_shape(part, (self._size, *x.shape[1:]))

    def _advance(self, params: dict, state: dict, part: Any, i: Any) -> tuple[dict, dict]:
        done = tf.cast(self._first + i * self._size, tf.int64)
        return self._run(params, state, part, done)

    def _forward(self, params: dict, state: dict, series: Any) -> tuple[dict, dict, dict]:
        shapes = (
            tf.function(self._advance, autograph=False)
            .get_concrete_function(
                params, state, self._part(series, tf.constant(0)), tf.constant(0)
            )
            .structured_outputs[0]
        )
        count = self._count
        out = {k: tf.TensorArray(v.dtype, count, element_shape=v.shape) for k, v in shapes.items()}
        kept = {k: tf.TensorArray(v.dtype, count, element_shape=v.shape) for k, v in state.items()}

        def body(i, state, out, kept):
            kept = {k: a.write(i, state[k]) for k, a in kept.items()}
            seen, state = self._advance(params, state, self._part(series, i), i)
            return i + 1, state, {k: a.write(i, seen[k]) for k, a in out.items()}, kept

        start = (tf.constant(0), state, out, kept)
        _, state, out, kept = tf.while_loop(
            lambda i, *_: i < count, body, start, parallel_iterations=1
        )
        seen = {k: _joined(a.stack()) for k, a in out.items()}
        return state, seen, {k: a.stack() for k, a in kept.items()}

    def _backward(self, params, state, series, kept, d_last, d_seen) -> list[Any]:
        floats = {k: v for k, v in params.items() if v.dtype.is_floating}
        shape = (self._size, *series.shape[1:])
        d_parts = tf.TensorArray(series.dtype, self._count, element_shape=shape)

        def body(i, d_state, d_params, d_parts):
            before = {k: tf.ensure_shape(v[i], v.shape[1:]) for k, v in kept.items()}
            own = {k: before[k] for k in d_last}
            part = self._part(series, i)
            with tf.GradientTape() as tape:
                tape.watch((floats, own, part))
                seen, new = self._advance(params | floats, before | own, part, i)
            targets = [*(new[k] for k in d_last), *(seen[k] for k in d_seen)]
            given = [*(d_state[k] for k in d_last), *(self._part(v, i) for v in d_seen.values())]
            of_params, of_state, of_part = tape.gradient(
                targets, (floats, own, part), given, tf.UnconnectedGradients.ZERO
            )
            if self._truncate:
                of_state = {k: tf.zeros_like(v) for k, v in of_state.items()}
            total = {k: d_params[k] + of_params[k] for k in d_params}
            return i - 1, of_state, total, d_parts.write(i, of_part)

        zeros = {k: tf.zeros_like(v) for k, v in floats.items()}
        start = (tf.constant(self._count - 1), d_last, zeros, d_parts)
        _, d_state, d_params, d_parts = tf.while_loop(
            lambda i, *_: i >= 0, body, start, parallel_iterations=1
        )
        return tf.nest.flatten((d_params, d_state, _joined(d_parts.stack())))


def _joined(x: Any) -> Any:
    """``(chunks, steps, ...)`` -> ``(chunks * steps, ...)``."""
    return tf.reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:]))
