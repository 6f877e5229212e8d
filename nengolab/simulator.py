"""``Simulator``: what a person holds. Thin: it asks the rooms below."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import nengo
import numpy as np
from nengo.builder import Model
from nengo.utils.numpy import maxint
from nengo.utils.progress import Progress, ProgressTracker

from nengolab.checks import seconds, whole
from nengolab.exceptions import SimulatorBusy, SimulatorClosed, ValidationError
from nengolab.saving.saving import Saving
from nengolab.settings import get_setting, keeps_history
from nengolab.startup.worker import uninterrupted
from nengolab.training.fitting import Fitting

if TYPE_CHECKING:
    from nengolab.parameters import Parameters
    from nengolab.runtime.data import SimulationData
    from nengolab.runtime.snapshot import Snapshot


@contextmanager
def _stage(tracker: ProgressTracker, during: str, after: str) -> Iterator[None]:
    """Show a stage of unknown length in a progress bar."""
    with Progress(during, after) as stage:
        tracker.sub_progress = stage
        yield


def _check_network(network: Any, model: Any) -> None:
    if network is None and model is None:
        raise ValidationError("needs a nengo.Network, or a built model", attr="network")
    for value, kind, attr in ((network, nengo.Network, "network"), (model, Model, "model")):
        if value is not None and not isinstance(value, kind):
            raise ValidationError(
                f"must be a nengo {kind.__name__}, got {value!r} ({type(value).__name__})",
                attr=attr,
            )


def _warn_of_left(left: list[str]) -> None:
    """Say what stayed as it was when a state was put back."""
    if left:
        warnings.warn(
            "these Python functions may remember something, which nobody can put back; they go on "
            f"as they are: {', '.join(left)}",
            stacklevel=3,
        )


class Tap:
    """A signal read out of a running simulator, as ``Simulator.add_tap`` gives it.

    Attributes
    ----------
    obj : object
        What is read.
    attr : str or None
        Which of its attributes, as in ``nengo.Probe``.
    size : int
    ready : bool
        Whether the next ``advance`` delivers it.
    error : Exception or None
        Why it will never be delivered.
    """

    def __init__(self, obj: Any, attr: str | None):
        self.obj, self.attr = obj, attr
        self.size = 0
        self.ready = False
        self.error: Exception | None = None


class Simulator(Fitting, Saving):
    """Compile a Nengo network with TensorFlow and run it.

    Parameters
    ----------
    network : nengo.Network or None
        None when ``model`` is given already built.
    dt : float
        Length of a step (s).
    seed : int, optional
        Of the processes. Default: the network's seed + 1, else random.
    model : nengo.builder.Model, optional
        A model to build into.
    device : str, optional
        TensorFlow device, for example ``"/cpu:0"``.
    unroll_simulation : int
        Accepted for compatibility; run lengths are never rounded.
    minibatch_size : int, optional
        Run this many copies at once. None acts as 1 and leaves the batch axis out of ``sim.data``.
    progress_bar : bool or nengo.utils.progress.ProgressBar
        Show progress of building and running.
    probe_store : str, Path or nengolab.ProbeStore, optional
        A new folder in which probe data is kept (as Zarr) instead of in memory, so that a run may
        be as long as the disk is large; ``data[probe]`` then reads what it is indexed with.
    strategy : tf.distribute.Strategy, optional
        Train on several devices (``MirroredStrategy``) or machines
        (``MultiWorkerMirroredStrategy``): every batch, of up to ``minibatch_size`` items, is shared
        by its replicas, with the loss and the gradient that one device would compute. With several
        machines each makes the same Simulator, of a network with a seed, and makes the same calls
        with the same data. Runs use one device.
    optimize : bool
        Accepted for compatibility with ``nengo.Simulator``; like operators are always merged.

    Attributes
    ----------
    data : Mapping
        ``data[probe]`` is ``(samples, size)``, or ``(batch, samples, size)`` with a
        ``minibatch_size``; ``data[ensemble]`` and ``data[connection]`` are what Nengo built.

    Raises
    ------
    BuildError
        For an operator that has no kernel, naming the object.
    """

    def __init__(
        self,
        network: nengo.Network | None,
        dt: float = 0.001,
        seed: int | None = None,
        model: nengo.builder.Model | None = None,
        device: str | None = None,
        unroll_simulation: int = 1,
        minibatch_size: int | None = None,
        progress_bar: Any = True,
        probe_store: Any = None,
        optimize: bool = True,
        strategy: Any = None,
    ):
        self.closed = True  # until everything is there
        self._trainer: Any = None
        self._owner: tuple[int, str] | None = None
        _check_network(network, model)
        if minibatch_size is not None:
            minibatch_size = whole(minibatch_size, "minibatch_size", 1, self)
        dt = seconds(dt, "dt", positive=True, obj=self)
        whole(unroll_simulation, "unroll_simulation", 1, self)
        self.network, self.minibatch_size = network, minibatch_size
        self.device, self.progress_bar, self.optimize = device, progress_bar, optimize
        self.seed = self._choose_seed(network, seed)
        # TensorFlow takes seconds to load and is needed from here on only.
        from nengolab.startup.tensorflow import check_device, load_tensorflow

        load_tensorflow()
        check_device(device)
        self.strategy = strategy
        if strategy is not None:
            from nengolab.training.replicas import check_strategy

            check_strategy(strategy, minibatch_size)
        from nengolab.runtime.collector import collector_paused
        from nengolab.runtime.engine import Engine
        from nengolab.runtime.store import ProbeStore

        settings = network if network is not None else model.toplevel
        store = None if probe_store is None else ProbeStore.of(probe_store)
        if store is not None:
            store.check()
        building = ProgressTracker(progress_bar, Progress("Building", "Build"))
        with collector_paused(), building as tracker:
            self._engine = Engine(
                network,
                dt,
                self.seed,
                minibatch_size or 1,
                get_setting(settings, "dtype"),
                get_setting(settings, "schedule"),
                get_setting(settings, "python_functions"),
                model,
                tracker.next_stage("Building", "Build") if network is not None else None,
                device,
            )
        self._set_up_recording(store)
        if store is not None:
            self._recording.create(store.overwrite, self.dt, self.name_of)
        self.closed = False
        if strategy is not None:
            self._training  # noqa: B018  # all workers make their variables together, here

    def _set_up_recording(self, store: Any) -> None:
        from nengolab.runtime.data import Recording, SimulationData

        engine, batched = self._engine, self.minibatch_size is not None
        self._parameters: tuple[Any, Parameters] | None = None
        shapes = {p: (engine.batch, *self.model.sig[p]["in"].shape) for p in engine.probes}
        keeps = partial(keeps_history, self.network)
        self._recording = Recording(shapes, self.dt, engine.dtype, batched, keeps, store)
        self.data: SimulationData = SimulationData(
            self.model.params, self._recording, batched, engine.built.names, engine
        )

    def _choose_seed(self, network: nengo.Network | None, seed: int | None) -> int:
        if seed is not None:
            return whole(seed, "seed", 0, self)
        if network is not None and network.seed is not None:
            return network.seed + 1
        return int(np.random.randint(maxint))

    # -- facts ---------------------------------------------------------------------------------

    @property
    def dt(self) -> float:
        """Length of a step (s)."""
        return self._engine.dt

    @property
    def n_steps(self) -> int:
        """Steps done since time 0."""
        return self._engine.n_steps

    @property
    def time(self) -> float:
        """Simulated time (s)."""
        return self.n_steps * self.dt

    @property
    def model(self) -> nengo.builder.Model:
        """Nengo's built model: operators, signals, parameters."""
        return self._engine.built.model

    def name_of(self, obj: Any) -> str:
        """Readable name of an object of the network: subnetwork path, label or type, ordinal."""
        return self._engine.built.names.get(obj)

    def trange(self, sample_every: float | None = None, dt: float | None = None) -> np.ndarray:
        """Times (s) at which a probe with this ``sample_every`` has data.

        They are those of the samples in ``data``: what ``advance`` ran, what was cleared and what
        lies after a restored state is left out. ``dt`` is what ``sample_every`` was called before
        Nengo 3.
        """
        if dt is not None:
            if sample_every is not None:
                raise ValidationError(
                    f"is the old name of sample_every; give one of them, got {dt} and "
                    f"{sample_every}",
                    attr="dt",
                    obj=self,
                )
            warnings.warn(
                "trange(dt=...) is deprecated; use sample_every", DeprecationWarning, stacklevel=2
            )
            sample_every = dt
        period = 1 if sample_every is None else sample_every / self.dt
        steps = self._recording.stretches.steps()
        return self.dt * steps[steps % period < 1]

    def report(self, profile: bool = False) -> str:
        """How the network runs: groups, regions and their ways, Nodes, compiles, times, memory.

        Parameters
        ----------
        profile : bool
            Also time every group by itself: where a step's time goes. It takes a compile a group.
        """
        from nengolab.runtime.report import report

        return report(self._engine, profile)

    # -- running -------------------------------------------------------------------------------

    def run(
        self, time_in_seconds: float, progress_bar: Any = None, stateful: bool | None = None
    ) -> None:
        """Advance by ``time_in_seconds``, rounded to a whole number of steps.

        Parameters
        ----------
        time_in_seconds : float
        progress_bar : bool or nengo.utils.progress.ProgressBar, optional
        stateful : bool, optional
            See `run_steps`.

        Raises
        ------
        ValidationError
            For a negative or unreal time.
        SimulationError
            Naming the Node whose function failed, or the signal that became NaN; the state is
            that of the last whole tile.
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
            self.run_steps(steps, progress_bar, stateful)

    def run_steps(
        self, n_steps: int, progress_bar: Any = None, stateful: bool | None = None
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
            by themselves stays as the run left it. Default: the network's setting ``stateful``,
            which is True where `configure_settings` says nothing.
        """
        self._check_usable("run")
        n_steps = whole(n_steps, "n_steps", 0, self)
        if stateful is None:
            stateful = get_setting(self._engine.network, "stateful")
        with nullcontext() if stateful else self._state_put_back():
            self._run_steps(n_steps, progress_bar)

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

    def _run_steps(self, n_steps: int, progress_bar: Any) -> None:
        bar = self.progress_bar if progress_bar is None else progress_bar
        progress = Progress("Simulating", "Simulation", n_steps or None)
        with ProgressTracker(bar, progress) as tracker:
            self._engine.compiling = lambda: _stage(tracker, "Compiling", "Compile")
            for tile in self._engine.tiles(n_steps):
                with uninterrupted():
                    self._engine.commit(tile)
                    self._recording.append(tile.done, self.n_steps, tile.outputs)
                tracker.total_progress.step(tile.n_steps)

    def step(self, stateful: bool | None = None) -> None:
        """Advance by one step; see `run_steps`."""
        self.run_steps(1, progress_bar=False, stateful=stateful)

    def advance(self, n_steps: int) -> dict[nengo.Probe | Tap, np.ndarray]:
        """Advance without keeping anything in ``data``.

        Either all steps are done or, where an error is raised, none.

        Returns
        -------
        dict
            For each probe (at its ``sample_every``) and each tap that was ready, its samples
            ``(batch, samples, size)``.
        """
        self._check_usable("advance")
        done, n_steps = self.n_steps, whole(n_steps, "n_steps", 0, self)
        outputs = self._engine.advance(n_steps)
        seen: dict[Any, np.ndarray] = dict(self._recording.pick(done, outputs))
        for tap, probe in list(self._engine.taps.items()):
            if probe in outputs:
                seen[tap] = outputs[probe]
        return {key: np.moveaxis(data, 1, 0) for key, data in seen.items()}

    def prepare(self) -> None:
        """Compile now what the first run would compile, taps that were asked for included."""
        self._check_usable("prepare")
        self._engine.prepare()

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
            Give parameters that training changed the values with which they were built.
        include_probes : bool
            Empty the probes, on disk too; else new data follows the old, and `trange` too starts
            again in the middle.
        include_processes : bool
            Start the processes anew; else their generators go on from where they are.
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
        """Forget all probe data."""
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

    # -- while it runs -------------------------------------------------------------------------

    def add_tap(self, obj: Any, attr: str | None = None) -> Tap:
        """Read out one more signal from now on, without a reset.

        Returns at once; the network is compiled anew in the background and swapped in between
        two tiles, its state untouched.

        Parameters
        ----------
        obj : Ensemble, Neurons, Node or Connection
        attr : str, optional
            As in ``nengo.Probe``: ``"decoded_output"``, ``"output"``, ``"voltage"``, ``"input"``...
        """
        self._check_usable("add_tap")
        tap = Tap(obj, attr)
        self._engine.add_tap(tap, obj, attr)
        return tap

    def remove_tap(self, tap: Tap) -> None:
        """Stop reading a tap."""
        self._engine.remove_tap(tap)

    def set_input(self, node: nengo.Node | str, value: Any) -> None:
        """Let a Node without input, or that of this name, put out ``value`` from now on.

        None gives it back its own output.
        """
        self._check_usable("set_input")
        self._engine.set_input(node, value)

    # -- ownership and end ---------------------------------------------------------------------

    def claim(self, owner: str) -> None:
        """Bind the simulator to the calling thread; other threads' calls raise SimulatorBusy."""
        self._check_usable("claim")
        self._owner = (threading.get_ident(), owner)

    def release(self) -> None:
        """End a claim."""
        self._owner = None

    def _check_usable(self, what: str) -> None:
        if self.closed:
            raise SimulatorClosed(f"cannot {what}: this simulator is closed; make a new one")
        if self._owner is not None and self._owner[0] != threading.get_ident():
            raise SimulatorBusy(
                f"cannot {what} directly: {self._owner[1]} owns this simulator; use its commands, "
                "or close it first"
            )

    def close(self) -> None:
        """End it; ``data`` stays readable."""
        if not self.closed:
            self.closed = True
            self._engine.close()
            self._recording.flush()

    def __enter__(self) -> Simulator:
        self._check_usable("enter")
        return self

    def __exit__(self, *exc: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "closed", True):
            try:
                network = str(self.network)
            except Exception:  # where Python ends, Nengo's objects may not know their names
                network = "a network"
            warnings.warn(
                f"Simulator of {network} was deallocated while open; use 'with' or close()",
                ResourceWarning,
                stacklevel=2,
            )
            self.close()
