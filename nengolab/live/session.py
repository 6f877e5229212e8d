"""The session: what a person, a script or a panel holds."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import SimulationError, SimulatorClosed, ValidationError

from nengolab.exceptions import BuildStopped
from nengolab.names import Names
from nengolab.runtime.recording import Recording

from .checks import check_speed, check_steps, steps_in
from .errors import ErrorReport
from .frames import Frame
from .inputs import Value, checked_input
from .listener import Listener
from .living import note_session
from .owner import OwnerThread
from .poking import Poking
from .prints import PrintedLine
from .probes import LiveProbe, base_object, check_member
from .recorder import check_room
from .replaceable import Replaceable, members_of
from .specs import PanelSpec
from .status import STATES, Status

# What else satisfies a wait for a state.
ALSO = {"paused": ("finished",), "ready": ("running", "paused", "finished")}


class Session(Poking, Replaceable):
    """A network that runs live on a thread of its own.

    Returns at once; TensorFlow is loaded and the network built on the owner thread, and
    `state` tells how far it is. Every command may come from any thread. It is queued,
    done between two tiles in the order of arrival, and gives a
    `concurrent.futures.Future` for those who want to wait. A command that is refused
    raises from that Future and is shown in `error`; the session goes on.

    Parameters
    ----------
    net_or_sim : nengo.Network or nengolab.Simulator
        A network is built; a simulator is taken over until `close`: from other threads
        its own methods raise an error that names the session.
    speed : float or None
        Simulated seconds in a second; None is as fast as it goes.
    asleep : bool
        Build nothing until something needs a simulator: a run, a probe, an input, or `wake`. A
        simulator, nengo's too, is then looked at only: it stays the caller's, who runs and trains
        it, and what needs another one is refused.
    before : callable, optional
        Makes the network ready to be built, in the background, before that begins; it is given what
        takes words of how far it is, which the status has as its note.
    **options
        For the Simulator when a network is built: ``dt``, ``seed``, ``minibatch_size``.
        Of a batch the first item is the one shown.
    """

    def __init__(
        self,
        net_or_sim: Any,
        speed: float | None = 1.0,
        asleep: bool = False,
        before: Callable[[Callable[[str], Any]], None] | None = None,
        **options: Any,
    ) -> None:
        if isinstance(net_or_sim, nengo.Network):
            self.network, self.dt = net_or_sim, float(options.get("dt", 0.001))
        elif hasattr(net_or_sim, "advance") or (asleep and hasattr(net_or_sim, "model")):
            if options:
                raise ValidationError(
                    f"{', '.join(options)}: a simulator is built already; "
                    "give these to the Simulator, or the session the network",
                    "options",
                )
            network = getattr(net_or_sim, "network", net_or_sim.model.toplevel)
            if network is None:
                raise ValidationError(
                    "the simulator was made from a model alone; a session names and probes "
                    "the objects of a network",
                    "net_or_sim",
                )
            self.network, self.dt = network, float(net_or_sim.dt)
        else:
            raise ValidationError(
                f"needs a nengo.Network or a nengolab.Simulator, got {type(net_or_sim).__name__}",
                "net_or_sim",
            )
        self._names = Names(self.network)
        self._known = members_of(self.network)
        self._probes: dict[str, LiveProbe] = {}
        title = f"a live session of {self.network.label or 'a network'}"
        speed = check_speed(speed)
        owner = OwnerThread(net_or_sim, options, self.dt, self._names, title, speed, asleep, before)
        self._owner = owner
        # The thread holds no reference to this object, so a forgotten session ends.
        self._finalizer = weakref.finalize(self, owner.forget)
        owner.start()
        if net_or_sim is not self.network and not asleep:
            note_session(net_or_sim, self)

    # ---- what it says ----------------------------------------------------

    @property
    def status(self) -> Status:
        """State, error, time and speeds of one instant."""
        return self._owner.board.now

    @property
    def state(self) -> str:
        """One of `nengolab.live.status.STATES`: "asleep", "loading", "building", "ready", ..."""
        return self.status.state

    @property
    def subject(self) -> Any:
        """What it was given: a network, or a simulator."""
        return self._owner.target

    @property
    def is_closing(self) -> bool:
        """Whether `close` was called, or the session is closed."""
        return self._owner.is_closing

    @property
    def error(self) -> ErrorReport | None:
        """What stopped the run, or why the last command was refused: object, message, traceback."""
        return self.status.error

    @property
    def time(self) -> float:
        """Simulated time (s)."""
        return self.status.time

    @property
    def n_steps(self) -> int:
        """Steps since the start or the last reset."""
        return self.status.n_steps

    @property
    def real_time_factor(self) -> float | None:
        """Simulated seconds in a second over about the last one; None when not running."""
        return self.status.real_time_factor

    @property
    def speed(self) -> float | None:
        """Real-time factor asked for; None is as fast as it goes."""
        return self.status.speed

    @property
    def probes(self) -> list[LiveProbe]:
        """Probes that were added and not removed."""
        return list(self._probes.values())

    @property
    def network_changed(self) -> bool:
        """Whether objects were added to the network, or taken from it, since it was built."""
        return members_of(self.network) != self._known

    @property
    def names(self) -> Names:
        """Names of the network's objects, as it was built."""
        return self._names

    @property
    def inputs(self) -> dict[nengo.Node, np.ndarray | Recording]:
        """What Nodes put out instead of their own output."""
        return dict(self._owner.inputs)

    def watch_inputs(
        self, callback: Callable[[nengo.Node, np.ndarray | Recording | None], None]
    ) -> Callable[[], None]:
        """Hear of each input that is set, whoever sets it.

        Parameters
        ----------
        callback : callable
            Called with the Node and what it puts out, or None when it has its own output again,
            on the owner thread: it must only pass it on.

        Returns
        -------
        stop : callable
            Ends it.
        """
        watchers = self._owner.input_watchers
        watchers.append(callback)
        return lambda: watchers.remove(callback) if callback in watchers else None

    def watch_prints(self, callback: Callable[[PrintedLine], None]) -> Callable[[], None]:
        """Hear of each line that the network's functions print; it is then printed nowhere else.

        Parameters
        ----------
        callback : callable
            Called with each `PrintedLine`, on any thread: it must only pass it on.

        Returns
        -------
        stop : callable
            Ends it.
        """
        return self._owner.prints.watch(callback)

    @property
    def printed(self) -> list[PrintedLine]:
        """The last lines that were printed while somebody watched."""
        return list(self._owner.prints.lines)

    @property
    def buffer_bytes(self) -> int:
        """Memory that recent data takes, for all plots of all listeners."""
        return self._owner.delivery.recorder.nbytes

    def __repr__(self) -> str:
        return f"<Session of {self.network.label or 'a network'!r}, {self.state} at {self.time} s>"

    # ---- commands --------------------------------------------------------

    def wake(self) -> None:
        """Build the network, where nothing has asked for that yet."""
        self._owner.wake()

    def play(self) -> Future[None]:
        """Run until told otherwise."""
        return self._owner.post(lambda: self._owner.runner.play())

    def pause(self) -> Future[None]:
        """Stop after the current tile."""
        return self._owner.post(lambda: self._owner.runner.pause(), wakes=False)

    def step(self, n: int = 1) -> Future[float]:
        """Run n steps and pause; the result is the time reached.

        Steps and inputs that are asked for meanwhile wait for them.
        """
        return self._owner.post(
            lambda: self._owner.runner.run_steps(check_steps(n), paced=False, end="paused"),
            after_steps=True,
        )

    def run_for(self, seconds: float) -> Future[float]:
        """Run for some simulated seconds; ends in state "finished".

        The result is the time reached, also when a pause came before.
        """
        return self._owner.post(
            lambda: self._owner.runner.run_steps(
                steps_in(seconds, self.dt), paced=True, end="finished"
            )
        )

    def reset(self, seed: int | None = None) -> Future[None]:
        """Back to time 0; a run goes on from there, unless it was for some steps or seconds only.

        Inputs that were set stay set; recordings are played from their start.

        When the network could not be built, it is built again.
        """
        return self._owner.post(lambda: self._owner.reset(seed))

    def rebuild(self, keep_state: bool = True) -> Future[None]:
        """Build the network again, as it is now, and be paused where the run was.

        Parameters
        ----------
        keep_state : bool
            Go on from the state that there is, as far as it fits by name and shape; what is new
            starts as at time 0. Else from time 0.

        Probes and inputs stay; those of objects that are gone end. A session that was given a
        simulator refuses.
        """
        done = self._owner.post(lambda: self._owner.rebuild(keep_state))
        self._known = members_of(self.network)
        self._names.renew()
        return done

    def set_speed(self, speed: float | None) -> Future[None]:
        """Change the real-time factor asked for; None is as fast as it goes."""
        return self._owner.post(lambda: self._owner.set_speed(check_speed(speed)), wakes=False)

    def set_input(self, node: nengo.Node, value: Any, gesture: str | None = None) -> Future[None]:
        """Override the output of a node that has no input; None gives back its own.

        `undo` brings back what stood before.

        Parameters
        ----------
        node : nengo.Node
            A node of the network.
        value : array_like or Recording or None
            Finite values: ``(size_out,)``, or a number for a node of size 1, is put out until
            something else is set; ``(samples, size_out)`` is played once, a sample a step; a
            `nengolab.Recording` is played as it says.
        gesture : str, optional
            Inputs of a node that follow each other with the same one are undone together: those of
            a slider that is dragged.

        Returns
        -------
        Future
            Done when it counts: from the next step on, or, where a node with a constant output is
            to play something for the first time, when the network is compiled for that, beside the
            run.
        """

        def act() -> Future[None]:
            return self._owner.runner.drive(node, self._checked_input(node, value), gesture)

        return self._owner.post(act, about=node, after_steps=True)

    def add_probe(self, obj: Any, attr: str | None = None, synapse: Any = None) -> LiveProbe:
        """Look at something, running or not, without a reset.

        Parameters
        ----------
        obj : Ensemble, Neurons, Node, Connection or Probe of the network
            What to look at. A nengo.Probe keeps its own attr, synapse and sample_every.
        attr, synapse
            As for nengo.Probe. A synapse starts from rest when the probe is added.

        Returns
        -------
        probe : LiveProbe
            Its ``attached`` Future is done when data starts to come.

        Raises
        ------
        ValidationError
            When the object cannot be probed so, or is not in the network.
        """
        self._check_built(obj)
        probe = LiveProbe(obj, attr, synapse, self.network, self._names)
        self._owner.post(lambda: self._add_probe(probe), about=obj, before_compile=True)
        self._probes[probe.id] = probe
        return probe

    def remove_probe(self, probe: LiveProbe) -> Future[None]:
        """Look at it no more; plots of it end."""
        self._probes.pop(probe.id, None)
        return self._owner.post(lambda: self._owner.runner.remove_probe(probe), wakes=False)

    # ---- listening -------------------------------------------------------

    def subscribe(
        self,
        plots: list[PanelSpec],
        callback: Callable[[Frame], None] | None = None,
        width: int = 600,
        height: int = 400,
    ) -> Listener:
        """Receive frames of some plots.

        Parameters
        ----------
        plots : list of PanelSpec
            What to see: `LinesSpec`, `RasterSpec`, `RatesSpec` and the like, of probes of this
            session.
        callback : callable, optional
            Called with each `Frame` on the owner thread: it must only pass it on. Each
            frame wants an `Listener.ack`. Without a callback use `Listener.get`.
        width, height : int
            Pixels of a plot, to which data is thinned.

        Raises
        ------
        ValidationError
            When a plot is of another session's probe, or is too large.
        """
        self._check_plots(plots)
        listener = Listener(
            plots,
            callback,
            width,
            height,
            wake=self._owner.mailbox.wake,
            change_plots=_plot_changer(self._owner, weakref.WeakMethod(self._check_plots)),
            detach=_detacher(self._owner),
        )
        owner = self._owner
        owner.post(lambda: owner.delivery.attach(listener, owner.board.now.n_steps), early=True)
        return listener

    # ---- waiting, for scripts --------------------------------------------

    def wait_until(self, state: str, timeout: float | None = None) -> None:
        """Sleep until the session is in a state.

        Commands given before are carried out first. A run that has finished counts as
        paused, and "ready" is all that comes after the build.

        Raises
        ------
        TimeoutError
            When it is not so in time.
        SimulationError
            When an error stops the session first.
        """
        if state not in STATES:
            raise ValidationError(f"got {state!r}; the states are {', '.join(STATES)}", "state")
        wanted = {state, *ALSO.get(state, ())}
        self._wait(lambda status: status.state in wanted, repr(state), timeout)

    def wait_time(self, t: float, timeout: float | None = None) -> None:
        """Sleep until simulated time t (s); raises as `wait_until` does."""
        self._wait(lambda status: status.time >= t - self.dt / 2, f"time {t} s", timeout)

    def _wait(self, reached: Callable[[Status], bool], what: str, timeout: float | None) -> None:
        self.wake()
        in_time = self._owner.wait(reached, timeout)
        status = self.status
        if not in_time:
            raise TimeoutError(f"no {what} within {timeout} s: {status.state} at {status.time} s")
        if reached(status):
            return
        if status.state == "error" and status.error:
            raise SimulationError(f"waited for {what}, but: {status.error['message']}")
        if status.state == "closed":
            raise SimulatorClosed(f"waited for {what}, but the session was closed")
        if status.state == "asleep":
            raise BuildStopped(f"waited for {what}, but {status.note}")

    # ---- the end ---------------------------------------------------------

    def close(self, timeout: float | None = None) -> None:
        """End the thread and give the simulator back, or close it if it was built here.

        A build that is going on comes to its end first. May be called again.
        """
        self._owner.ask_to_close()
        self._owner.join(timeout)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # ---- checks ----------------------------------------------------------

    def _check_built(self, obj: Any) -> None:
        base = base_object(obj)
        base = base.ensemble if isinstance(base, nengo.ensemble.Neurons) else base
        if base in members_of(self.network) - self._known:
            raise ValidationError(
                f"{getattr(base, 'label', None) or base!r} was added to the network after it was "
                "built, so it does not run yet; rebuild() takes it in",
                "obj",
                obj if isinstance(obj, nengo.base.NengoObject) else None,
            )

    def _add_probe(self, probe: LiveProbe) -> Future[LiveProbe]:
        try:
            return self._owner.runner.add_probe(probe)
        except Exception as error:
            self._probes.pop(probe.id, None)
            if not probe.attached.done():
                probe.attached.set_exception(error)
            raise

    def _checked_input(self, node: Any, value: Any) -> Value:
        if isinstance(node, nengo.Node):
            check_member(node, self.network, self._names)
        return checked_input(node, value, self._names.get(node))

    def _check_plots(self, plots: list[PanelSpec]) -> None:
        for plot in plots:
            for probe in plot.probes:
                if probe.id not in self._probes and not _has_failed(probe):
                    raise ValidationError(
                        f"{probe.label!r} is not a probe of this session, or no longer",
                        "probe",
                        plot,
                    )
            check_room(plot, self.dt)


def _has_failed(probe: LiveProbe) -> bool:
    """Whether it could not be attached, which it says itself: no other plot is to fail for it."""
    attached = probe.attached
    return attached.done() and not attached.cancelled() and attached.exception() is not None


def _plot_changer(
    owner: OwnerThread, of_session: weakref.WeakMethod[Callable[[list[PanelSpec]], None]]
) -> Callable[[Listener, list[PanelSpec]], Future[None]]:
    """Make what `Listener.set_plots` does; it must not keep a forgotten session alive."""

    def change(listener: Listener, plots: list[PanelSpec]) -> Future[None]:
        if (check := of_session()) is not None:
            check(plots)
        return owner.post(lambda: owner.delivery.show(listener, plots), early=True)

    return change


def _detacher(owner: OwnerThread) -> Callable[[Listener], Future[None]]:
    """Make what `Listener.close` does; closing after the session is no error."""

    def detach(listener: Listener) -> Future[None]:
        try:
            return owner.post(lambda: owner.delivery.detach(listener), early=True)
        except SimulatorClosed:
            done: Future[None] = Future()
            done.set_result(None)
            return done

    return detach
