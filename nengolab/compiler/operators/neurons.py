"""Neuron models: with a kernel, or a person's own, called back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from nengo.builder.neurons import SimNeurons
from nengo.ensemble import Ensemble

from nengolab.compiler.graph import Call, Op, Param
from nengolab.compiler.own_neurons import kernel_for, seeded_words, verdict
from nengolab.kernels import generator

if TYPE_CHECKING:
    from nengolab.compiler.translation import Translation


def _neurons(s: Translation, op: SimNeurons) -> None:
    kernel = kernel_for(op)
    if kernel is None:
        _called_back(s, op)
        return
    name, owner = s.built.name_of(op), s.built.owner(op)
    owner = owner.neurons if isinstance(owner, Ensemble) else owner
    state = {key: np.asarray(sig.initial_value) for key, sig in op.state.items()}
    params = {
        key: Param(s.unique(f"{name}.neurons.{key}"), np.asarray(float(value)), owner, key)
        for key, value in kernel.constants(op.neurons).items()
    }
    new = s.add_op(op, kernel.name, kernel.static(op.neurons), params=params, state=state)
    if kernel.random:
        new.state["spikes"] = np.zeros(op.output.shape)
        new.state["generator"] = np.zeros(generator.WORDS, np.uint32)
        (rng,) = op.state_extra
        new.drawn["generator"] = partial(generator.seeded, identity=_identity(op, rng))
    _wire(s, op, new)


def _called_back(s: Translation, op: SimNeurons) -> None:
    """An operation that calls ``step``, with all that ``step`` changes as its state."""
    state = {"output": np.zeros(op.output.shape)}
    state |= {key: np.asarray(sig.initial_value) for key, sig in op.state.items()}
    drawn = {key: partial(seeded_words, identity=_identity(op, key)) for key in op.state_extra}
    state |= {key: draw(0, 0) for key, draw in drawn.items()}
    call = Call(
        fn=None,
        process=None,
        takes_t=False,
        takes_x=True,
        size_in=op.J.size,
        size_out=op.output.size,
        verdict=verdict(op.neurons),
        name=s.unique(f"{s.built.name_of(op)}()"),
        owner=s.built.owner(op),
        op=op,
        stepped=True,
        neurons=op.neurons,
        state=tuple(state),
    )
    s.calls.append(call)
    new = s.add_op(op, "call", (call.name, False), state=state)
    new.drawn.update(drawn)
    new.call = call
    _wire(s, op, new)


def _wire(s: Translation, op: SimNeurons, new: Op) -> None:
    s.connect(new, op.J)
    s.emit(new, "out", op.output)
    for key, signal in op.state.items():
        s.emit(new, key, signal)


def _identity(op: SimNeurons, name: str) -> tuple[int, ...]:
    """What tells a generator's random numbers from others': its seed, and its part in it.

    Nengo seeds a generator for each population; a model that turns rates into spikes and the one
    that gives the rates have one each, with the same seed.
    """
    copy = np.random.RandomState(0)
    copy.set_state(op.state_extra[name].get_state())
    part = (int(op.output.name.endswith(".rate_out")), list(op.state_extra).index(name))
    return (*part, *(int(w) for w in copy.randint(2**32, size=4, dtype=np.uint64)))


TRANSLATORS = {SimNeurons: _neurons}
