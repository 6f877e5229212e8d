"""A process that runs: its step function, its random generator, and the state that can be put back.

What a step function changes is its generator and arrays: those that ``make_state`` gave and those
that it captured. Both can be copied and put back. A function that could hold anything else (a
captured variable bound anew, an object, a global) is said to be out of reach, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np

from nengolab.compiler.graph import Call
from nengolab.runtime import closures


@dataclass(frozen=True, eq=False)
class ProcessState:
    """What one batch item's copy of a process is at a moment.

    Attributes
    ----------
    origin : tuple
        State of its generator before the process drew anything (``RandomState.get_state``).
    rng : tuple
        State of its generator now.
    arrays : Mapping of str to ndarray
    """

    origin: tuple
    rng: tuple
    arrays: Mapping[str, np.ndarray]


@dataclass(eq=False)
class RunningProcess:
    """One batch item's copy of a process.

    Attributes
    ----------
    step : callable
        What ``make_step`` gave.
    rng : RandomState
    origin : tuple
        State of the generator before the process drew anything.
    state : dict of str to ndarray
        What ``make_state`` gave.
    captured : dict of str to ndarray
        Other arrays that the step function holds on to.
    out_of_reach : str
        Why its state cannot be captured; empty where it can.
    """

    step: Callable
    rng: np.random.RandomState
    origin: tuple
    state: dict[str, Any]
    captured: dict[str, np.ndarray] = field(default_factory=dict)
    out_of_reach: str = ""

    @classmethod
    def of(cls, call: Call, dt: float, rng: np.random.RandomState) -> RunningProcess:
        """The process at time 0 with this generator."""
        origin = _state_of(rng)
        op = call.op
        shape_in = op.input.shape if op.input is not None else (0,)
        shape_out = op.output.shape
        state = call.process.make_state(shape_in, shape_out, dt, dtype=np.float64)
        step = call.process.make_step(shape_in, shape_out, dt, rng, state)
        running = cls(step, rng, origin, state)
        if call.verdict.level == "tied":
            running._look_into(call.process)
        else:
            running.out_of_reach = _foreign_part(call.process)
        return running

    def _look_into(self, process: Any) -> None:
        """Find the arrays that somebody else's step function captured, or why that is not all."""
        cells = closures.captured(self.step)
        self.captured = {
            name: value
            for name, value in cells.items()
            if isinstance(value, np.ndarray) and not any(value is v for v in self.state.values())
        }
        known = (self.rng, self.state, process, *self.state.values(), *self.captured.values())
        self.out_of_reach = closures.hidden_state(self.step, known)

    # -- capturing and putting back ------------------------------------------------------------

    def capture(self) -> ProcessState:
        """What it is now."""
        arrays = {f"state {k}": np.array(v) for k, v in self.state.items()}
        arrays |= {f"captured {k}": np.array(v) for k, v in self.captured.items()}
        return ProcessState(self.origin, _state_of(self.rng), arrays)

    def misfit(self, state: ProcessState) -> str:
        """How ``state`` does not fit; empty where it does."""
        own = {k: v.shape for k, v in self.capture().arrays.items()}
        given = {k: np.shape(v) for k, v in state.arrays.items()}
        return "" if own == given else f"has arrays {given}, expected {own}"

    def put(self, state: ProcessState) -> None:
        """Become what ``state`` holds; a process of another origin must be made anew before."""
        self.rng.set_state(state.rng)
        for key, value in state.arrays.items():
            kind, name = key.split(" ", 1)
            holder = self.state if kind == "state" else self.captured
            if isinstance(holder[name], np.ndarray):
                holder[name][...] = value  # in place: the step function holds on to it
            else:
                holder[name] = value.item()

    def started_like(self, state: ProcessState) -> bool:
        """Whether its constants (a WhiteSignal's whole signal) came from the same generator."""
        return all(np.array_equal(a, b) for a, b in zip(self.origin, state.origin, strict=True))


def _foreign_part(process: Any) -> str:
    """Why one of Nengo's own processes may hold more than its state: a part made elsewhere."""
    for part in (getattr(process, "dist", None), getattr(process, "synapse", None)):
        if part is not None and type(part).__module__.split(".")[0] != nengo.__name__:
            return f"its {type(part).__name__} is not nengo's"
    return ""


def _state_of(rng: np.random.RandomState) -> tuple:
    state = rng.get_state()
    assert isinstance(state, tuple)  # a dict for other generators than Nengo's, which are not made
    return state
