"""Filters: Nengo's synapses, discretised as Nengo does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf
from nengo.synapses import LinearFilter, Triangle

from nengolab.kernels.base import Kernel


@dataclass(frozen=True)
class DiscreteFilter:
    """A synapse as the kernels run it.

    Attributes
    ----------
    kernel : str
    order : int
        Number of state variables an element has, beside its output.
    advanced : bool
        Whether the output is ``C x`` of the new state (no direct term), as Nengo does to save a
        step of delay; otherwise ``C x + D u`` of the old state.
    constants : dict of str to ndarray
    state : dict of str to ndarray
        Initial state.
    """

    kernel: str
    order: int
    advanced: bool
    constants: dict[str, np.ndarray]
    state: dict[str, np.ndarray]


@lru_cache(maxsize=1024)
def state_space(synapse: LinearFilter, dt: float) -> tuple[np.ndarray, ...]:
    """Matrices ``A, B, C, D`` of a synapse discretised by Nengo, read-only.

    Connections mostly share one synapse, and discretising it takes longer than anything else that
    is done for a small connection.
    """
    a, b, c, d = synapse._get_ss(dt)
    order = len(a)  # 0 for a filter that has no state, of which Nengo's matrices have one axis
    shapes = ((order, order), (order, 1), (1, order), (1, 1))
    matrices = tuple(np.reshape(m, s) for m, s in zip((a, b, c, d), shapes, strict=True))
    for m in matrices:
        m.setflags(write=False)
    return matrices


def linear_filter(synapse: Any, dt: float, size: int) -> DiscreteFilter | None:
    """Discretise ``synapse`` for vectors of ``size``, or None where no kernel here computes it.

    The state-space matrices come from Nengo (zero-order hold unless the synapse says otherwise).
    A subclass with a step of its own is not one of them.
    """
    step = getattr(type(synapse), "make_step", None)
    if isinstance(synapse, Triangle) and step is Triangle.make_step:
        return _triangle(synapse, dt, size)
    if not isinstance(synapse, LinearFilter) or step is not LinearFilter.make_step:
        return None
    a, b, c, d = state_space(synapse, dt)
    zeros = np.zeros(size)
    order = len(a)
    no_direct = bool(np.all(d == 0))
    if order == 0:
        constants = {"a": np.asarray(0.0), "b": np.asarray(d.item())}
        return DiscreteFilter("first_order", 0, True, constants, {"y": zeros})
    if order == 1 and no_direct:
        constants = {"a": np.asarray(a.item()), "b": np.asarray(b.item() * c.item())}
        return DiscreteFilter("first_order", 1, True, constants, {"y": zeros})
    constants = {f"a{i}_{j}": np.asarray(a[i, j]) for i in range(order) for j in range(order)}
    constants |= {f"b{i}": np.asarray(b[i, 0]) for i in range(order)}
    constants |= {f"c{i}": np.asarray(c[0, i]) for i in range(order)} | {"d": np.asarray(d.item())}
    state = {f"x{i}": zeros for i in range(order)} | {"y": zeros}
    return DiscreteFilter("linear_filter", order, no_direct, constants, state)


def _triangle(synapse: Triangle, dt: float, size: int) -> DiscreteFilter:
    """``h[k] = 2 (n - k) / (n (n + 1))`` for ``k = 0 .. n - 1``, with ``n = round(t / dt) + 1``."""
    n = int(np.round(synapse.t / dt)) + 1
    taps = np.arange(n, 0, -1) / (n * (n + 1) / 2)
    if n == 1:
        constants = {"a": np.asarray(0.0), "b": np.asarray(1.0)}
        return DiscreteFilter("first_order", 0, True, constants, {"y": np.zeros(size)})
    state = {"z": np.zeros((n - 1, size)), "y": np.zeros(size)}
    return DiscreteFilter("finite_response", n - 1, True, {"taps": taps}, state)


class FirstOrderFilter(Kernel):
    """``y[t] = a y[t-1] + b u[t]``; static is ``(order, advanced, delayed)``."""

    name = "first_order"
    stateful = True

    def step(self, params, state, inputs, spec):
        y = tf.expand_dims(params["a"], 0) * state["y"] + tf.expand_dims(params["b"], 0) * inputs[0]
        return {"y": y}, {"out": y}

    def delayed(self, state, spec):
        return {"out": state["y"]}


class LinearFilterKernel(Kernel):
    """A single-input single-output linear system for every element.

    Without a direct term: ``x[t] = A x[t-1] + B u[t]``, ``y[t] = C x[t]``.
    With one: ``y[t] = C x[t] + D u[t]``, ``x[t+1] = A x[t] + B u[t]``.
    """

    name = "linear_filter"
    stateful = True

    def step(self, params, state, inputs, spec):
        order, advanced, _ = spec.static
        u = inputs[0]
        old = [state[f"x{i}"] for i in range(order)]
        new = []
        for i in range(order):
            terms = [tf.expand_dims(params[f"a{i}_{j}"], 0) * old[j] for j in range(order)]
            new.append(sum(terms[1:], terms[0]) + tf.expand_dims(params[f"b{i}"], 0) * u)
        seen = new if advanced else old
        terms = [tf.expand_dims(params[f"c{i}"], 0) * seen[i] for i in range(order)]
        y = sum(terms[1:], terms[0])
        if not advanced:
            y = y + tf.expand_dims(params["d"], 0) * u
        return {f"x{i}": x for i, x in enumerate(new)} | {"y": y}, {"out": y}

    def adapt(self, state, old, new):
        """Let the output of an alpha-like filter go on from where it is.

        Nengo's state of ``1 / (tau^2 s^2 + k tau s + 1)`` is ``tau^2`` times the output, and its
        slope: with another ``tau`` the same state would be another output at once.
        """
        alike = set(old) == {"a0_0", "a0_1", "a1_0", "a1_1", "b0", "b1", "c0", "c1", "d"}
        if not alike or any(p["c0"] != 0 or p["c1"] <= 0 or p["d"] != 0 for p in (old, new)):
            return {}
        ratio = np.sqrt(old["c1"] / new["c1"])
        return {"x0": state["x0"] * ratio, "x1": state["x1"] * ratio**2}

    def delayed(self, state, spec):
        return {"out": state["y"]}


class FiniteResponse(Kernel):
    """``y[t] = sum_k h[k] u[t-k]``, ``k = 0 .. n - 1``, in the transposed direct form.

    ``z_i`` is what the inputs up to now add to the output ``i`` steps ahead::

        y[t] = h_0 u[t] + z_1[t-1];   z_i[t] = h_i u[t] + z_(i+1)[t-1];   z_n = 0

    One elementwise pass over the state and no sum over it. Nengo takes differences of the output
    instead, which is the same but for rounding that it accumulates.
    """

    name = "finite_response"
    stateful = True

    def step(self, params, state, inputs, spec):
        u, z, taps = inputs[0], state["z"], tf.expand_dims(params["taps"], 0)
        # z: (batch, n - 1, size, members) or (batch, members, n - 1, size)
        axis = 1 if spec.layout.last else 2
        ahead = tf.expand_dims(u, axis)
        if spec.layout.last:
            first, later, soon = taps[:, :1], taps[:, 1:, None], z[:, 0]
            rest = z[:, 1:]
        else:
            first, later, soon = taps[:, :, :1], taps[:, :, 1:, None], z[:, :, 0]
            rest = z[:, :, 1:]
        y = first * u + soon
        z = tf.concat([rest, tf.zeros_like(ahead)], axis) + later * ahead
        return {"z": z, "y": y}, {"out": y}

    def delayed(self, state, spec):
        return {"out": state["y"]}
