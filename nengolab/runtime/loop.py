"""The loop: a run is a sequence of tiles chained by passing state."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from nengolab.compiler.graph import Call, Graph, Param, Wire
from nengolab.compiler.lower import lower
from nengolab.compiler.program import Program, Reading
from nengolab.compiler.schedule import schedule
from nengolab.exceptions import SimulationError
from nengolab.runtime.calls import CallFailed, Host, function_name

# A tile keeps what it records in memory until it leaves; and in time batches its arrays should
# stay in cache. Short calls (a step, a slow live view) get a capacity of their own, so that they
# do not pay for a long one.
TILE_STEPS = 512
SHORT_STEPS = 16
TILE_BYTES = 64e6
TILE_SECONDS = 0.3


@dataclass
class Timing:
    """What a runner measured."""

    lower_s: float = 0.0
    compile_s: float = 0.0
    run_s: float = 0.0
    steps: int = 0
    compiled: set = field(default_factory=set)


class Runner:
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
    """

    def __init__(
        self,
        graph: Graph,
        batch: int,
        dtype: str,
        force: str,
        readings: dict[Any, Wire],
        host: Host,
    ):
        started = time.perf_counter()
        self.host, self.graph = host, graph
        self.values: dict[Param, np.ndarray] = {}
        self.program: Program = lower(schedule(graph, batch, force), batch, dtype, readings, host)
        self.timing = Timing()
        self.params = _tensors(self.program.pack(self.value))
        self.set_named_state(self.program.initial_state())
        self.timing.lower_s = time.perf_counter() - started
        self.capacity = self._capacity()
        self._seconds_per_step = 0.0

    def value(self, param: Param) -> np.ndarray:
        """Current value of a parameter."""
        return self.values.get(param, param.value)

    def set_value(self, param: Param, value: np.ndarray) -> None:
        """Compute with another value of a parameter from the next tile on."""
        self.values[param] = value
        self.params = _tensors(self.program.pack(self.value))

    # -- state ---------------------------------------------------------------------------------

    def named_state(self) -> dict[str, np.ndarray]:
        """State by name, ``(batch, size)`` each."""
        return self.program.leave_state(self.state)

    def set_named_state(self, named: dict[str, np.ndarray]) -> None:
        """Put a state back; what is not named starts as at time 0."""
        full = self.program.initial_state()
        full.update({k: v for k, v in named.items() if k in full})
        self.state = _tensors(self.program.enter_state(full))

    # -- running -------------------------------------------------------------------------------

    def compile(self) -> None:
        """Compile both capacities by running no step of each."""
        for capacity in (SHORT_STEPS, self.capacity):
            self._compile(capacity)

    def _compile(self, capacity: int) -> None:
        if capacity in self.timing.compiled:
            return
        started = time.perf_counter()
        self._tile(self.state, 0, 0, capacity)
        self.timing.compile_s += time.perf_counter() - started
        self.timing.compiled.add(capacity)

    def tile(self, done: int, most: int, seconds: float = TILE_SECONDS) -> tuple[int, dict]:
        """Advance by up to ``most`` steps; atomic.

        Parameters
        ----------
        done : int
            Steps done since time 0.
        most : int
            Steps wanted.
        seconds : float
            About how long the tile may take.

        Returns
        -------
        n_steps : int
            Steps done by this tile.
        outputs : dict
            By probe or tap, ``(n_steps, batch, size)``.
        """
        n_steps = min(most, self.capacity)
        if self._seconds_per_step:
            n_steps = max(1, min(n_steps, int(seconds / self._seconds_per_step)))
        elif most > SHORT_STEPS:
            n_steps = min(n_steps, max(SHORT_STEPS, self.capacity // 4))
        capacity = SHORT_STEPS if n_steps <= SHORT_STEPS else self.capacity
        self._compile(capacity)
        started = time.perf_counter()
        state, records, series, held = self._tile(self.state, done, n_steps, capacity)
        took = time.perf_counter() - started
        self.state = state
        self._account(n_steps, took)
        outputs = {
            key: self.read(reading, records, series, held, n_steps)
            for key, reading in self.program.readings.items()
        }
        return n_steps, outputs

    def _account(self, n_steps: int, took: float) -> None:
        self.timing.run_s += took
        self.timing.steps += n_steps
        per_step = took / n_steps
        old = self._seconds_per_step or per_step
        self._seconds_per_step = 0.7 * old + 0.3 * per_step

    def _tile(self, state: dict, done: int, n_steps: int, capacity: int):
        try:
            series = self.host.ahead(self.program.inputs_series, done, n_steps, capacity)
            held = self.host.held(self.program.inputs_held)
            inputs = {
                "held": tf.constant(held),
                "series": tf.constant(series),
                "start": tf.constant(done, tf.int64),
            }
            new, out = self.program(self.params, state, inputs, tf.constant(n_steps))
        except (tf.errors.OpError, CallFailed) as err:
            self._raise(err)
        bad = self._not_finite(new, out)
        if bad:
            self._raise_not_finite(bad[0], state, inputs, n_steps, done)
        records = {k: np.asarray(v) for k, v in out["records"].items()}
        return new, records, series, held

    def _raise(self, err: Exception) -> None:
        error, self.host.error = self.host.error, None
        if error is not None:
            raise error
        raise SimulationError(f"TensorFlow could not run the network: {err}") from err

    def _raise_not_finite(self, key, state, inputs, n_steps: int, done: int) -> None:
        """Name the array and the step, by running the tile again up to each half."""
        low, high = 0, n_steps
        calls = any(g.group.op.call for g in self.program.groups.values())
        while high - low > 1 and not calls:
            middle = (low + high) // 2
            new, out = self.program(self.params, state, inputs, tf.constant(middle))
            bad = self._not_finite(new, out)
            low, high, key = (low, middle, bad[0]) if bad else (middle, high, key)
        new, _ = (
            self.program(self.params, state, inputs, tf.constant(high))
            if not calls
            else (
                {},
                None,
            )
        )
        if isinstance(key, str):
            what = f"{self._which(key, new)} became NaN or infinite"
        else:
            what = (
                f"{key.name.removesuffix('()')}: its function {function_name(key)}, which is "
                "traced, returned a non-finite value or raised an error"
            )
        when = f"at step {done + high}" if not calls else f"in steps {done + 1} to {done + n_steps}"
        raise SimulationError(
            f"{what} {when} (t = {(done + high) * self.host.dt:.6g} s); the state before it is kept"
        )

    def _which(self, key: str, state: dict) -> str:
        names = self.program.locate(key)
        named = self.program.leave_state(state) if state else {}
        for name, value in named.items():
            if not np.all(np.isfinite(value)):
                return name
        return names[0]

    def read(
        self, reading: Reading, records: dict, series: np.ndarray, held: np.ndarray, n_steps: int
    ) -> np.ndarray:
        """What a probe saw, ``(n_steps, batch, size)``."""
        batch = self.program.batch
        out = np.zeros((n_steps, batch, reading.size), self.program.dtype)
        for param, source, target in reading.constants:
            np.add.at(out, (slice(None), slice(None), target), np.ravel(self.value(param))[source])
        for key, source, target, distinct in reading.terms:
            if key == "held":
                values = np.broadcast_to(held[:, source], (n_steps, batch, len(source)))
            elif key == "series":
                values = series[:n_steps][:, :, source]
            else:
                values = records[key][:n_steps][:, :, self._column(key, source)]
            if distinct:
                out[:, :, target] += values
            else:
                np.add.at(out, (slice(None), slice(None), target), values)
        return out

    def _column(self, key: str, source: np.ndarray) -> np.ndarray:
        index = next(r.index for r in self.program.records if r.key == key)
        return source if index is None else np.searchsorted(index, source)

    def _not_finite(self, state: dict[str, Any], out: dict[str, Any]) -> list[str | Call]:
        """Traced functions that gave NaN or infinity, then keys of state arrays that hold it."""
        finite = out["finite"].numpy()
        if finite.all():
            return []
        what = [*self.program.traced, *sorted(state)]
        return [key for key, ok in zip(what, finite, strict=True) if not ok]

    # -- sizes ---------------------------------------------------------------------------------

    def _capacity(self) -> int:
        """Steps of a tile, so that what it holds stays within bounds."""
        width = sum(
            (r.index.size if r.index is not None else self.program.width(r.key))
            for r in self.program.records
        )
        width += sum(i.size for i in self.program.inputs_series)
        bytes_a_step = max(1, width) * self.program.batch * np.dtype(self.program.dtype).itemsize
        return int(np.clip(TILE_BYTES // bytes_a_step, SHORT_STEPS * 2, TILE_STEPS))


def _tensors(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    return {k: tf.constant(v) for k, v in arrays.items()}
