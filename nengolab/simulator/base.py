"""A network that is built: what is known of it, taps, inputs, ownership, and its end."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import nengo
import numpy as np
from nengo.builder import Model
from nengo.utils.numpy import maxint
from nengo.utils.progress import Progress

from nengolab.checks import seconds, whole
from nengolab.exceptions import (
    ReadonlyError,
    SimulatorBusy,
    SimulatorClosed,
    ValidationError,
)
from nengolab.runtime.progress import PromptTracker
from nengolab.settings import get_setting, keeps_history

if TYPE_CHECKING:
    from nengolab.parameters import Parameters
    from nengolab.runtime.data import SimulationData


def _check_network(network: Any, model: Any) -> None:
    if network is None and model is None:
        raise ValidationError("needs a nengo.Network, or a built model", attr="network")
    for value, kind, attr in ((network, nengo.Network, "network"), (model, Model, "model")):
        if value is not None and not isinstance(value, kind):
            raise ValidationError(
                f"must be a nengo {kind.__name__}, got {value!r} ({type(value).__name__})",
                attr=attr,
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

    Examples
    --------
    >>> with nengolab.Simulator(net) as sim:
    ...     tap = sim.add_tap(ensemble.neurons)
    ...     sim.prepare()  # waits until it is compiled
    ...     spikes = sim.advance(10)[tap]
    >>> spikes.shape
    (1, 10, 20)
    """

    def __init__(self, obj: Any, attr: str | None):
        self.obj, self.attr = obj, attr
        self.size = 0
        self.ready = False
        self.error: Exception | None = None


class BaseSimulator:
    """A network that is built: its facts, parameters, taps and inputs, who owns it, and its end."""

    _parameters: tuple[Any, Parameters] | None = None

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
    ):
        self.closed = True  # until everything is there
        self._owner: tuple[int, str] | None = None
        _check_network(network, model)
        if minibatch_size is not None:
            minibatch_size = whole(minibatch_size, "minibatch_size", 1, self)
        dt = seconds(dt, "dt", positive=True, obj=self)
        self.unroll = whole(unroll_simulation, "unroll_simulation", 1, self)
        self.network, self.minibatch_size = network, minibatch_size
        self.device, self.progress_bar, self.optimize = device, progress_bar, optimize
        self.seed = self._choose_seed(network, seed)
        # TensorFlow takes seconds to load and is needed from here on only.
        from nengolab.startup.tensorflow import load_tensorflow

        load_tensorflow()
        from nengolab.runtime.collector import collector_paused
        from nengolab.runtime.engine import Engine
        from nengolab.runtime.store import ProbeStore

        settings = network if model is None or network is not None else model.toplevel
        self._check_devices(settings)
        store = None if probe_store is None else ProbeStore.of(probe_store)
        if store is not None:
            store.check()
        building = PromptTracker(progress_bar, Progress("Building", "Build"))
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

    def _check_devices(self, settings: nengo.Network | None) -> None:
        """Refuse devices on which it cannot run, before anything is built."""
        from nengolab.startup.tensorflow import check_device

        check_device(self.device)

    def _set_up_recording(self, store: Any) -> None:
        from nengolab.runtime.data import Recorded, SimulationData

        engine, batched = self._engine, self.minibatch_size is not None
        shapes = {p: (engine.batch, *self.model.sig[p]["in"].shape) for p in engine.probes}
        keeps = partial(keeps_history, self.network)
        self._recording = Recorded(shapes, self.dt, engine.dtype, batched, keeps, store)
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
        """Length of a step (s). It is part of what was built, so it cannot be set."""
        return self._engine.dt

    @dt.setter
    def dt(self, dt: Any) -> None:
        raise ReadonlyError(
            "dt",
            self,
            f"cannot be set to {dt!r}: the network was built for steps of {self.dt:g} s; make "
            f"a new Simulator(network, dt={dt!r})",
        )

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
        """Readable name of an object of the network: subnetwork path, label or type, ordinal.

        Examples
        --------
        >>> sim.name_of(connection)
        'stimulus -> ensemble'
        """
        return self._engine.built.names.get(obj)

    def trange(self, sample_every: float | None = None, dt: float | None = None) -> np.ndarray:
        """Times (s) at which a probe with this ``sample_every`` has data.

        They are those of the samples in ``data``: what ``advance`` ran, what was cleared and what
        lies after a restored state is left out. ``dt`` is what ``sample_every`` was called before
        Nengo 3.

        Examples
        --------
        >>> sim.run_steps(4)
        >>> sim.trange()
        array([0.001, 0.002, 0.003, 0.004])
        >>> sim.trange(sample_every=0.002)
        array([0.002, 0.004])
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

        Examples
        --------
        >>> print(sim.report())  # doctest: +ELLIPSIS
        unlabeled network, dt = 0.001 s...
        """
        from nengolab.runtime.report import report

        return report(self._engine, profile)

    @property
    def parameters(self) -> Parameters:
        """Every array of the network: its name, owner, role, shape, value, and whether it trains.

        ``print(sim.parameters)`` shows the table; ``sim.parameters["hidden.encoders"].value`` is
        one's current value, and assigning to that changes it.

        Examples
        --------
        >>> sim.parameters["ensemble.encoders"].shape
        (20, 1)
        >>> sim.parameters["ensemble.neurons.bias"].trainable
        True
        """
        from nengolab.parameters import Parameters

        graph = self._engine.graph  # a new one where the network was compiled anew
        if self._parameters is None or self._parameters[0] is not graph:
            batched = self.minibatch_size is not None
            table = Parameters.of_engine(self._engine, batched, self._check_usable)
            self._parameters = (graph, table)
        return self._parameters[1]

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
            Or ``"mean"`` of neurons: one value, the mean of their outputs.

        Examples
        --------
        >>> tap = sim.add_tap(ensemble.neurons, "voltage")
        >>> sim.prepare()  # waits until it is compiled
        >>> sim.advance(10)[tap].shape
        (1, 10, 20)
        """
        self._check_usable("add_tap")
        tap = Tap(obj, attr)
        self._engine.add_tap(tap, obj, attr)
        return tap

    def gathering_taps(self) -> AbstractContextManager[None]:
        """Have all taps that are added meanwhile compiled at once, when the last one has been.

        Examples
        --------
        >>> with sim.gathering_taps():
        ...     taps = [sim.add_tap(ensemble), sim.add_tap(ensemble.neurons)]
        >>> sim.prepare()
        >>> [data.shape for data in map(sim.advance(10).get, taps)]
        [(1, 10, 1), (1, 10, 20)]
        """
        return self._engine.background.gathering()

    def remove_tap(self, tap: Tap) -> None:
        """Stop reading a tap.

        Examples
        --------
        >>> tap = sim.add_tap(ensemble)
        >>> sim.prepare()
        >>> sim.remove_tap(tap)
        >>> tap in sim.advance(10)
        False
        """
        self._engine.remove_tap(tap)

    def set_input(self, node: nengo.Node | str, value: Any) -> None:
        """Let a Node without input, or that of this name, put out ``value`` from now on.

        None gives it back its own output. A `nengolab.Recording` is played from the next step on.

        Examples
        --------
        >>> sim.set_input("stimulus", -1.0)
        >>> sim.run_steps(100)
        >>> bool(sim.data[probe][-1, 0] < 0)
        True
        >>> sim.set_input("stimulus", None)  # its own output again
        """
        self._check_usable("set_input")
        self._engine.set_input(node, value)

    def ready_to_play(self, node: nengo.Node) -> Future[int]:
        """Compile, beside the run, what it takes for a Node to play a `nengolab.Recording`.

        Returns
        -------
        Future of int
            Done when the form that can is in use: at once where it is, else the next tile takes
            it up, and so does `prepare`.

        Examples
        --------
        >>> ready = sim.ready_to_play(sim.network.nodes[0])
        >>> sim.prepare()
        >>> ready.done()
        True
        """
        self._check_usable("ready_to_play")
        return self._engine.ready_to_play(node)

    # -- ownership and end ---------------------------------------------------------------------

    def hear_prints(self, take: Callable[[str, str], bool] | None) -> None:
        """Give what the network's Python functions print to somebody.

        Parameters
        ----------
        take : callable or None
            Called on any thread with the name of an object and a piece of text; says whether it
            takes it. What it does not take, and with None everything, goes to standard output.

        Examples
        --------
        >>> sim.hear_prints(lambda name, text: notes.append((name, text)) is None)
        >>> sim.run_steps(2)
        >>> sim.hear_prints(None)
        """
        self._check_usable("hear_prints")
        self._engine.host.heard = take

    def claim(self, owner: str) -> None:
        """Bind the simulator to the calling thread; other threads' calls raise SimulatorBusy.

        Examples
        --------
        >>> sim.claim("this notebook")
        >>> sim.run_steps(1)  # from this thread it may
        >>> sim.release()
        """
        self._check_usable("claim")
        self._owner = (threading.get_ident(), owner)

    def release(self) -> None:
        """End a claim.

        Examples
        --------
        >>> sim.claim("this notebook")
        >>> sim.release()
        """
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
        """End it; ``data`` stays readable.

        Examples
        --------
        >>> sim.run_steps(10)
        >>> sim.close()
        >>> sim.data[probe].shape
        (10, 1)
        """
        if not self.closed:
            self.closed = True
            self._engine.close()
            self._recording.flush()

    def __enter__(self) -> Self:
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
