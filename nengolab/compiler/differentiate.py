"""Emitting a program that is to be differentiated.

Regions keep their meaning; how they are emitted differs. What runs over all steps at once is plain
TensorFlow, with the vendor library's convolutions and matrix products; neurons take gain and bias
into their own pass (``Activation.affine``). A stepped region is an *island*: XLA compiles a loop
that goes forward and keeps the state before each step, and a second one that goes back and takes,
step by step, the vector-Jacobian product of the very same step. TensorFlow sees the two through
`custom_gradient`; its own gradient of a compiled loop would need lists that cannot leave it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from nengolab.compiler.emit import Emitted, Emitter, joined
from nengolab.compiler.packing import placed
from nengolab.compiler.program import LoweredGroup, Program, Reading, kernel_of, own_entries
from nengolab.compiler.schedule import Region
from nengolab.compiler.tile import TileArguments
from nengolab.kernels.compiled import compiled
from nengolab.kernels.gradient import custom_gradient
from nengolab.kernels.linear_layers import apart, is_map_and_bias
from nengolab.kernels.rates import Activation

Tensor = Any


class Differentiable(Emitter):
    """Builds the function of a program that is to be differentiated.

    The number of steps is that of ``inputs["series"]``, known when it is traced.

    Parameters
    ----------
    program, carried, host
        As for `Emitter`.
    key : str or None
        Programs with equal keys share what is compiled.
    """

    def __init__(self, program: Program, carried: set[str], host: Any, key: str | None):
        super().__init__(program, carried, host)
        self.key = key

    def run(self, params: dict, state: dict, inputs: dict, n_steps: Any) -> tuple[dict, dict]:
        """All steps at once.

        Of the outputs, ``"records"`` is what `read` reads, ``"updates"`` are new values of
        variables that layers change while training, and ``"losses"`` what layers add to the loss.
        """
        state, recorded = self.regions(params, state, inputs, n_steps)
        records: dict[str, Any] = {}
        updates: dict[str, Any] = {}
        losses: dict[str, Any] = {}
        for key, value in recorded.items():
            if key.startswith("update:"):
                updates[key.removeprefix("update:")] = value
            elif key.startswith("loss:"):
                losses[key.removeprefix("loss:")] = value
            else:
                records[key] = value
        return state, {"records": records, "updates": updates, "losses": losses}

    # -- stepped -------------------------------------------------------------------------------

    def stepped(self, region: Region, given: TileArguments) -> Emitted:
        """An island for each share of the batch: shares run beside each other."""
        batch = self.program.batch
        share = -(-batch // 2) if batch > 1 and self._worth_sharing(region) else batch
        parts = []
        for first in range(0, batch, share):
            items = slice(first, min(first + share, batch))
            parts.append(self._island(region, given.share(items)))
        return joined(parts)

    def _worth_sharing(self, region) -> bool:
        """Whether a step is long beside what starting a second loop costs."""
        width = sum(
            g.group.layout.members * sum(p.size for p in g.group.op.ports.values())
            for g in self.by_region[region.index]
        )
        return width * self.program.batch >= SHARED_FROM_ELEMENTS

    def _island(self, region: Region, given: TileArguments) -> Emitted:
        carried, records = self.leaves(region)
        keys = [*carried, *(f"rec {key}" for key in records)]

        trained = self.program.trained
        fixed = (
            {} if trained is None else {k: v for k, v in given.params.items() if k not in trained}
        )
        params = {k: v for k, v in given.params.items() if k not in fixed}
        # Biases: summing their gradient over the batch once, after the loop, costs a fraction.
        for key in [k for k in params if re.fullmatch(r"\d+\.in\d+", k)]:
            params[key] = tf.tile(tf.expand_dims(params[key], 0), (given.held.shape[0], 1, 1))

        def step(params, fixed, state, held, at):
            params = params | fixed
            env = {"held": held} | at
            for lowered in self.by_region[region.index]:
                env.update(self.delayed(lowered, state))
            new, env = self.inline(self.by_region[region.index], params, state, env)
            out = {key: env[key] for key in carried}
            for key, index in records.items():
                out[f"rec {key}"] = self.recorded(env[key], index)
            return state | new, out

        key = None if self.key is None else (self.key, region.index)
        state, out = island(step, keys, replace(given, params=params), fixed, key)
        rec = {key: out[f"rec {key}"] for key in records}
        return state, {key: out[key] for key in carried}, rec

    def python(self, region: Region, given: TileArguments) -> Emitted:
        """An uncompiled loop, through which TensorFlow differentiates by itself.

        Nothing flows back through a Python function that is called.
        """
        return self.loop(region, given, self.inline)[:3]

    # -- batched -------------------------------------------------------------------------------

    def emit_batched(self, region, params, env, rows, emit_group) -> None:
        """Groups in order; neurons take what is before them into their own pass where they can."""
        groups = self.by_region[region.index]
        before = {g.index: self._before(g, groups) for g in groups}
        taken = {g.index for pair in before.values() for g in pair if g is not None}
        for lowered in groups:
            if lowered.index in taken:
                continue
            if isinstance(kernel_of(lowered), Activation):
                self._affine(lowered, *before[lowered.index], params, env, rows)
            else:
                emit_group(lowered)

    def _before(self, neurons, groups) -> tuple[LoweredGroup | None, LoweredGroup | None]:
        """The gains before neurons, and before those the layer whose bias they can add."""
        if not isinstance(kernel_of(neurons), Activation):
            return None, None
        scale = self._alone_before(neurons, groups, "scale")
        layer = self._alone_before(scale or neurons, groups, "tensor")
        if layer is not None:
            constant = (scale or neurons).routes[0].constants and scale is not None
            function = layer.group.op.static[0]
            if constant or not is_map_and_bias(function, self.program.dtype):
                layer = None
        return scale, layer

    def _alone_before(self, lowered, groups, kernel: str) -> LoweredGroup | None:
        """The group that gives another one its input, and nobody else anything."""
        route = lowered.routes[0]
        if len(route.picks) != 1 or route.sums:
            return None
        key, index = route.picks[0].key, route.picks[0].index
        found = next((g for g in groups if f"{g.index}:out" == key), None)
        if found is None or found.group.op.kernel != kernel:
            return None
        readers = [k for g in self.program.groups.values() for r in g.routes for k in r.keys]
        watched = key in self.carried or any(r.key == key for r in self.program.records)
        alike = found.spec.layout == lowered.spec.layout
        whole = len(index) == self.program.width(key) and (index == np.arange(len(index))).all()
        return found if alike and whole and readers.count(key) == 1 and not watched else None

    def _affine(self, neurons, scale, layer, params, env, rows: int) -> None:
        kernel, own = kernel_of(neurons), own_entries(params, neurons.index)
        assert isinstance(kernel, Activation)
        gain = None if scale is None else params[f"{scale.index}.weights"]
        bias = own.get("in0")
        if layer is None:
            route = (scale or neurons).routes[0]
            added = None if scale is None else params.get(f"{scale.index}.in0")
            x = route.build(env.__getitem__, None, rows, self.program.dtype)
        else:
            inside = own_entries(params, layer.index)
            given = self.inputs(layer, inside, env.__getitem__, rows)[0]
            x, added = apart(layer.spec, inside, given)
        if added is not None:
            added = added if gain is None else gain * added
            bias = added if bias is None else bias + added
        constants = {k: own[k] for k in neurons.group.op.params}
        env[f"{neurons.index}:out"] = kernel.affine(constants, gain, bias, x)


# From so many elements a step on, two halves of a batch on two cores are worth a second loop.
SHARED_FROM_ELEMENTS = 2048


def read(program: Program, reading: Reading, records: dict, series: Tensor, held: Tensor) -> Tensor:
    """What a probe saw but for constants, ``(steps, batch, size)``; NumPy: ``TileRunner.read``."""
    steps, batch = series.shape[0], program.batch
    recorded = {r.key: r for r in program.records}
    terms = []
    for key, source, target, _ in reading.terms:
        if key == "held":
            x = tf.tile(held, (steps, 1))
        elif key == "series":
            x = tf.reshape(series, (steps * batch, series.shape[2]))
        else:
            x = tf.reshape(records[key], (steps * batch, -1))
            x = tf.ensure_shape(x, (steps * batch, _width(program, key, recorded[key].index)))
            source = recorded[key].columns(source)
        terms.append(placed(x, source, target, reading.size))
    if not terms:
        return tf.zeros((steps, batch, reading.size), program.dtype)
    total = tf.add_n(terms) if len(terms) > 1 else terms[0]
    return tf.reshape(total, (steps, batch, reading.size))


def constants_of(program: Program, reading: Reading, values: Any) -> Tensor:
    """What a probe sees of constants, ``(1, 1, size)``."""
    terms = [tf.zeros((1, reading.size), program.dtype)]
    for param, source, target in reading.constants:
        value = tf.cast(tf.reshape(values(param), (1, -1)), program.dtype)
        terms.append(placed(value, source, target, reading.size))
    return tf.add_n(terms)[None]


def _width(program: Program, key: str, index: Any) -> int:
    return program.width(key) if index is None else len(index)


# -- compiled functions with a gradient ---------------------------------------------------------


def island(
    step: Callable[..., tuple[dict, dict]],
    keys: list[str],
    given: TileArguments,
    fixed: dict,
    key: Hashable = None,
) -> tuple[dict, dict]:
    """``step`` again and again, as two compiled loops.

    Parameters
    ----------
    step : callable
        ``step(params, fixed, state, held, at) -> (state, out)``; ``at`` is one step of ``series``.
    keys : list of str
        Of ``out``.
    given : TileArguments
        Its parameters are those of which gradients are asked.
    fixed : dict
        Other parameters: each gradient is a sum over the batch in every step, which costs as much
        as a neuron's step (500 steps of 16 x 512 LIF neurons: 213 ms with those of six constants,
        108 ms without).
    key : hashable, optional
        Says all that ``step`` and ``keys`` are, for what is compiled to be shared.

    Returns
    -------
    tuple of dict
        The last state, and ``out`` of every step, ``(steps, batch, ...)``.
    """
    n_steps = next(iter(given.series.values())).shape[0]
    params, state, held, series = given.params, given.state, given.held, given.series
    arguments = (params, state, held, series)
    still = tf.nest.map_structure(tf.stop_gradient, (params, fixed, state, held, series))
    on = lambda *a: _forward(step, keys, n_steps, *a)  # noqa: E731
    forward = compiled(on, *still, key=_part(key, "on"), gradient=False)
    last, out, kept = forward.launch(*still)
    floating = [x for x in tf.nest.flatten(arguments) if x.dtype.is_floating]
    moving = sorted(k for k, v in last.items() if v.dtype.is_floating)

    @custom_gradient
    def attach(*_):
        values = [tf.identity(last[k]) for k in moving] + [tf.identity(out[k]) for k in keys]

        def backward(*dys):
            d_last = dict(zip(moving, dys[: len(moving)], strict=True))
            d_out = dict(zip(keys, dys[len(moving) :], strict=True))
            given = (*still, kept, d_last, d_out)
            back = lambda *a: _backward(step, n_steps, *a)  # noqa: E731
            return compiled(back, *given, key=_part(key, "back"), gradient=False).launch(*given)

        return values, backward

    attached = attach(*floating)
    attached = list(attached) if isinstance(attached, (list, tuple)) else [attached]
    state = last | dict(zip(moving, attached, strict=False))
    return state, dict(zip(keys, attached[len(moving) :], strict=True))


def _part(key: Hashable, which: str) -> Hashable:
    return None if key is None else (key, which)


def _forward(step, keys, n_steps, params, fixed, state, held, series):
    """The loop forward: the last state, what left, and the state before each step."""
    first = {k: v[0] for k, v in series.items()}
    shapes = step(params, fixed, state, held, first)[1]  # XLA drops what nobody reads of this
    outs = {
        k: tf.TensorArray(shapes[k].dtype, n_steps, element_shape=shapes[k].shape) for k in keys
    }
    kept = {k: tf.TensorArray(v.dtype, n_steps, element_shape=v.shape) for k, v in state.items()}

    def body(i, state, outs, kept):
        kept = {k: a.write(i, state[k]) for k, a in kept.items()}
        state, out = step(params, fixed, state, held, {k: v[i] for k, v in series.items()})
        return i + 1, state, {k: a.write(i, out[k]) for k, a in outs.items()}, kept

    _, state, outs, kept = tf.while_loop(
        lambda i, *_: i < n_steps, body, (tf.constant(0), state, outs, kept)
    )
    stacked = [{k: a.stack() for k, a in arrays.items()} for arrays in (outs, kept)]
    return state, *stacked


def _backward(step, n_steps, params, fixed, state, held, series, kept, d_last, d_out):
    """The loop back: gradients of all floating arguments, in the order they are flattened."""
    floats = {k: v for k, v in params.items() if v.dtype.is_floating}
    moving = list(d_last)
    d_params = {k: tf.zeros_like(v) for k, v in floats.items()}
    arrays = {
        k: tf.TensorArray(v.dtype, n_steps, element_shape=v.shape[1:]) for k, v in series.items()
    }

    def body(i, d_state, d_params, d_held, arrays):
        at = {k: v[i] for k, v in series.items()}
        before = {k: v[i] for k, v in kept.items()}
        own = {k: before[k] for k in moving}
        with tf.GradientTape() as tape:
            tape.watch((floats, own, held, at))
            new, out = step(params | floats, fixed, before | own, held, at)
        targets = [*(new[k] for k in moving), *(out[k] for k in d_out)]
        given = [*(d_state[k] for k in moving), *(d_out[k][i] for k in d_out)]
        of_params, of_state, of_held, of_series = tape.gradient(
            targets, (floats, own, held, at), given, tf.UnconnectedGradients.ZERO
        )
        return (
            i - 1,
            of_state,
            {k: d_params[k] + of_params[k] for k in d_params},
            d_held + of_held,
            {k: a.write(i, of_series[k]) for k, a in arrays.items()},
        )

    start = (tf.constant(n_steps - 1), d_last, d_params, tf.zeros_like(held), arrays)
    _, d_state, d_params, d_held, arrays = tf.while_loop(lambda i, *_: i >= 0, body, start)
    d_series = {k: a.stack() for k, a in arrays.items()}
    return tf.nest.flatten((d_params, d_state, d_held, d_series))
