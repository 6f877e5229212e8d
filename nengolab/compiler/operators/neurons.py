"""Neuron models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from nengo.builder.neurons import SimNeurons

from nengolab.compiler.graph import Param
from nengolab.kernels.neurons import neuron_kernel

if TYPE_CHECKING:
    from nengolab.compiler.simplify import Simplifier


def _neurons(s: Simplifier, op: SimNeurons) -> None:
    kernel = neuron_kernel(op.neurons)
    if kernel is None:
        raise s.no_kernel(op, f"neuron type {type(op.neurons).__name__}")
    name = s.built.name_of(op)
    state = {key: np.asarray(sig.initial_value) for key, sig in op.state.items()}
    params = {
        key: Param(s.unique(f"{name}.neurons.{key}"), np.asarray(float(value)), op.neurons, key)
        for key, value in kernel.constants(op.neurons).items()
    }
    new = s.add_op(op, kernel.name, (), params=params, state=state)
    s.connect(new, op.J)
    s.emit(new, "out", op.output)
    for key, signal in op.state.items():
        s.emit(new, key, signal)


TRANSLATORS = {SimNeurons: _neurons}
