"""The Python side of a network: Nodes' functions, processes, and connection functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from nengo.builder import Model
from nengo.builder.processes import SimProcess
from nengo.utils.graphs import toposort
from nengo.utils.numpy import maxint
from nengo.utils.simulator import operator_dependency_graph

from nengolab.compiler.graph import Call, Input
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
    model : nengo.builder.Model
    """

    def __init__(self, calls: list[Call], batch: int, dt: float, dtype: str, model: Model):
        self.calls, self.batch, self.dt, self.dtype = calls, batch, dt, dtype
        self.model = model
        self._draw_order: list[Call | None] | None = None
        self.overrides: dict[Any, np.ndarray] = {}
        self.error: SimulationError | None = None
        self._steps: dict[str, list] = {}

    def reset(self, seed: int) -> None:
        """Start every process anew, one generator for each batch item.

        The first item draws as Nengo does; item ``i`` from a generator seeded with ``seed + i``.
        """
        processes = [call for call in self.calls if call.process is not None]
        self._steps = {call.name: [] for call in processes}
        if self._draw_order is None:
            self._draw_order = _draw_order(self.model, processes)
        for item in range(self.batch):
            rng = np.random.RandomState((seed + item) % maxint)
            seeds = {c: int(c.process.seed) + item for c in processes if c.process.seed is not None}
            for call in self._draw_order:
                if call is not None or item == 0:
                    seeds[call] = rng.randint(maxint)
            for call in processes:
                self._steps[call.name].append(self._process_step(call, seeds[call]))

    def _process_step(self, call: Call, seed: int):
        process, op = call.process, call.op
        shape_in = op.input.shape if op.input is not None else (0,)
        rng = np.random.RandomState(seed % maxint)
        state = process.make_state(shape_in, op.output.shape, self.dt, dtype=np.float64)
        return process.make_step(shape_in, op.output.shape, self.dt, rng, state)

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
                shape = call.op.input.shape if call.process is not None else (call.size_in,)
                args += (np.array(np.reshape(x[item], shape), dtype=np.float64),)
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
            shape = call.op.output.shape if call.process is not None else (call.size_out,)
            return np.broadcast_to(array, shape).ravel()
        except (TypeError, ValueError) as err:
            expected = f"expected {call.size_out} number{'s' * (call.size_out != 1)}"
            self._fail(call, f"returned {value!r} ({type(value).__name__}); {expected}", t, err)

    def _fail(self, call: Call, what: str, t: float, cause: Exception | None = None):
        self.error = SimulationError(
            f"{call.name.removesuffix('()')}: its function {_name(call)} {what} at t = {t:.6g} s"
        )
        self.error.__cause__ = cause
        raise CallFailed(str(self.error))


def _draw_order(model: Model, processes: list[Call]) -> list[Call | None]:
    """Who takes a number from Nengo's generator, in Nengo's order; None for what runs natively.

    Every process without a seed of its own takes one when its step is made, synapses too. The
    order is that of ``nengo.Simulator(optimize=False)``; with its optimiser, the order of what is
    added to the input of ensembles varies from run to run. That of Nodes is the same in both.
    """
    call_of = {call.op: call for call in processes if call.process.seed is None}
    if not call_of:
        return []
    order = toposort(operator_dependency_graph(model.operators))
    drawing = [op for op in order if isinstance(op, SimProcess) and op.process.seed is None]
    return [call_of.get(op) for op in drawing]


def _name(call: Call) -> str:
    fn = call.fn if call.fn is not None else type(call.process)
    return getattr(fn, "__name__", type(fn).__name__)
