"""The program in the forms that Keras calls: one for each batch size, number of steps and use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from nengolab.compiler import packing
from nengolab.compiler.differentiate import constants_of, read
from nengolab.compiler.graph import Graph, Input, Param
from nengolab.compiler.lower import lower
from nengolab.compiler.schedule import schedule
from nengolab.exceptions import ValidationError
from nengolab.layers.drawing import in_batch
from nengolab.names import listing
from nengolab.runtime.calls import Host
from nengolab.runtime.capacity import tile_capacity
from nengolab.training.chunks import chunked


@dataclass(frozen=True)
class Chunk:
    """Back-propagation over so many steps at once; what is before them is left out, or run again.

    Attributes
    ----------
    size : int
    truncate : bool
        Whether the gradient ends where a chunk begins.
    """

    size: int
    truncate: bool


@dataclass
class Ran:
    """What a form gave for a batch.

    Attributes
    ----------
    seen : dict
        Outputs ``(batch, steps, size)``, by alias.
    keep : callable
        Puts the state away in which it ended.
    learn : callable
        Gives variables the values that layers inside gave them while training.
    draw : callable
        Gives only those of random generators the values that they have after the call.
    losses : list of tensor
        What layers add to the loss.
    """

    seen: dict[str, Any]
    keep: Callable[[], None]
    learn: Callable[[], None]
    draw: Callable[[], None]
    losses: list[Any]


class Form:
    """A program with what a call of it needs beside the data.

    Parameters
    ----------
    graph : Graph
    readings : dict
        Wires to read out, by probe.
    batch, n_steps : int
    training : bool
        Whether it is to be differentiated.
    force : {"auto", "stepped", "batched"}
    dtype : str
    engine : Engine
        For the state, and for what inputs that are not fed put out.
    chunk : Chunk, optional
        How a long sequence is differentiated in chunks.
    trained : callable, optional
        Whether gradients of the parameter of a name are asked for. Default: all.
    first : int
        Which item of the simulator's batch the first of this form is.
    """

    def __init__(
        self,
        graph: Graph,
        readings: dict[Any, Any],
        batch: int,
        n_steps: int,
        training: bool,
        force: str,
        dtype: str,
        engine: Any,
        chunk: Chunk | None = None,
        trained: Callable[[str], bool] | None = None,
        first: int = 0,
    ):
        self.chunk = chunk
        self.items = slice(first, first + batch)
        self.batch, self.n_steps, self.training = batch, n_steps, training
        self.host = Host(graph.calls, batch, engine.dt, dtype, graph.model)
        self.program = lower(
            schedule(graph, batch, "batched" if training else force),
            batch,
            dtype,
            readings,
            self.host,
            training=training,
            each_step=None,
        )
        if training and trained is not None:
            self.program.trained = self.program.packed_with(lambda p: trained(p.name))
        self.capacity = n_steps if training else min(n_steps, tile_capacity(self.program))
        self._engine = engine
        self._labels = {probe: f"probe {i}" for i, probe in enumerate(readings)}
        self._processes: dict[str, tuple] = {}
        self.state: dict[str, Any] = {}
        self.start = tf.Variable(0, trainable=False, dtype=tf.int64)
        # The number of the batch in training, of which random functions draw.
        self.round = tf.Variable(0, trainable=False, dtype=tf.int64)
        self.filled: dict[tuple[str, ...], Any] = {}

    @property
    def inputs(self) -> list[Input]:
        """Inputs of the program, in order."""
        return self.program.inputs_series

    @property
    def draws(self) -> bool:
        """Whether a TensorNode may have random functions."""
        return any(i.owner == "draws" for i in self.inputs)

    # -- before a call -------------------------------------------------------------------------

    def begin(self, named: dict[str, np.ndarray], done: int, fill: Callable[..., Any]) -> None:
        """Start from this state.

        Parameters
        ----------
        named : dict
            State by name, ``(batch, ...)`` of a batch that this form's items are in.
        done : int
            Steps done before.
        fill : callable
            ``fill(inputs, n_steps, batch)`` gives what inputs that are not fed put out.
        """
        full = self.program.initial_state(self.host.seed, self.items.start)
        full |= {k: v[self.items] for k, v in named.items() if k in full}
        for key, value in self.program.enter_state(full).items():
            if key in self.state:
                self.state[key].assign(value)
            else:
                self.state[key] = tf.Variable(value, trainable=False)
        self.start.assign(done)
        self.host.reset(self._engine.host.seed)
        self.host.overrides = self._engine.host.overrides
        states = self._engine.host.process_states()
        self._processes = {n: items[self.items] for n, items in states.items()}
        self.host.put_processes(self._engine.host.seed, self._processes, {})
        self._refill(fill)

    def _not_fed(self, owners: tuple) -> list[Input]:
        return [i for i in self.inputs if i.owner not in owners]

    def before_batch(self, keeping: bool, fill: Callable[..., Any], number: int = 0) -> None:
        """Without state from batch to batch, processes inside the network start anew too.

        With it, inputs that are not fed go on. In training, random functions inside TensorNodes
        draw by the batch's number.
        """
        self.host.begin()
        if self.draws:
            self.round.assign(number)
        if keeping:
            self._refill(fill)
        elif self._processes:
            self.host.put_processes(self.host.seed, self._processes, {})

    def _refill(self, fill: Callable[..., Any]) -> None:
        for owners, variable in self.filled.items():
            variable.assign(self._filling(owners, fill))

    def _filling(self, fed: tuple, fill: Callable[..., Any]) -> np.ndarray:
        return fill(self._not_fed(fed), self.n_steps, self.items.stop)[:, self.items]

    def ready(self, fed: tuple, fill: Callable[..., Any]) -> None:
        """Make room for what inputs other than ``fed`` (Nodes) put out."""
        if fed not in self.filled and self._not_fed(fed):
            values = self._filling(fed, fill)
            self.filled[fed] = tf.Variable(values, trainable=False, dtype=self.program.dtype)

    # -- the call ------------------------------------------------------------------------------

    def __call__(self, data: dict[Any, Any], values: Callable[[Param], Any]) -> tuple[dict, ...]:
        """Run the program on tensors.

        Parameters
        ----------
        data : dict
            ``(batch, steps, size)``, by Node.
        values : callable
            A parameter's tensor.

        Returns
        -------
        tuple of dict
            What each probe saw ``(batch, steps, size)``; the state after the last step; and, in
            training, ``"updates"``, new values of parameters that layers change, by name, and
            ``"losses"``, what layers add to the loss.
        """
        series = self._series(data)
        params = packing.pack(self.program, values)
        state = {k: tf.convert_to_tensor(v) for k, v in self.state.items()}
        also: dict[str, dict] = {"updates": {}, "losses": {}}
        if not self.training:
            seen, state = self._tiles(params, state, series)
        elif self.chunk is not None and self.chunk.size < self.n_steps:
            seen, state = chunked(
                self._checked_tile, params, state, series, self.chunk.size, self.chunk.truncate
            )
        else:
            seen, state, also = self._tile(params, state, series, 0)
        constants = {
            self._labels[p]: constants_of(self.program, r, values)
            for p, r in self.program.readings.items()
            if r.constants
        }
        outputs = {}
        for probe in self.program.readings:
            x = seen[self._labels[probe]]
            x = x + constants[self._labels[probe]] if self._labels[probe] in constants else x
            outputs[probe] = _steps_first(x)
        return outputs, state, also

    def _series(self, data: dict[Any, Any]) -> Any:
        """All inputs, ``(steps, batch, sizes)``."""
        fed = tuple(data)
        if fed in self.filled:
            rest = self._not_fed(fed)
            parts = tf.split(self.filled[fed], [i.size for i in rest], axis=2)
            filled = dict(zip(rest, parts, strict=True))
        columns = []
        for source in self.inputs:
            if source.owner in data:
                x = tf.cast(data[source.owner], self.program.dtype)
                x = tf.ensure_shape(x, (self.batch, self.n_steps, source.size))
                columns.append(_steps_first(x))
            elif source.owner == "draws":
                columns.append(in_batch(filled[source], self.round))
            else:
                columns.append(filled[source])
        if not columns:
            return tf.zeros((self.n_steps, self.batch, 0), self.program.dtype)
        return tf.concat(columns, axis=2) if len(columns) > 1 else columns[0]

    def _tile(self, params, state, series, done, n_steps=None):
        """Outputs of all steps of ``series``, by number; the state; updates and losses."""
        inputs = {
            "held": tf.zeros((self.batch, 0), self.program.dtype),
            "series": series,
            "start": self.start + done,
        }
        n_steps = tf.constant(series.shape[0]) if n_steps is None else n_steps
        state, out = self.program.run(params, state, inputs, n_steps)
        seen = {
            self._labels[p]: read(self.program, r, out["records"], series, inputs["held"])
            for p, r in self.program.readings.items()
        }
        return seen, state, {k: out.get(k, {}) for k in ("updates", "losses")}

    def _checked_tile(self, params, state, series, done):
        seen, state, also = self._tile(params, state, series, done)
        updates = also["updates"]
        if updates:
            raise ValidationError(
                f"{listing(updates)} change from step to step while training; a sequence with such "
                "layers cannot be trained in chunks: leave truncate and checkpoint_every out",
                attr="truncate",
            )
        if also["losses"]:
            raise ValidationError(
                f"what {listing(also['losses'])} adds to the loss cannot be used with "
                "sequences that are trained in chunks: leave truncate and checkpoint_every out",
                attr="truncate",
            )
        return seen, state

    def _tiles(self, params, state, series):
        """Tile after tile, so that what a tile holds stays within bounds."""
        pieces: list[dict] = []
        for done in range(0, self.n_steps, self.capacity):
            n_steps = min(self.capacity, self.n_steps - done)
            part = series[done : done + n_steps]
            if n_steps < self.capacity:
                part = tf.pad(part, [(0, self.capacity - n_steps), (0, 0), (0, 0)])
            seen, state, _ = self._tile(params, state, part, done, tf.constant(n_steps))
            pieces.append({p: x[:n_steps] for p, x in seen.items()})
        if len(pieces) == 1:
            return pieces[0], state
        return {p: tf.concat([seen[p] for seen in pieces], axis=0) for p in pieces[0]}, state


def _steps_first(x: Any) -> Any:
    """``(batch, steps, size)`` <-> ``(steps, batch, size)``; no copy where one axis is 1."""
    if 1 in x.shape[:2]:
        return tf.reshape(x, (x.shape[1], x.shape[0], x.shape[2]))
    return tf.transpose(x, (1, 0, 2))
