"""The Python side of a network: Nodes' functions, processes, and connection functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from nengo.builder import Model
from nengo.builder.processes import SimProcess
from nengo.utils.graphs import toposort
from nengo.utils.numpy import maxint
from nengo.utils.simulator import operator_dependency_graph

from nengolab.checks import assigned
from nengolab.clock import CLOCK_BASE
from nengolab.compiler.graph import Call, Input
from nengolab.compiler.own_neurons import step_neurons
from nengolab.exceptions import SimulationError
from nengolab.layers.drawing import words
from nengolab.runtime import printed
from nengolab.runtime.processes import ProcessState, RunningProcess
from nengolab.runtime.recording import Recording
from nengolab.startup.worker import uninterrupted


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
        self.any_tied = any(c.verdict.level == "tied" and c.trace is None for c in calls)
        self.model = model
        self._draw_order: list[Call | None] | None = None
        # What Nodes put out instead of their own output.
        self.overrides: dict[Any, np.ndarray | Recording] = {}
        # What Nodes are fed, (steps, batch, size), and how many steps came before the first.
        self.given: dict[Any, tuple[int, np.ndarray]] = {}
        self.error: BaseException | None = None
        # Takes the name of an object and what its function prints; see `printed`.
        self.heard: Callable[[str, str], bool] | None = None
        self.stopped = False  # nobody waits for the tile any more: call nothing
        self.seed = 0
        self._processes: dict[str, list[RunningProcess]] = {}
        self._drawn: dict[str, tuple[int, list[np.ndarray]]] = {}
        self._returned: dict[tuple, Any] = {}
        self._playing_back = False

    def reset(self, seed: int) -> None:
        """Start every process anew, one generator for each batch item.

        The first item draws as Nengo does; item ``i`` from a generator seeded with ``seed + i``.
        """
        processes = self._process_calls()
        self.seed, self._drawn = seed, {}
        self._processes = {call.name: [] for call in processes}
        if self._draw_order is None:
            self._draw_order = _draw_order(self.model, processes)
        for item in range(self.batch):
            rng = np.random.RandomState((seed + item) % maxint)
            seeds: dict[Call | None, int] = {
                c: int(c.process.seed) + item for c in processes if c.process.seed is not None
            }
            for call in self._draw_order:
                if call is not None or item == 0:
                    seeds[call] = rng.randint(maxint)
            for call in processes:
                rng_of_call = np.random.RandomState(seeds[call] % maxint)
                self._processes[call.name].append(RunningProcess.of(call, self.dt, rng_of_call))

    def time_restarted(self) -> None:
        """Time is 0 again and the processes go on: so does what they have drawn ahead."""
        self._drawn = {name: (0, rows) for name, (_, rows) in self._drawn.items()}

    def _process_calls(self) -> list[Call]:
        return [call for call in self.calls if call.process is not None]

    # -- state ---------------------------------------------------------------------------------

    def out_of_reach(self) -> dict[str, str]:
        """What may hold state that nobody can copy, and why: by name, without the brackets."""
        found = {c.name: c.verdict.why for c in self.calls if c.verdict.level == "tied"}
        for call in self._process_calls():
            found[call.name] = self._processes[call.name][0].out_of_reach
        return {name.removesuffix("()"): why for name, why in found.items() if why}

    def process_states(self) -> dict[str, tuple[ProcessState, ...]]:
        """State of every process within reach, one for each batch item."""
        return {
            name: tuple(item.capture() for item in items)
            for name, items in self._processes.items()
            if not items[0].out_of_reach
        }

    def misfits(self, states: Mapping[str, tuple[ProcessState, ...]]) -> list[str]:
        """How states of processes do not fit this network."""
        own = {n: items[0] for n, items in self._processes.items() if not items[0].out_of_reach}
        missing = [f"the process {n!r} is missing" for n in own if n not in states]
        unknown = [f"the process {n!r} is unknown" for n in states if n not in own]
        both = [(n, own[n].misfit(states[n][0])) for n in own if n in states]
        return missing + unknown + [f"the process {n!r} {why}" for n, why in both if why]

    def drawn(self) -> dict[str, tuple[int, np.ndarray]]:
        """What processes drew for steps that did not come to count: from which on, and values."""
        return {n: (first, np.array(rows)) for n, (first, rows) in self._drawn.items() if rows}

    def put_processes(
        self,
        seed: int,
        states: Mapping[str, tuple[ProcessState, ...]],
        drawn: Mapping[str, tuple[int, np.ndarray]],
    ) -> None:
        """Put the processes within reach back to ``states``; the others go on as they are."""
        self.seed = seed
        self._drawn = {n: (first, list(rows)) for n, (first, rows) in drawn.items()}
        for call in self._process_calls():
            for item, state in enumerate(states.get(call.name, ())):
                running = self._processes[call.name][item]
                if not running.started_like(state):
                    rng = np.random.RandomState()
                    rng.set_state(state.origin)
                    running = RunningProcess.of(call, self.dt, rng)
                    self._processes[call.name][item] = running
                running.put(state)

    # -- called by the program -----------------------------------------------------------------

    def begin(self) -> None:
        """A new tile: forget what the functions returned in the last one."""
        self.error, self._returned = None, {}

    @contextmanager
    def playing_back(self) -> Iterator[None]:
        """Answer for the functions with what they returned in the tile, without calling them."""
        self._playing_back = True
        try:
            yield
        finally:
            self._playing_back = False

    def step(self, calls: list[Call], done: int, arrays: tuple) -> list[np.ndarray]:
        """One step of several functions, in order. ``done`` steps came before this one.

        ``arrays`` are the inputs of all, then the state of all; outputs and new state come back.
        """
        key = (calls[0].name, done)
        if self._playing_back:
            return self._returned[key]
        ys, kept = [], [np.array(a) for a in arrays[len(calls) :]]
        rest = iter(kept)
        for call, x in zip(calls, arrays, strict=False):
            state = {name: next(rest) for name in call.state}
            ys.append(self._advance(call, done, x, state))
        self._returned[key] = [*ys, *kept]
        return self._returned[key]

    def tile(
        self, call: Call, done: int, n_steps: int, x: np.ndarray, held: tuple
    ) -> list[np.ndarray]:
        """``n_steps`` steps of one function on ``x`` of shape ``(steps, batch, size)``.

        Gives its outputs, the state after the last step, and the state after each step.
        """
        if self._playing_back:
            out, seen = self._returned[call.name, done]
            last = [a[n_steps - 1] if n_steps else h for a, h in zip(seen, held, strict=True)]
            return [out, *last, *seen]
        out = np.zeros((*x.shape[:2], call.size_out), self.dtype)
        state = {name: np.array(a) for name, a in zip(call.state, held, strict=True)}
        seen = {name: np.zeros((len(x), *a.shape), a.dtype) for name, a in state.items()}
        for i in range(n_steps):
            out[i] = self._advance(call, done + i, x[i], state)
            for name, a in state.items():
                seen[name][i] = a
        self._returned[call.name, done] = out, list(seen.values())
        return [out, *state.values(), *seen.values()]

    def _advance(self, call: Call, done: int, x: np.ndarray, state: dict) -> np.ndarray:
        """One step of a function; ``state`` ``(batch, 1, ...)`` is changed in place."""
        if call.neurons is None:
            return self._call(call, done, x)
        if self.stopped:
            raise CallFailed("the tile was given up")
        t = self._time(done)
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
            counted = _COUNTED.get(source.owner) if isinstance(source.owner, str) else None
            if counted is not None:
                rows[...] = counted(self, done, n_steps)
            elif not self._fill(source, done, rows):
                tied.append((source.call, rows))
        for i in range(n_steps):
            for call, rows in tied:
                rows[i] = self._call(call, done + i, None)
        return out

    def _fill(self, source: Input, done: int, rows: np.ndarray) -> bool:
        """Put in what a Node puts out after ``done`` steps, ``rows (steps, batch, size)``.

        False, and nothing done, for a function that has to take its turn among others.
        """
        call, imposed = source.call, self._imposed(source.owner, done, len(rows))
        if imposed is not None:
            rows[...] = imposed
        elif call is None:
            rows[...] = source.value
        elif call.process is not None:
            rows[...] = self._draw(call, done, len(rows))
        elif call.trace is not None:
            self._evaluate(call, done, rows)
        elif self._independent(call):
            for i in range(len(rows)):
                rows[i] = self._call(call, done + i, None)
        else:
            return False
        return True

    def _imposed(self, owner: Any, done: int, n_steps: int) -> np.ndarray | None:
        """What a Node is to put out in place of its own output: what it is fed, or was set to."""
        fed = self.given.get(owner)
        if fed is not None:
            first, rows = fed
            return rows[done - first :][:n_steps]
        found = self.overrides.get(owner)
        return found.rows(done, n_steps, self.dt) if isinstance(found, Recording) else found

    def _draw(self, call: Call, done: int, n_steps: int) -> list[np.ndarray] | float:
        """Values of a process after ``done`` steps.

        They are drawn once for each step: those of a tile that failed are there for the next.
        """
        if n_steps == 0:  # a compile
            return 0.0
        first, rows = self._drawn.setdefault(call.name, (done, []))
        with uninterrupted():  # between the generator's draw and its being noted
            while first + len(rows) < done + n_steps:
                rows.append(self._call(call, first + len(rows), None))
        return rows[done - first :][:n_steps]

    def keep_drawn(self, done: int) -> None:
        """Forget what processes drew for the first ``done`` steps: they will not come again."""
        self._drawn = {
            name: (max(first, done), rows[max(0, done - first) :])
            for name, (first, rows) in self._drawn.items()
            if first + len(rows) > done
        }

    def _evaluate(self, call: Call, done: int, rows: np.ndarray) -> None:
        """A traced function of the time, for all steps at once, ``rows (steps, batch, size)``."""
        t = np.arange(done + 1, done + len(rows) + 1)[:, None] * self.dt
        assert call.trace is not None
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
        # Those that are held have a value.
        values: list[Any] = [self.overrides.get(i.owner, i.value) for i in inputs]
        flat = np.concatenate([np.ravel(v) for v in values]) if values else np.zeros(0)
        return np.tile(flat.astype(self.dtype), (self.batch, 1))

    def _time(self, done: int) -> float:
        """Time of the step after ``done`` steps, as Nengo computes it: a Python number."""
        return float((int(done) + 1) * self.dt)

    def _call(self, call: Call, done: int, x: np.ndarray | None) -> np.ndarray:
        """One call of one function for every batch item, ``(batch, size_out)``."""
        if self.stopped:
            raise CallFailed("the tile was given up")
        imposed = self._imposed(call.owner, done, 1) if call.size_out else None
        if imposed is not None:
            shape = (1, self.batch, call.size_out)
            return np.broadcast_to(imposed, shape)[0].astype(self.dtype)
        out = np.zeros((self.batch, call.size_out), self.dtype)
        t = self._time(done)
        # One item's result stands for all where nothing differs between items.
        same = call.process is None and not call.takes_x and call.verdict.level != "tied"
        for item in range(1 if same else self.batch):
            args = (t,) if call.takes_t else ()
            if call.takes_x:
                assert x is not None
                given = np.array(x[item], dtype=np.float64)
                args += (given if call.process is None else given.reshape(call.op.input.shape),)
            fn = self._processes[call.name][item].step if call.process is not None else call.fn
            try:
                value = fn(*args) if self.heard is None else self._overheard(call, fn, args)
            except Exception as err:
                self._fail(call, f"raised {type(err).__name__}: {err}", t, err)
            except BaseException as err:  # an interrupt or an exit: past TensorFlow as it is
                self.error = err
                raise
            if call.size_out:
                out[slice(None) if same else item] = self._checked(call, value, t)
        return out

    def _overheard(self, call: Call, fn: Callable[..., Any], args: tuple) -> Any:
        assert self.heard is not None
        return printed.call(fn, args, partial(self.heard, call.name.removesuffix("()")))

    def _checked(self, call: Call, value: Any, t: float) -> np.ndarray:
        shape = call.op.output.shape if call.process is not None else (call.size_out,)
        try:
            if value is None:
                raise TypeError("nothing was returned")
            array = np.asarray(value, dtype=np.float64)
            # Broadcasting takes longer than all the rest, and a message longer still.
            out = array if array.shape == shape else assigned(array, shape)
        except (TypeError, ValueError) as err:
            expected = f"expected {call.size_out} number{'s' * (call.size_out != 1)}"
            self._fail(call, f"returned {value!r} ({type(value).__name__}); {expected}", t, err)
        # The square of the length tells sooner; it may also be infinite because it is too large.
        flat = out.ravel()
        if not math.isfinite(flat.dot(flat)) and not np.isfinite(flat).all():
            self._fail(call, f"returned a non-finite value: {value!r}", t)
        return flat

    def failed(self, error: BaseException) -> None:
        """A compiled loop has stopped because of an exception, which did not pass through it."""
        if self.error is None and not isinstance(error, CallFailed):
            self.error = error

    def _fail(self, call: Call, what: str, t: float, cause: Exception | None = None):
        name, kind = call.name.removesuffix("()"), "function"
        if call.neurons is not None:
            kind = "neuron type"
        self.error = SimulationError(
            f"{name}: its {kind} {function_name(call)} {what} at t = {t:.6g} s"
        )
        self.error.__cause__ = cause
        raise CallFailed(str(self.error))


# -- what is counted, not called -----------------------------------------------------------------


def _steps(host: Host, done: int, n_steps: int) -> np.ndarray:
    return np.arange(done + 1, done + n_steps + 1)[:, None, None]


def _times(host: Host, done: int, n_steps: int) -> np.ndarray:
    return _steps(host, done, n_steps) * host.dt


def _clock(host: Host, done: int, n_steps: int) -> np.ndarray:
    return np.concatenate(np.divmod(_steps(host, done, n_steps), CLOCK_BASE), axis=2)


def _draws(host: Host, done: int, n_steps: int) -> np.ndarray:
    return words(done, n_steps, host.batch, host.seed)


# Inputs that are no Node's, by their owner: ``(steps, batch or 1, size)``.
_COUNTED: dict[str, Callable[[Host, int, int], np.ndarray]] = {
    "step": _steps,
    "time": _times,
    "clock": _clock,
    "draws": _draws,
}


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


def function_name(call: Call) -> str:
    """What to call the function, process or neuron type of a call."""
    if call.neurons is not None:
        return type(call.neurons).__name__
    fn = call.fn if call.fn is not None else type(call.process)
    return getattr(fn, "__name__", type(fn).__name__)
