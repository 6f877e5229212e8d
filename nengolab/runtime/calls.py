"""The Python side of a network: Nodes' functions, processes, and connection functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from nengo.utils.numpy import maxint

from nengolab.compiler.graph import Call, Input
from nengolab.exceptions import SimulationError
from nengolab.kernels.traced import CLOCK_BASE


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
        self.any_tied = any(c.verdict.level == "tied" and c.trace is None for c in calls)
        self.overrides: dict[Any, np.ndarray] = {}
        self.error: SimulationError | None = None
        self._steps: dict[str, list] = {}

    def reset(self, seed: int) -> None:
        """Start every process anew, one generator for each batch item.

        The first item draws as Nengo does; item ``i`` from a generator seeded with ``seed + i``.
        """
        self._steps = {}
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

    def step(self, calls: list[Call], done: int, xs: tuple) -> list[np.ndarray]:
        """One step of several functions, in order. ``done`` steps came before this one."""
        return [self._call(call, done, x) for call, x in zip(calls, xs, strict=True)]

    def tile(self, call: Call, done: int, n_steps: int, x: np.ndarray) -> np.ndarray:
        """``n_steps`` steps of one function on ``x`` of shape ``(steps, batch, size)``."""
        out = np.zeros((*x.shape[:2], call.size_out), self.dtype)
        for i in range(n_steps):
            out[i] = self._call(call, done + i, x[i])
        return out

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
            elif source.owner == "clock":
                steps = np.arange(done + 1, done + n_steps + 1)[:, None]
                rows[..., 0], rows[..., 1] = np.divmod(steps, CLOCK_BASE)
            elif source.owner in self.overrides:
                rows[...] = self.overrides[source.owner]
            elif source.call is not None and source.call.trace is not None:
                self._evaluate(source.call, done, rows)
            elif source.call is not None and self._independent(source.call):
                for i in range(n_steps):
                    rows[i] = self._call(source.call, done + i, None)
            elif source.call is not None:
                tied.append((source.call, rows))
        for i in range(n_steps):
            for call, rows in tied:
                rows[i] = self._call(call, done + i, None)
        return out

    def _evaluate(self, call: Call, done: int, rows: np.ndarray) -> None:
        """A traced function of the time, for all steps at once, ``rows (steps, batch, size)``."""
        t = np.arange(done + 1, done + len(rows) + 1)[:, None] * self.dt
        values = np.broadcast_to(call.trace(None, t), (len(rows), call.size_out))
        rows[...] = values[:, None]
        # Where it raises an error, the function itself says which.
        for i in np.flatnonzero(~np.isfinite(values).all(axis=1)):
            rows[i] = self._call(call, done + int(i), None)

    def _independent(self, call: Call) -> bool:
        """Whether it does not matter when a function is called among the others."""
        level = call.verdict.level
        return level == "pure" or (level == "reads" and not self.any_tied)

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
            if value is None or not np.isfinite(array).all():
                self._fail(call, f"returned a non-finite value: {value!r}", t)
            if array.shape == (call.size_out,):  # broadcasting takes longer than all the rest
                return array
            return np.broadcast_to(array, (call.size_out,))
        except (TypeError, ValueError) as err:
            expected = f"expected {call.size_out} number{'s' * (call.size_out != 1)}"
            self._fail(call, f"returned {value!r} ({type(value).__name__}); {expected}", t, err)

    def _fail(self, call: Call, what: str, t: float, cause: Exception | None = None):
        name = call.name.removesuffix("()")
        self.error = SimulationError(
            f"{name}: its function {function_name(call)} {what} at t = {t:.6g} s"
        )
        self.error.__cause__ = cause
        raise CallFailed(str(self.error))


def function_name(call: Call) -> str:
    """What to call the function or process of a call."""
    fn = call.fn if call.fn is not None else type(call.process)
    return getattr(fn, "__name__", type(fn).__name__)
