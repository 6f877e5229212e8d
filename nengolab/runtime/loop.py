"""The loop: a run is a sequence of tiles chained by passing state."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Hashable, Mapping
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from nengolab.compiler.compiled_function import aligned
from nengolab.compiler.graph import Call, Graph, Param, Wire
from nengolab.compiler.lower import lower
from nengolab.compiler.program import Program, Reading
from nengolab.compiler.schedule import schedule
from nengolab.exceptions import SimulationError
from nengolab.names import Names
from nengolab.runtime.calls import CallFailed, Host, function_name
from nengolab.runtime.capacity import SHORT_STEPS, short_capacity, tile_capacity
from nengolab.runtime.effects import Effects
from nengolab.startup.worker import Worker, interruptible, uninterrupted

TILE_SECONDS = 0.3
# A tile that is expected to end within this runs on the calling thread, where an interrupt waits
# for its end; handing it to another thread and back costs some 25 us.
SOON_SECONDS = 0.5
# How long an interrupt waits for a Python function to come to its end, so that, if it does, nothing
# of the network runs any more when the interrupt is raised.
GRACE_SECONDS = 0.2


@dataclass
class Timing:
    """What a runner measured."""

    lower_s: float = 0.0
    compile_s: float = 0.0
    run_s: float = 0.0
    steps: int = 0
    compiled: set = field(default_factory=set)


@dataclass
class Tile:
    """What a tile computed; it counts once it is committed.

    Attributes
    ----------
    state : dict or None
        State after it; None where it counts already.
    done, n_steps : int
        Steps before it since time 0, and in it.
    outputs : dict
        By probe or tap, ``(n_steps, batch, size)``.
    """

    state: dict | None
    done: int
    n_steps: int
    outputs: dict[Any, np.ndarray]


def check_finite(tile: Tile, names: Names, dt: float) -> None:
    """Values that are no state can become infinite too; where nobody looks, nobody minds."""
    with np.errstate(all="ignore"):
        # A sum is several times faster than to ask of every value.
        doubtful = [p for p, data in tile.outputs.items() if not np.isfinite(data.sum())]
    for probe in doubtful:
        bad = np.flatnonzero(~np.isfinite(tile.outputs[probe]).all(axis=(1, 2)))
        if len(bad):
            step = tile.done + 1 + int(bad[0])
            raise SimulationError(
                f"{names.get(probe.obj)}: {probe.attr} became NaN or infinite at step {step} "
                f"(t = {step * dt:.6g} s); the state of step {tile.done} is kept"
            )


class TileRunner:
    """Runs one graph: owns the program, its packed parameters and its state.

    Parameters
    ----------
    graph : Graph
    batch : int
    dtype : {"float32", "float64"}
    force : {"auto", "stepped", "batched"}
    readings : dict
        Wires to read out every step, by probe or tap.
    host : Host
    device : str, optional
        TensorFlow device.
    worker : Worker, optional
        For what an interrupt shall not have to wait for.
    compiling : callable, optional
        Gives a context in which to compile, for whoever shows progress.
    each_step : collection of nengo.Node
        Nodes with a constant output whose value may differ from step to step, because they are fed.
    values : Mapping of str to ndarray, optional
        Values of parameters, by name, of those that have others than when they were built.
    effects : Effects, optional
        What is computed with in place of some of them.
    """

    def __init__(
        self,
        graph: Graph,
        batch: int,
        dtype: str,
        force: str,
        readings: dict[Any, Wire],
        host: Host,
        device: str | None = None,
        worker: Worker | None = None,
        compiling: Callable[[], AbstractContextManager] = nullcontext,
        each_step: Collection[Any] = (),
        values: Mapping[str, np.ndarray] | None = None,
        effects: Effects | None = None,
    ):
        started = time.perf_counter()
        self.host, self.device, self.graph = host, device, graph
        self._read = {p.name for p in graph.params.values() if p.role == "constants"}
        self.worker = worker or Worker()
        self._compiling, self._jobs = compiling, {}
        self.values: dict[str, np.ndarray] = dict(values or {})
        self.effects = effects or Effects()
        with tf.device(device):
            self.program: Program = lower(
                schedule(graph, batch, force),
                batch,
                dtype,
                readings,
                host,
                each_step=each_step,
                values=self.value,
            )
        self.timing = Timing()
        self._packed = _aligned(self.program.pack(self.value))
        # Names of parameters whose arrays are to be packed anew before they are used.
        self._stale: set[str] = set()
        self.set_named_state({})
        self.timing.lower_s = time.perf_counter() - started
        self._calls = [g.group.op.call for g in self.program.groups.values() if g.group.op.call]
        self.capacity = tile_capacity(self.program)
        self._short_capacity = short_capacity(self.program, self.capacity)
        self._seconds_per_step = 0.0
        # Whether the last tile was one for the short capacity; a capacity that is left to be
        # compiled beside a run; and whether a tile could have used that one.
        self.runs_short, self._left, self.misses_other = True, None, False
        # Where in its record a reading's elements lie, by the id of what it reads.
        self._columns: dict[int, slice | np.ndarray] = {}

    def value(self, param: Param) -> np.ndarray:
        """Value of a parameter that is computed with."""
        return self.effects.on(param.name, self.values.get(param.name, param.value))

    @property
    def values_set(self) -> dict[str, np.ndarray]:
        """Values other than built, without those that follow what traced functions read."""
        return {name: value for name, value in self.values.items() if name not in self._read}

    def fits(self, values: Mapping[str, np.ndarray]) -> bool:
        """Whether what is compiled computes right with these values of parameters, by name."""

        def value(param: Param) -> np.ndarray:
            return values[param.name] if param.name in values else self.value(param)

        return self.program.fits(values, value)

    @property
    def params(self) -> dict[str, np.ndarray]:
        """What the program is given of parameters: merged arrays, by name."""
        names = set()
        while self._stale:
            names.add(self._stale.pop())
        if names:
            self._packed = self._packed | _aligned(self.program.pack(self.value, names))
        return self._packed

    def repack(self, names: Collection[str]) -> None:
        """Compute with the values that these parameters have now.

        They are packed when they are needed: training changes them many times before a run does.
        """
        self._stale.update(names)

    def set_values(self, values: dict[str, np.ndarray], keep: bool = False) -> None:
        """Compute with these values of parameters, by name, from the next tile on.

        All others get the values with which they were built, unless they are to be kept. What
        traced functions read is not touched: it follows the variables.
        """
        if values or self.values:
            kept = (
                self.values if keep else {n: self.values[n] for n in self._read & set(self.values)}
            )
            self.values = kept | dict(values)
            if keep:
                self.repack(values)
            else:
                self.repack(self.graph.params)

    # -- state ---------------------------------------------------------------------------------

    def named_state(self, group: int | None = None) -> dict[str, np.ndarray]:
        """State by name, ``(batch, ...)`` each; of one group where one is given."""
        state = self.state
        if group is not None:
            state = {k: v for k, v in state.items() if k.startswith(f"{group}.")}
        return self.program.leave_state(state)

    def set_named_state(self, named: Mapping[str, np.ndarray]) -> None:
        """Put a state back; what is not named starts as at time 0."""
        full = self.program.initial_state(self.host.seed)
        full.update({k: v for k, v in named.items() if k in full})
        self.state = _aligned(self.program.enter_state(full))

    # -- running -------------------------------------------------------------------------------

    def compile(self) -> None:
        """Compile all capacities by running no step of each."""
        for capacity in {self._short_capacity, self.capacity}:
            self._compile(capacity)
        self._left = None

    def compile_one(self, short: bool) -> None:
        """Compile one capacity, in which all tiles run until `compile_other` has ended."""
        one, other = self._short_capacity, self.capacity
        if not short:
            one, other = other, one
        if other != one and other not in self.timing.compiled:
            self._left = other
        self.runs_short = short
        self._compile(one)

    def compile_other(self) -> None:
        """Compile what `compile_one` has left, beside a run or not.

        An error comes again, and is raised, where a tile needs what could not be compiled.
        """
        if self._left is not None:
            with suppress(Exception):
                self._compile_here(self._left)
            self._left = None

    def _fitting(self, n_steps: int) -> int:
        """The capacity for so many steps, or the other one while that is not compiled."""
        self.runs_short = n_steps <= SHORT_STEPS
        wanted, other = self.capacity, self._short_capacity
        if self.runs_short:
            wanted, other = other, wanted
        if wanted != self._left:
            return wanted
        self.misses_other = True
        return other

    def _compile(self, capacity: int) -> None:
        """Compile, or wait for a compile that goes on since an interrupt."""
        if capacity in self.timing.compiled:
            return
        with self._compiling():
            job = self._jobs.get(capacity)
            if job is None and not interruptible():
                self._compile_here(capacity)
                return
            if job is None:
                with uninterrupted():
                    job = self.worker.submit(partial(self._compile_here, capacity))
                    self._jobs[capacity] = job
            try:
                self.worker.wait(job)
            finally:
                if job.done():
                    self._jobs.pop(capacity, None)

    def _compile_here(self, capacity: int) -> None:
        started = time.perf_counter()
        self._tile(self.state, 0, 0, capacity)
        self.timing.compile_s += time.perf_counter() - started
        self.timing.compiled.add(capacity)

    def tile(self, done: int, most: int, seconds: float = TILE_SECONDS) -> Tile:
        """Compute up to ``most`` steps from the state as it is; changes nothing.

        Parameters
        ----------
        done : int
            Steps done since time 0.
        most : int
            Steps wanted.
        seconds : float
            About how long the tile may take.
        """
        n_steps = min(most, self.capacity)
        if self._seconds_per_step:
            n_steps = max(1, min(n_steps, int(seconds / self._seconds_per_step)))
        elif most > SHORT_STEPS:
            n_steps = min(n_steps, max(SHORT_STEPS, self.capacity // 4))
        capacity = self._fitting(n_steps)
        n_steps = min(n_steps, capacity)
        self._compile(capacity)
        if self.host.stopped:
            # A function of a tile that was given up may still be going on.
            self.worker.settle()
            self.host.stopped = False
        started = time.perf_counter()
        state, records, series, held = self._tile(self.state, done, n_steps, capacity)
        self._account(n_steps, time.perf_counter() - started)
        outputs = {
            key: self.read(reading, records, series, held, n_steps)
            for key, reading in self.program.readings.items()
        }
        return Tile(state, done, n_steps, outputs)

    def _short(self, n_steps: int) -> bool:
        """Whether so many steps are known to take so little that an interrupt can wait."""
        known = self._seconds_per_step and not self._calls
        return bool(known and n_steps * self._seconds_per_step < SOON_SECONDS)

    def _account(self, n_steps: int, took: float) -> None:
        self.timing.run_s += took
        self.timing.steps += n_steps
        per_step = took / n_steps
        old = self._seconds_per_step or per_step
        self._seconds_per_step = 0.7 * old + 0.3 * per_step

    def _tile(self, state: dict, done: int, n_steps: int, capacity: int):
        self.host.begin()
        try:
            series = self.host.ahead(self.program.inputs_series, done, n_steps, capacity)
            held = self.host.held(self.program.inputs_held)
            inputs = {"held": held, "series": series, "start": np.int64(done)}
            # An interrupt that comes where Python tidies up behind TensorFlow would be lost.
            with uninterrupted() if self._short(n_steps) else nullcontext():
                new, out = self._call(state, inputs, n_steps)
                bad = self._not_finite(new, out)
        except (tf.errors.OpError, CallFailed) as err:
            self._raise(err)
        if bad:
            self._raise_not_finite(bad[0], state, inputs, n_steps)
        return new, out["records"], series, held

    def _call(self, state: dict, inputs: dict, n_steps: int) -> tuple[dict, dict]:
        """Run the program; beside the calling thread, where an interrupt would have to wait."""
        run = partial(self._call_here, state, inputs, n_steps)
        if not interruptible() or self._short(n_steps):
            return run()
        job: Future | None = None
        try:
            job = self.worker.submit(run)
            return self.worker.wait(job)
        except BaseException:
            if job is None or not job.done():
                self._give_up(job)
            raise

    def _give_up(self, job: Future | None) -> None:
        """Let Python functions of a tile that nobody waits for end after the current call."""
        self.host.stopped = True
        if job is not None:
            wait([job], GRACE_SECONDS)

    def _call_here(self, state: dict, inputs: dict, n_steps: int) -> tuple[dict, dict]:
        return self.program.execute(self.params, state, inputs, n_steps, self.device)

    def release(self) -> None:
        """Let go of what was compiled, once nothing is to run any more."""
        self.program.release()

    def _raise(self, err: Exception) -> None:
        error, self.host.error = self.host.error, None
        if error is not None:
            raise error
        raise SimulationError(f"TensorFlow could not run the network: {err}") from err

    def _raise_not_finite(self, key: str | Call, state: dict, inputs: dict, n_steps: int) -> None:
        """Name the array and the step, by running the tile again up to each half.

        Python functions are not called again: what they returned is played back.
        """
        low, high = 0, n_steps
        with self.host.playing_back():
            while high - low > 1:
                middle = (low + high) // 2
                bad = self._not_finite(*self._call(state, inputs, middle))
                low, high, key = (low, middle, bad[0]) if bad else (middle, high, key)
            new, _ = self._call(state, inputs, high)
        if isinstance(key, str):
            what = f"{self._which(key, new)} became NaN or infinite"
        else:
            what = (
                f"{key.name.removesuffix('()')}: its function {function_name(key)}, which is "
                "traced, returned a non-finite value or raised an error"
            )
        step = int(inputs["start"]) + high
        raise SimulationError(
            f"{what} at step {step} "
            f"(t = {step * self.host.dt:.6g} s); the state of step {int(inputs['start'])} is kept"
        )

    def _which(self, key: str, state: dict) -> str:
        names = self.program.locate(key)
        for name, value in self.program.leave_state(state).items():
            if not np.all(np.isfinite(value)):
                return name
        return names[0]

    def read(
        self, reading: Reading, records: dict, series: np.ndarray, held: np.ndarray, n_steps: int
    ) -> np.ndarray:
        """What a probe saw, ``(n_steps, batch, size)``; it may be a view of what was recorded."""
        batch = self.program.batch
        terms = [
            (self._read_term(key, source, records, series, held, n_steps), target, distinct)
            for key, source, target, distinct in reading.terms
        ]
        if len(terms) == 1 and not reading.constants and is_whole(terms[0][1], reading.size):
            # As nearly always: what was recorded is what the probe saw.
            return np.asarray(terms[0][0], self.program.dtype)
        out = np.zeros((n_steps, batch, reading.size), self.program.dtype)
        for param, source, target in reading.constants:
            at: Any = (slice(None), slice(None), target)  # NumPy's types know no slices here
            np.add.at(out, at, np.ravel(self.value(param))[source])
        for values, target, distinct in terms:
            if distinct:
                out[:, :, target] += values
            else:
                at = (slice(None), slice(None), target)
                np.add.at(out, at, values)
        return out

    def _read_term(
        self,
        key: Hashable,
        source: np.ndarray,
        records: dict,
        series: np.ndarray,
        held: np.ndarray,
        n_steps: int,
    ) -> np.ndarray:
        """Elements of a record, of inputs or of constants in each step: a view where it can be."""
        if key == "held":
            return np.broadcast_to(held[:, source], (n_steps, len(held), len(source)))
        if key == "series":
            return series[:n_steps][:, :, source]
        columns = self._columns.get(id(source))
        if columns is None:
            record = next(r for r in self.program.records if r.key == key)
            columns = self._columns[id(source)] = as_slice(record.columns(source))
        return records[key][:n_steps, :, columns]

    def _not_finite(self, state: dict[str, Any], out: dict[str, Any]) -> list[str | Call]:
        """Traced functions that gave NaN or infinity, then keys of state arrays that hold it."""
        finite = out["finite"]
        if finite.all():
            return []
        what = [*self.program.traced, *sorted(state)]
        return [key for key, ok in zip(what, finite, strict=True) if not ok]


def is_whole(target: np.ndarray, size: int) -> bool:
    """Whether elements are all of ``size``, in order."""
    return len(target) == size and bool(np.all(target == np.arange(size)))


def as_slice(index: np.ndarray) -> slice | np.ndarray:
    """Indices as a slice where they are evenly spaced and grow: NumPy then need not gather."""
    steps = np.diff(index)
    if len(index) == 0 or np.any(steps != steps[:1]) or np.any(steps < 1):
        return index
    step = int(steps[0]) if len(steps) else 1
    return slice(int(index[0]), int(index[-1]) + 1, step)


def _aligned(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {k: aligned(v) for k, v in arrays.items()}
