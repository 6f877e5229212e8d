"""``Simulator``: what a person holds. Thin: it asks the rooms below."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING, Any

import nengo
import numpy as np
from nengo.utils.numpy import maxint
from nengo.utils.progress import Progress, ProgressTracker

from nengolab.exceptions import SimulatorBusy, SimulatorClosed, ValidationError
from nengolab.settings import get_setting

if TYPE_CHECKING:
    from nengolab.runtime.data import SimulationData


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


class Simulator:
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
        optimize: bool = True,
    ):
        self.closed = True  # until everything is there
        self._owner: tuple[int, str] | None = None
        if minibatch_size is not None and int(minibatch_size) < 1:
            raise ValidationError(
                f"must be at least 1, got {minibatch_size}", attr="minibatch_size", obj=self
            )
        self.network, self.minibatch_size = network, minibatch_size
        self.device, self.progress_bar, self.optimize = device, progress_bar, optimize
        self.seed = self._choose_seed(network, seed)
        # TensorFlow takes seconds to load and is needed from here on only.
        from nengolab.runtime.tensorflow import load_tensorflow

        load_tensorflow()
        from nengolab.runtime.data import ProbeHistory, SimulationData
        from nengolab.runtime.engine import Engine

        settings = network if network is not None or model is None else model.toplevel
        with ProgressTracker(progress_bar, Progress("Building", "Build")) as tracker:
            self._engine = Engine(
                network,
                dt,
                self.seed,
                1 if minibatch_size is None else int(minibatch_size),
                get_setting(settings, "dtype"),
                get_setting(settings, "schedule"),
                model,
                tracker.next_stage("Building", "Build") if network is not None else None,
            )
        self._histories = {
            p: ProbeHistory(p, self.dt, self.model.sig[p]["in"].shape) for p in self._engine.probes
        }
        self.data: SimulationData = SimulationData(
            self.model.params, self._histories, minibatch_size is not None
        )
        self.closed = False

    @staticmethod
    def _choose_seed(network: nengo.Network | None, seed: int | None) -> int:
        if seed is not None:
            return seed
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

        ``dt`` is the name that it had in Nengo before version 3.
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
        steps = np.arange(1, self.n_steps + 1)
        return self.dt * steps[steps % period < 1]

    def report(self) -> str:
        """How the network runs: groups, regions and their ways, Nodes, compiles, times."""
        from nengolab.report import report

        return report(self._engine)

    # -- running -------------------------------------------------------------------------------

    def run(self, time_in_seconds: float, progress_bar: Any = None) -> None:
        """Advance by ``time_in_seconds``, rounded to a whole number of steps.

        Raises
        ------
        ValidationError
            For a negative or unreal time.
        SimulationError
            Naming the Node whose function failed, or the signal that became NaN; the state is
            that of the last whole tile.
        """
        if not np.isfinite(time_in_seconds) or time_in_seconds < 0:
            raise ValidationError(
                f"must be a number of seconds from 0 up, got {time_in_seconds}",
                attr="time_in_seconds",
                obj=self,
            )
        steps = int(np.round(float(time_in_seconds) / self.dt))
        if steps == 0:
            warnings.warn(
                f"{time_in_seconds} s is less than half a step of {self.dt} s; still at "
                f"{self.time} s",
                stacklevel=2,
            )
        else:
            self.run_steps(steps, progress_bar)

    def run_steps(self, n_steps: int, progress_bar: Any = None) -> None:
        """Advance by ``n_steps`` steps."""
        self._check_usable("run")
        if n_steps < 0 or int(n_steps) != n_steps:
            raise ValidationError(
                f"must be a whole number from 0 up, got {n_steps}", attr="n_steps", obj=self
            )
        bar = self.progress_bar if progress_bar is None else progress_bar
        with ProgressTracker(bar, Progress("Simulating", "Simulation", int(n_steps))) as tracker:
            with self._on_device():
                for done, outputs in self._engine.tiles(int(n_steps)):
                    self._keep(done, outputs)
                    tracker.total_progress.step(self.n_steps - done)

    def step(self) -> None:
        """Advance by one step."""
        self.run_steps(1, progress_bar=False)

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
        done = self.n_steps
        with self._on_device():
            outputs = self._engine.advance(int(n_steps))
        seen: dict[Any, np.ndarray] = {
            p: h.samples(done, outputs[p]) for p, h in self._histories.items()
        }
        for tap, probe in list(self._engine.taps.items()):
            if probe in outputs:
                seen[tap] = outputs[probe]
        return {key: np.moveaxis(data, 1, 0) for key, data in seen.items()}

    def prepare(self) -> None:
        """Compile now what the first run would compile, taps that were asked for included."""
        self._check_usable("prepare")
        with self._on_device():
            self._engine.prepare()

    def reset(self, seed: int | None = None) -> None:
        """Back to time 0 with empty probes; ``seed`` draws the processes anew."""
        self._check_usable("reset")
        self.seed = self.seed if seed is None else seed
        self._engine.reset(self.seed)
        self.clear_probes()

    def clear_probes(self) -> None:
        """Forget all probe data."""
        for history in self._histories.values():
            history.clear()

    def _keep(self, done: int, outputs: dict) -> None:
        for probe, history in self._histories.items():
            history.append(done, outputs[probe])

    def _on_device(self):
        import tensorflow as tf

        return tf.device(self.device)

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

    def set_input(self, node: nengo.Node, value: Any) -> None:
        """Let a Node without input put out ``value`` from now on; None its own."""
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

    def __enter__(self) -> Simulator:
        self._check_usable("enter")
        return self

    def __exit__(self, *exc: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "closed", True):
            warnings.warn(
                f"Simulator of {self.network} was deallocated while open; use 'with' or close()",
                ResourceWarning,
                stacklevel=2,
            )
            self.close()
