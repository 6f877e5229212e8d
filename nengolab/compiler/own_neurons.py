"""Neuron types that nengolab has no kernel for: a person's own NumPy ``step``, called back.

Its state is the program's state, passed in and out of the callback, so it is branched, restored
and reset with the rest, one copy for each batch item. To it belong the arrays that Nengo built,
the output (a ``step`` may leave some of it as it was) and, where the type draws random numbers,
the whole state of its generator.
"""

from __future__ import annotations

import dis
import types
from typing import Any

import nengo
import numpy as np
from nengo.builder.neurons import SimNeurons

from nengolab.compiler import independence
from nengolab.compiler.independence import Verdict
from nengolab.kernels.neurons import neuron_kernel

# A Mersenne twister's state as words: the key, the position, and a normal number kept for later.
_KEY_WORDS = 624
_KEEPS = {"STORE_ATTR", "DELETE_ATTR", "STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF"}
_LIBRARIES = ("nengo", "nengolab", "numpy")


def kernel_for(op: SimNeurons) -> Any:
    """The kernel that runs an operator of neurons, or None where its ``step`` is called back."""
    return neuron_kernel(op.neurons, op.state, bool(op.state_extra))


def is_tied(op: SimNeurons) -> bool:
    """Whether an operator of neurons runs Python that may be tied to other Python."""
    return kernel_for(op) is None and verdict(op.neurons).level == "tied"


def verdict(neurons: nengo.neurons.NeuronType) -> Verdict:
    """Whether a ``step`` touches something beside its arguments and the type's constants.

    By Nengo's contract it does not: a neuron type is frozen and its state is in its arrays. Byte
    code that plainly does something else ties it to the other Python code of the network.
    """
    name = type(neurons).__name__
    for cls in type(neurons).__mro__:
        if _is_library(cls.__module__):
            continue
        for fn in vars(cls).values():
            why = _beside_arguments(fn) if isinstance(fn, types.FunctionType) else None
            if why and fn.__name__ not in _NOT_IN_A_STEP:
                return Verdict("tied", f"nengolab has no kernel for {name}, and it {why}")
    return Verdict("pure", f"nengolab has no kernel for {name}; its step runs on its own state")


_NOT_IN_A_STEP = {
    "__init__",
    "gain_bias",
    "max_rates_intercepts",
    "rates",
    "current",
    "make_state",
    "__getstate__",
    "__setstate__",
}


def _beside_arguments(fn: types.FunctionType) -> str | None:
    """What a method uses beside its arguments and constants, or None."""
    captured = dict(
        zip(fn.__code__.co_freevars, (_content(c) for c in fn.__closure__ or ()), strict=True)
    )
    module = None
    for ins in dis.get_instructions(fn):
        # A method's own variables, seen by functions inside it, are cells as well.
        own_cell = ins.argval in fn.__code__.co_cellvars
        if ins.opname in _KEEPS and not own_cell:
            return f"stores {ins.argval!r} outside its state"
        if ins.opname.startswith("LOAD_GLOBAL"):
            module = fn.__globals__.get(ins.argval)
            if not _is_constant(module):
                return f"uses the variable {ins.argval!r}"
        elif ins.opname == "LOAD_DEREF" and not _is_constant(captured.get(ins.argval)):
            return f"uses the variable {ins.argval!r}"
        elif module is np and ins.opname in ("LOAD_ATTR", "LOAD_METHOD") and ins.argval == "random":
            return "draws from NumPy's global generator"
        elif ins.opname not in ("CACHE", "PUSH_NULL", "PRECALL"):
            module = None
    return None


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _is_constant(value: Any) -> bool:
    """Whether what a name stands for stays as it is, as far as one can see."""
    if value is None or isinstance(
        value, (type, int, float, complex, str, bytes, tuple, np.generic)
    ):
        return True
    if isinstance(value, types.ModuleType):
        return value.__name__.split(".")[0] in (*_LIBRARIES, "math", "scipy")
    library = isinstance(value, types.FunctionType) and _is_library(value.__module__)
    return library or independence.of(value).level != "tied"


def _is_library(module: str | None) -> bool:
    return (module or "").split(".")[0] in _LIBRARIES


def step_neurons(
    op: SimNeurons, dt: float, current: np.ndarray, state: dict[str, np.ndarray]
) -> None:
    """One ``step`` of one batch item; ``state`` (with output and generators) changes in place."""
    rngs = {name: generator_of(state[name]) for name in op.state_extra}
    op.neurons.step(dt, current, **(state | rngs))
    for name, rng in rngs.items():
        state[name][...] = words_of(rng)


def seeded_words(seed: int, item: int, identity: tuple[int, ...]) -> np.ndarray:
    """The words of a generator for a simulator's seed and a place in the batch."""
    words = np.random.SeedSequence([seed, item, *identity]).generate_state(4, np.uint32)
    return words_of(np.random.RandomState(words))


def words_of(rng: np.random.RandomState) -> np.ndarray:
    """A generator's whole state, as 32-bit words."""
    _, key, position, has_normal, normal = rng.get_state()
    kept = np.array([normal], np.float64).view(np.uint32)
    return np.concatenate([key, np.array([position, has_normal], np.uint32), kept]).astype(
        np.uint32
    )


def generator_of(words: np.ndarray) -> np.random.RandomState:
    """The inverse of ``words_of``."""
    rng = np.random.RandomState(0)
    key, (position, has_normal) = words[:_KEY_WORDS], words[_KEY_WORDS : _KEY_WORDS + 2]
    normal = np.ascontiguousarray(words[_KEY_WORDS + 2 :]).view(np.float64)[0]
    rng.set_state(("MT19937", key, int(position), int(has_normal), float(normal)))
    return rng
