"""Filling: what the inputs that nobody feeds put out during a call."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from nengolab.compiler.graph import Input
from nengolab.exceptions import SimulationError, ValidationError
from nengolab.runtime.calls import CallFailed, Host

if TYPE_CHECKING:
    from nengolab.runtime.engine import Engine


class Filling:
    """Values of inputs, from the state that a simulator has when the call begins.

    Constants are held. A function is called at ``(n_steps_done + i + 1) * dt``, as in a run, and a
    process is stepped once for each batch item, from its state at the time of the call.

    With ``stateful=False`` that state is there again afterwards, and what was computed serves all
    batches of the call: every batch starts from the same state, so it sees the same noise. (A
    process whose state nobody can put back keeps what it drew for its next steps; a function with
    a memory of its own was called once more, as ``Simulator.state`` warns.) With ``stateful=True``
    everything goes on from batch to batch, with `advance`.

    Parameters
    ----------
    host : Host
    done : int
        Steps done since time 0.
    stateful : bool
    """

    def __init__(self, host: Host, done: int, stateful: bool = False):
        self.host, self.done, self.stateful = host, done, stateful
        self._kept: dict[tuple, np.ndarray] = {}
        self._warned = False

    @classmethod
    def of(cls, engine: Engine, stateful: bool = False) -> Filling:
        """The filling from an engine's state as it is now."""
        if engine.host.stopped:
            # A function of a tile that was given up may still be going on.
            engine.aside.settle()
            engine.host.stopped = False
        return cls(engine.host, engine.n_steps, stateful)

    def series(self, inputs: list[Input], n_steps: int, batch: int) -> np.ndarray:
        """What ``inputs`` put out at every step, side by side.

        Parameters
        ----------
        inputs : list of Input
            Those that are not fed, in order: constants too, the time, the step, and the clock of
            traced functions.
        n_steps : int
        batch : int
            Items of this batch. A last one may have fewer than the simulator: it gets what the
            first ones get.

        Returns
        -------
        ndarray
            ``(n_steps, batch, total size)``; not to be written to.

        Raises
        ------
        SimulationError
            Naming the Node whose function or process failed.
        """
        self._check_batch(batch)
        key = (n_steps, *map(id, inputs))
        if self.stateful or key not in self._kept:
            values = self._computed(inputs, n_steps)
            values.setflags(write=False)
            self._kept = {} if self.stateful else self._kept
            self._kept[key] = values
        return self._kept[key][:, :batch]

    def advance(self, n_steps: int) -> None:
        """The batch counts: the next one follows it, where the call is stateful."""
        if self.stateful:
            self.done += n_steps
            self.host.keep_drawn(self.done)

    # -- computing -----------------------------------------------------------------------------

    def _check_batch(self, batch: int) -> None:
        if not 1 <= batch <= self.host.batch:
            raise ValidationError(
                f"must be from 1 to the simulator's minibatch_size {self.host.batch}, got {batch}",
                attr="batch",
            )

    def _computed(self, inputs: list[Input], n_steps: int) -> np.ndarray:
        self._warn(inputs)
        inputs = [_as_of_now(i) for i in inputs]
        self.host.begin()
        try:
            if self.stateful:
                # The host keeps what was drawn until the batch counts, as it does for a tile.
                return self.host.ahead(inputs, self.done, n_steps, n_steps)
            with self._processes_put_back():
                return self.host.ahead(inputs, self.done, n_steps, n_steps)
        except CallFailed as err:
            error, self.host.error = self.host.error, None
            raise (error or SimulationError(str(err))) from err

    @contextmanager
    def _processes_put_back(self) -> Iterator[None]:
        host = self.host
        states, drawn = host.process_states(), host.drawn()
        try:
            yield
        finally:
            beyond = {name: d for name, d in host.drawn().items() if name not in states}
            host.put_processes(host.seed, states, drawn | beyond)

    def _warn(self, inputs: list[Input]) -> None:
        """Once a call: what will not be as before."""
        if self.stateful or self._warned:
            return
        self._warned = True
        beyond = self.host.out_of_reach()
        called = {
            i.call.name.removesuffix("()")
            for i in inputs
            if i.call is not None and i.call.process is None and i.owner not in self.host.overrides
        }
        names = sorted(called & beyond.keys())
        if names:
            warnings.warn(
                "these Python functions may remember something, which nobody can put back after "
                f"a call with stateful=False: {', '.join(names)}",
                stacklevel=2,
            )


def _as_of_now(source: Input) -> Input:
    """An input whose trace is no longer true, because a variable changed, is called instead."""
    if source.call is None or source.call.trace is None or source.call.trace.holds:
        return source
    return replace(source, call=replace(source.call, trace=None))
