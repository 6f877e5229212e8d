"""The Python side of a network: Nodes' functions, processes, and connection functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from nengo.utils.numpy import maxint

from nengolab.compiler.graph import Call, Input
from nengolab.compiler.own_neurons import step_neurons
from nengolab.exceptions import SimulationError


class CallFailed(Exception):
    """Raised inside a callback; the error a person gets is kept by the Host."""


class Host:
    """Runs the Python functions of one simulator.

    Parameters
    ----------
    calls : list of Call
    batch : int
        Items in a batch; functions are called once for each.
    dt : float
        Length of a step (s).
    dtype : str
        What results are cast to; functions see double precision, as in Nengo.
    """

    def __init__(self, calls: list[Call], batch: int, dt: float, dtype: str):
        self.calls, self.batch, self.dt, self.dtype = calls, batch, dt, dtype
        self.overrides: dict[Any, np.ndarray] = {}
        self.error: SimulationError | None = None
        self.seed = 0
        self._steps: dict[str, list] = {}

    def reset(self, seed: int) -> None:
        """Start every process anew, one generator for each batch item.

        The first item draws as Nengo does; item ``i`` from a generator seeded with ``seed + i``.
        """
        self.seed, self._steps = seed, {}
        rngs = [np.random.RandomState((seed + i) % maxint) for i in range(self.batch)]
        for call in self.calls:
            if call.process is not None:
                self._steps[call.name] = [
                    self._process_step(call, rng, item) for item, rng in enumerate(rngs)
                ]

    def _process_step(self, call: Call, rng: np.random.RandomState, item: int):
        process = call.process
        shape_in, shape_out = (call.size_in,), (call.size_out,)
        own_rng = process.get_rng(rng)
        if item and process.seed is not None:
            own_rng = np.random.RandomState((process.seed + item) % maxint)
        state = process.make_state(shape_in, shape_out, self.dt, dtype=np.float64)
        return process.make_step(shape_in, shape_out, self.dt, own_rng, state)

    # -- called by the program -----------------------------------------------------------------

    def step(self, calls: list[Call], done: int, arrays: tuple) -> list[np.ndarray]:
        """One step of several functions, in order. ``done`` steps came before this one.

        ``arrays`` are the inputs of all, then the state of all; outputs and new state come back.
        """
        ys, kept = [], [np.array(a) for a in arrays[len(calls) :]]
        rest = iter(kept)
        for call, x in zip(calls, arrays, strict=False):
            state = {name: next(rest) for name in call.state}
            ys.append(self._advance(call, done, x, state))
        return [*ys, *kept]

    def tile(
        self, call: Call, done: int, n_steps: int, x: np.ndarray, held: tuple
    ) -> list[np.ndarray]:
        """``n_steps`` steps of one function on ``x`` of shape ``(steps, batch, size)``.

        Gives its outputs, the state after the last step, and the state after each step.
        """
        out = np.zeros((*x.shape[:2], call.size_out), self.dtype)
        state = {name: np.array(a) for name, a in zip(call.state, held, strict=True)}
        seen = {name: np.zeros((len(x), *a.shape), a.dtype) for name, a in state.items()}
        for i in range(n_steps):
            out[i] = self._advance(call, done + i, x[i], state)
            for name, a in state.items():
                seen[name][i] = a
        return [out, *state.values(), *seen.values()]

    def _advance(self, call: Call, done: int, x: np.ndarray, state: dict) -> np.ndarray:
        """One step of a function; ``state`` ``(batch, 1, ...)`` is changed in place."""
        if call.neurons is None:
            return self._call(call, done, x)
        t = (done + 1) * self.dt
        for item in range(self.batch):
            current = np.array(x[item], dtype=np.float64)
            try:
                step_neurons(call.op, self.dt, current, {k: a[item, 0] for k, a in state.items()})
            except Exception as err:
                self._fail(call, f"raised {type(err).__name__}: {err}", t, err)
        output = state["output"][:, 0]
        if not np.all(np.isfinite(output)):
            self._fail(call, "put out a value that is not finite", t)
        return output.astype(self.dtype)

    def ahead(self, inputs: list[Input], done: int, n_steps: int, capacity: int) -> np.ndarray:
        """Values of all inputs evaluated ahead of a tile, ``(capacity, batch, sizes)``.

        Functions that may be tied to each other are called step by step, in order.
        """
        out = np.zeros((capacity, self.batch, sum(i.size for i in inputs)), self.dtype)
        tied, offset = [], 0
        for source in inputs:
            rows = out[:n_steps, :, offset : offset + source.size]
            offset += source.size
            if source.owner in ("time", "step"):
                steps = np.arange(done + 1, done + n_steps + 1)[:, None, None]
                rows[...] = steps * self.dt if source.owner == "time" else steps
            elif source.owner in self.overrides:
                rows[...] = self.overrides[source.owner]
            elif source.call is not None and source.call.verdict.level != "tied":
                for i in range(n_steps):
                    rows[i] = self._call(source.call, done + i, None)
            elif source.call is not None:
                tied.append((source.call, rows))
        for i in range(n_steps):
            for call, rows in tied:
                rows[i] = self._call(call, done + i, None)
        return out

    def held(self, inputs: list[Input]) -> np.ndarray:
        """Values of the constant inputs, ``(batch, sizes)``."""
        values = [self.overrides.get(i.owner, i.value) for i in inputs]
        flat = np.concatenate([np.ravel(v) for v in values]) if values else np.zeros(0)
        return np.tile(flat.astype(self.dtype), (self.batch, 1))

    def _call(self, call: Call, done: int, x: np.ndarray | None) -> np.ndarray:
        """One call of one function for every batch item, ``(batch, size_out)``."""
        if call.owner in self.overrides and call.size_out:
            value = np.broadcast_to(self.overrides[call.owner], (self.batch, call.size_out))
            return value.astype(self.dtype)
        out = np.zeros((self.batch, call.size_out), self.dtype)
        t = (done + 1) * self.dt
        # One item's result stands for all where nothing differs between items.
        same = call.process is None and not call.takes_x and call.verdict.level != "tied"
        for item in range(1 if same else self.batch):
            args = (t,) if call.takes_t else ()
            if call.takes_x:
                args += (np.array(x[item], dtype=np.float64),)
            fn = self._steps[call.name][item] if call.process is not None else call.fn
            try:
                value = fn(*args)
            except Exception as err:
                self._fail(call, f"raised {type(err).__name__}: {err}", t, err)
            if call.size_out:
                out[slice(None) if same else item] = self._checked(call, value, t)
        return out

    def _checked(self, call: Call, value: Any, t: float) -> np.ndarray:
        try:
            array = np.asarray(value, dtype=np.float64)
            if value is None or not np.all(np.isfinite(array)):
                self._fail(call, f"returned a non-finite value: {value!r}", t)
            return np.broadcast_to(array, (call.size_out,))
        except (TypeError, ValueError) as err:
            expected = f"expected {call.size_out} number{'s' * (call.size_out != 1)}"
            self._fail(call, f"returned {value!r} ({type(value).__name__}); {expected}", t, err)

    def _fail(self, call: Call, what: str, t: float, cause: Exception | None = None):
        kind = "function" if call.neurons is None else "neuron type"
        self.error = SimulationError(
            f"{call.name.removesuffix('()')}: its {kind} {_name(call)} {what} at t = {t:.6g} s"
        )
        self.error.__cause__ = cause
        raise CallFailed(str(self.error))


def _name(call: Call) -> str:
    if call.neurons is not None:
        return type(call.neurons).__name__
    fn = call.fn if call.fn is not None else type(call.process)
    return getattr(fn, "__name__", type(fn).__name__)
