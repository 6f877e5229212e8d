"""Levels: Python functions of a stepped region that are ready together, called back as one."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import tensorflow as tf

from nengolab.compiler.crossing import Crossing
from nengolab.compiler.program import LoweredGroup, Program, own_entries


class Level:
    """One callback for several Python functions, in Nengo's order.

    One array goes out and one comes back, beside the state of neuron types that are called back.

    Parameters
    ----------
    groups : list of LoweredGroup
    program : Program
    host : nengolab.runtime.calls.Host
    """

    def __init__(self, groups: list[LoweredGroup], program: Program, host: Any):
        self.groups, self.program, self._host = groups, program, host
        self._calls = [lowered.group.op.called for lowered in groups]
        self._ends = list(itertools.pairwise(np.cumsum([0, *(c.size_in for c in self._calls)])))
        self._keys = [g.state_key(name) for g in groups for name in g.group.op.called.state]

    def given(self, params: dict, env: dict) -> Any:
        """What the functions are given in one step, ``(batch, sizes)``."""
        batch, dtype, given = self.program.batch, self.program.dtype, []
        for lowered in self.groups:
            size = lowered.group.op.called.size_in
            x = tf.zeros((batch, size), dtype)
            if lowered.routes:
                constant = own_entries(params, lowered.index).get("in0")
                x = lowered.routes[0].build(env.__getitem__, constant, batch, dtype)
            given.append(tf.reshape(x, (batch, size)))
        return tf.concat(given, axis=1)

    def cut(self, y: Any) -> dict[str, Any]:
        """What the functions returned, as the arrays of their ports."""
        sizes = [call.size_out for call in self._calls]
        parts = zip(self.groups, tf.split(y, sizes, axis=1), strict=True)
        return {
            f"{g.index}:out{'+' * ('y' in g.group.op.state)}": part[:, None]
            for g, part in parts
            if g.group.op.ports or g.group.op.state
        }

    # -- the two ways of calling ---------------------------------------------------------------

    def from_inside(self, params: dict, state: dict, env: dict, step: Any, going: Any) -> tuple:
        """Call from a compiled loop: new state, arrays, and whether to go on."""
        x, held = self.given(params, env), [state[key] for key in self._keys]
        batch = self.program.batch
        kinds = [(tuple(a.shape), a.dtype.as_numpy_dtype) for a in (x, *held)]
        sizes = (batch, sum(call.size_out for call in self._calls))
        crossing = Crossing(
            lambda step, arrays: self._called(step, *arrays),
            self._host.failed,
            kinds,
            [(sizes, kinds[0][1]), *kinds[1:]],
        )
        # The compiled loop knows its number only: it lives as long as the program.
        self.program.crossings.append(crossing)
        going, (y, *kept) = crossing(step, going, [x, *held])
        return *self._shown(y, kept, self.cut(y)), going

    def from_outside(self, params: dict, state: dict, env: dict, step: Any, cut: Any) -> tuple:
        """Call from TensorFlow's own loop: new state and arrays.

        ``cut`` is `cut`, compiled; ``"given"`` of ``env`` is what `given` gives, where it is there.
        """
        held = [state[key] for key in self._keys]
        x = env.pop("given") if "given" in env else self.given(params, env)
        types = [self.program.dtype, *(array.dtype for array in held)]
        found = tf.numpy_function(
            lambda step, *arrays: self._called(int(step), *arrays), [step, x, *held], types
        )
        # A single array comes back without a list, where TensorFlow runs eagerly.
        y, *kept = tf.nest.flatten(found)
        y = tf.ensure_shape(y, (self.program.batch, sum(call.size_out for call in self._calls)))
        kept = [tf.ensure_shape(a, b.shape) for a, b in zip(kept, held, strict=True)]
        new, out = self._shown(y, kept, cut(y))
        return new, {"returned": y} | out

    def _called(self, step: int, x: np.ndarray, *held: np.ndarray) -> list[np.ndarray]:
        xs = [x[:, a:b] for a, b in self._ends]
        results = self._host.step(self._calls, step, [*xs, *held])
        n = len(self._calls)
        y = results[0] if n == 1 else np.concatenate(results[:n], axis=1)
        return [y, *results[n:]]

    def _shown(self, y: Any, kept: list, parts: dict) -> tuple[dict, dict]:
        """The new state, and the arrays of the ports."""
        delayed = [g for g in self.groups if "y" in g.group.op.state]
        new = {g.state_key("y"): parts[f"{g.index}:out+"] for g in delayed}
        new |= dict(zip(self._keys, kept, strict=True))
        for g in self.groups:
            for name in g.group.op.called.state:
                value = new[g.state_key(name)]
                parts |= shown(g, name, value, self.program.batch, self.program.dtype)
        return new, parts


def shown(lowered: LoweredGroup, name: str, value: Any, rows: int, dtype: str) -> dict:
    """State of a Python call as its port, where it has one."""
    port = lowered.group.op.ports.get(name)
    if port is None:
        return {}
    value = tf.cast(tf.reshape(value, (rows, 1, port.size)), dtype)
    return {f"{lowered.index}:{name}": value}


def reads(lowered: LoweredGroup, others: list[LoweredGroup]) -> bool:
    """Whether a group reads what others compute in the same step."""
    numbers = {other.index for other in others}
    keys = {k for r in lowered.routes for k in r.keys if ":" in k}
    return any(int(k.split(":")[0]) in numbers for k in keys)
