"""A simulator that runs: steps, data, resets, and its state as a value."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

import nengo
import numpy as np
from nengo.utils.progress import Progress

from nengolab.checks import seconds, whole
from nengolab.exceptions import (
    SimulationError,
    ValidationError,
)
from nengolab.runtime.progress import PromptTracker
from nengolab.settings import always_as_training, get_setting
from nengolab.simulator.base import BaseSimulator
from nengolab.startup.worker import uninterrupted

if TYPE_CHECKING:
    from nengolab.feeding.feeder import Feeder
    from nengolab.runtime.loop import Tile
    from nengolab.runtime.snapshot import Snapshot
    from nengolab.simulator.base import Tap


@contextmanager
def _stage(tracker: PromptTracker, during: str, after: str) -> Iterator[None]:
    """Show a stage of unknown length in a progress bar."""
    with Progress(during, after) as stage:
        tracker.sub_progress = stage
        yield


def _warn_of_left(left: list[str]) -> None:
    """Say what stayed as it was when a state was put back."""
    if left:
        warnings.warn(
            "these Python functions may remember something, which nobody can put back; they go on "
            f"as they are: {', '.join(left)}",
            stacklevel=3,
        )


class RunningSimulator(BaseSimulator):
    """A network that runs, and whose state is a value."""

    # -- running -------------------------------------------------------------------------------

    def run(
        self,
        time_in_seconds: float,
        progress_bar: Any = None,
        stateful: bool | None = None,
        data: Any = None,
    ) -> None:
        """Advance by ``time_in_seconds``, rounded to a whole number of steps.

        Parameters
        ----------
        time_in_seconds : float
        progress_bar : bool or nengo.utils.progress.ProgressBar, optional
        stateful : bool, optional
        data : object, optional
            See `run_steps`.

        Raises
        ------
        ValidationError
            For a negative or unreal time, and for data that do not fit, before anything runs.
        SimulationError
            Naming the Node whose function failed, or the signal that became NaN; the state is
            that of the last whole tile.

        Examples
        --------
        >>> sim.run(0.05)
        >>> sim.n_steps, round(sim.time, 6)
        (50, 0.05)
        """
        self._check_usable("run")
        steps = int(np.round(seconds(time_in_seconds, "time_in_seconds", obj=self) / self.dt))
        if steps == 0:
            warnings.warn(
                f"{time_in_seconds} s is less than half a step of {self.dt} s; still at "
                f"{self.time} s",
                stacklevel=2,
            )
        else:
            self.run_steps(steps, progress_bar, stateful, data)

    def run_steps(
        self,
        n_steps: int,
        progress_bar: Any = None,
        stateful: bool | None = None,
        data: Any = None,
    ) -> None:
        """Advance by ``n_steps`` steps.

        An interrupt ends it within a second and leaves everything as after the last whole tile.

        Parameters
        ----------
        n_steps : int
        progress_bar : bool or nengo.utils.progress.ProgressBar, optional
        stateful : bool, optional
            False: the state, and with it the time, is afterwards what it was at the call; the
            probes keep what they saw, and `trange` shows its times. What Python functions remember
            by themselves stays as the run left it. Default: True, unless `configure_settings`
            says False, which holds for all calls.
        data : object, optional
            What Nodes without input put out in these steps, ``(batch, n_steps, size)``: an array
            for the first; a list in the order of ``network.all_nodes``; or a dict by Node or name.
            Their own functions and processes rest meanwhile, and go on afterwards.

        Raises
        ------
        UnknownObject, ValidationError
            For data that do not fit, before anything runs.
        SimulationError
            As `run` does.

        Examples
        --------
        >>> sim.run_steps(10)
        >>> sim.data[probe].shape
        (10, 1)
        >>> sim.run_steps(10, stateful=False)  # what would come, from here
        >>> sim.n_steps
        10
        """
        self._check_usable("run")
        n_steps = whole(n_steps, "n_steps", 0, self)
        given = {} if data is None else self._feeder.for_run(data, n_steps, self._engine.batch)
        with nullcontext() if self._keeps_state(stateful) else self._state_put_back():
            if self._as_training:
                self._run_tiles(self._tiles_as_training(n_steps, given), n_steps, progress_bar)
                return
            with self._engine.fed(given):
                self._run_tiles(self._engine.tiles(n_steps), n_steps, progress_bar)

    def step(self, stateful: bool | None = None, data: Any = None) -> None:
        """Advance by one step; see `run_steps`.

        Examples
        --------
        >>> sim.step()
        >>> sim.n_steps
        1
        """
        self.run_steps(1, progress_bar=False, stateful=stateful, data=data)

    def advance(self, n_steps: int, data: Any = None) -> dict[nengo.Probe | Tap, np.ndarray]:
        """Advance without keeping anything in ``data``.

        Either all steps are done or, where an error is raised, none.

        Parameters
        ----------
        n_steps : int
        data : object, optional
            See `run_steps`.

        Returns
        -------
        dict
            For each probe (at its ``sample_every``) and each tap that was ready, its samples
            ``(batch, samples, size)``.

        Examples
        --------
        >>> seen = sim.advance(10)
        >>> seen[probe].shape, len(sim.data[probe])
        ((1, 10, 1), 0)
        """
        self._check_usable("advance")
        if self._as_training:
            raise SimulationError(
                "advance, and with it live sessions, cannot run as in training, which the setting "
                "learning_phase=True asks for; use run, or leave it out of configure_settings"
            )
        done, n_steps = self.n_steps, whole(n_steps, "n_steps", 0, self)
        given = {} if data is None else self._feeder.for_run(data, n_steps, self._engine.batch)
        with self._engine.fed(given):
            outputs = self._engine.advance(n_steps)
        seen: dict[Any, np.ndarray] = dict(self._recording.pick(done, outputs))
        for tap, probe in list(self._engine.taps.items()):
            if probe in outputs:
                seen[tap] = outputs[probe]
        return {key: np.moveaxis(data, 1, 0) for key, data in seen.items()}

    def prepare(self, whole: bool = True) -> None:
        """Compile now what the first run would compile, taps that were asked for included.

        Parameters
        ----------
        whole : bool
            Some networks have two compiled forms, for many steps at a time and for few. False waits
            for the first alone, which can do all; the other is compiled beside runs that want it.

        Examples
        --------
        >>> sim.prepare()
        >>> sim.n_steps  # compiled, and not run
        0
        """
        self._check_usable("prepare")
        self._engine.prepare(whole)

    @property
    def is_compiling(self) -> bool:
        """Whether something that was asked for is still being compiled beside a run.

        Examples
        --------
        >>> sim.prepare()
        >>> sim.is_compiling
        False
        """
        return self._engine.background.is_compiling

    def reset(
        self,
        seed: int | None = None,
        include_trainable: bool = True,
        include_probes: bool = True,
        include_processes: bool = True,
    ) -> None:
        """Back to time 0.

        Parameters
        ----------
        seed : int, optional
            Draw the processes anew with this seed. Default: as at the start.
        include_trainable : bool
            Give parameters that training changed the values with which they were built, and let
            weights that are learned online start again. Else both stay.
        include_probes : bool
            Empty the probes, on disk too; else new data follows the old, and `trange` too starts
            again in the middle.
        include_processes : bool
            Start the processes anew; else their generators go on from where they are.

        Examples
        --------
        >>> sim.run_steps(10)
        >>> sim.reset()
        >>> sim.n_steps, len(sim.data[probe])
        (0, 0)
        """
        self._check_usable("reset")
        if seed is not None and not include_processes:
            raise ValidationError(
                f"{seed} would have no effect: seeds are the processes', and include_processes is "
                "False",
                attr="seed",
                obj=self,
            )
        seed = self.seed if seed is None else whole(seed, "seed", 0, self)
        with uninterrupted():
            self.seed = seed
            self._engine.reset(self.seed, include_trainable, include_processes)
            if include_probes:
                self.clear_probes()
            self._recording.stretches.restart()

    def clear_probes(self) -> None:
        """Forget all probe data.

        Examples
        --------
        >>> sim.run_steps(10)
        >>> sim.clear_probes()
        >>> sim.n_steps, len(sim.data[probe])
        (10, 0)
        """
        self._recording.clear()

    # -- state ---------------------------------------------------------------------------------

    @property
    def state(self) -> Snapshot:
        """The state as a value; setting it goes back to it, or over to another simulator's.

        A snapshot followed by the same inputs (``set_input``) gives the same outputs. Setting it
        drops probe data of later steps; a simulator that is set to a step ahead of its data keeps
        the data, and `trange` shows the gap. What does not fit is refused by name and changes
        nothing. Python functions that may remember something cannot be put back; a warning names
        them.

        Examples
        --------
        >>> sim.run_steps(10)
        >>> before = sim.state
        >>> sim.run_steps(10)
        >>> sim.state = before
        >>> sim.n_steps, len(sim.data[probe])
        (10, 10)
        """
        self._check_usable("take its state")
        return self._engine.snapshot()

    @state.setter
    def state(self, snapshot: Snapshot) -> None:
        self._check_usable("set its state")
        left = self._engine.restore(snapshot)
        self.seed = snapshot.seed
        self._recording.cut(self.n_steps)
        _warn_of_left(left)

    def __getstate__(self) -> dict[str, Any]:
        from nengolab.runtime.pickling import contents

        if not self.closed:
            self._check_usable("pickle")
        return contents(self)

    def __setstate__(self, contents: dict[str, Any]) -> None:
        self.closed = True
        from nengolab.startup.tensorflow import load_tensorflow

        load_tensorflow()
        from nengolab.runtime.pickling import fill

        fill(self, contents)

    # -- how a run goes --------------------------------------------------------------------------

    @cached_property
    def _feeder(self) -> Feeder:
        """Checks data, and knows the names under which they are given."""
        from nengolab.feeding.aliases import Aliases
        from nengolab.feeding.feeder import Feeder

        engine = self._engine
        aliases = Aliases(engine.network, engine.built.names)
        return Feeder.of(aliases, engine.built.model, engine.batch, engine.graph.heard)

    def _keeps_state(self, asked: bool | None) -> bool:
        """Whether a call is to keep the state; with the setting ``stateful=False`` none does."""
        setting = get_setting(self._engine.network, "stateful")
        if asked and not setting:
            warnings.warn(
                "the setting stateful is False, so this call keeps no state, though it says "
                "stateful=True; leave stateful out of configure_settings to say it call by call",
                stacklevel=3,
            )
        return setting if asked is None else bool(asked) and setting

    @contextmanager
    def _state_put_back(self) -> Iterator[None]:
        before = self._engine.snapshot()
        try:
            yield
        finally:
            with uninterrupted():
                left = self._engine.restore(before)
                self._recording.stretches.restart()
            _warn_of_left(left)

    @property
    def _as_training(self) -> bool:
        """Whether runs behave as training does, by the setting ``learning_phase``."""
        return always_as_training(self._engine.network)

    def _tiles_as_training(self, n_steps: int, given: dict[Any, np.ndarray]) -> Iterator[Tile]:
        """Tiles of a run that behaves as training does: said by who can train."""
        raise NotImplementedError

    def _run_tiles(self, tiles: Iterator[Tile], n_steps: int, progress_bar: Any) -> None:
        bar = self.progress_bar if progress_bar is None else progress_bar
        progress = Progress("Simulating", "Simulation", n_steps or None)
        with PromptTracker(bar, progress) as tracker:
            self._engine.compiling = lambda: _stage(tracker, "Compiling", "Compile")
            for tile in tiles:
                with uninterrupted():
                    self._engine.commit(tile)
                    self._recording.append(tile.done, self.n_steps, tile.outputs)
                tracker.total_progress.step(tile.n_steps)
