"""The Lab: a network that runs live under plots, sliders and a transport bar."""

from __future__ import annotations

import difflib
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import anywidget
import nengo
from nengo.exceptions import NengoException, ValidationError

from nengolab.live import Frame, LiveProbe, Session
from nengolab.names import Names

from .choice import KINDS, Menu, default_choices, read_choices, title_of
from .liveness import Heartbeat
from .plot import Shown
from .sliders import Inputs
from .transport import status_message, transport_commands
from .views import Views

STATIC = Path(__file__).parent / "static"
KEYWORDS = ("plots", "inputs", "window", "speed", "title")
AS_IT_IS = object()
# Pixels of a raster, to which the kernel thins spikes.
RASTER_HEIGHT = 200


def _front_end(name: str) -> Path:
    path = STATIC / name
    if not path.exists():
        raise ImportError(
            f"the front end of nengolab is not built: {name} is missing from nengolab_widgets. "
            "In a clone of the repository run `make build`, or install a wheel"
        )
    return path


class Lab(anywidget.AnyWidget):
    """A network that runs live in the notebook.

    Show it as the last line of a cell. Making it returns at once: the network is built in the
    background, and the Lab says how far it is.

    Parameters
    ----------
    target : nengo.Network, nengolab.Simulator or nengolab.live.Session
        What to show. A session stays open when the Lab is closed.
    plots : list, optional
        What to plot: Nengo objects, or pairs of an object and ``"value"``, ``"raster"`` or
        ``"rates"``. By default value, raster and rates of the first ensemble and values of
        the next ones.
    inputs : list of Node, or dict of Node to (low, high), optional
        Which Nodes have sliders, and their range. By default all Nodes without input and with
        at most 8 dimensions, from -1 to 1 or wider where their own value is beyond that.
    window : float
        Seconds of simulated time that the plots show.
    speed : float or None
        Simulated seconds in a second; None is as fast as it goes. A session keeps its own
        speed by default.
    title : str, optional
        Heading; by default the label of the network.

    Attributes
    ----------
    session : nengolab.live.Session
        The running network, for ``lab.session.play()`` and the like.

    Raises
    ------
    ValidationError
        When something cannot be plotted or driven.
    TypeError
        For a keyword that does not exist.

    Examples
    --------
    >>> with nengo.Network() as net:
    ...     drive = nengo.Node([0.5], label="drive")
    ...     ens = nengo.Ensemble(50, 1, label="ens")
    ...     nengo.Connection(drive, ens)
    >>> Lab(net, plots=[ens, (ens, "raster")], inputs={drive: (-2, 2)})
    """

    _esm = _front_end("nengolab.js")
    _css = _front_end("nengolab.css")

    def __init__(
        self,
        target: Any,
        plots: Any = None,
        inputs: Any = None,
        window: float = 2.0,
        speed: float | object | None = AS_IT_IS,
        title: str | None = None,
        **unknown: Any,
    ) -> None:
        if unknown:
            raise TypeError(_unknown_keywords(unknown))
        network = getattr(target, "network", target)
        if not isinstance(network, nengo.Network):
            raise ValidationError(
                "needs a nengo.Network, a nengolab.Simulator or a nengolab.live.Session, "
                f"got {type(target).__name__}",
                "target",
            )
        names = Names(network)
        chosen = default_choices(network) if plots is None else read_choices(plots, names)
        self._inputs = Inputs(network, names, inputs)
        self._names, self._menu = names, Menu(network, names)
        self._title, self._window = title or network.label or "Nengo network", window
        self._owns_session = not isinstance(target, Session)
        self.session = _session_for(target, speed)
        self._probes: dict[tuple, LiveProbe] = {}
        self._shown: dict[str, Shown] = {}
        self._views = Views()
        self._acked = 0
        try:
            for obj, kind in chosen:
                self._show(obj, kind)
            self._listener = self.session.subscribe(
                self._specs(), self._send_frame, height=RASTER_HEIGHT
            )
        except Exception:
            self._leave_session()
            raise
        self._listener.visible = False
        self._heartbeat = Heartbeat(self._send_ping)
        self._commands = {
            **transport_commands(self.session),
            "input": self._drive,
            "add_plot": lambda m: self.add_plot(self._menu.find(m["object"]), m["kind"]),
            "remove_plot": lambda m: self.remove_plot(m["plot"]),
        }
        super().__init__()
        self.on_msg(self._receive)

    # ---- what a person calls ---------------------------------------------

    def add_plot(self, obj: Any, kind: str | None = None) -> str:
        """Look at something more, running or not, without a reset.

        Parameters
        ----------
        obj : Nengo object
            What to look at.
        kind : {"value", "raster", "rates"}, optional
            How; by default the likeliest.

        Returns
        -------
        plot : str
            What `remove_plot` takes.
        """
        [(obj, name)] = read_choices([obj if kind is None else (obj, kind)], self._names)
        plot = self._show(obj, name)
        self._plots_changed()
        return plot

    def remove_plot(self, plot: str) -> None:
        """Take a plot away; what it showed is probed no more if nothing else needs it.

        Raises
        ------
        ValidationError
            When there is no such plot.
        """
        if plot not in self._shown:
            raise ValidationError(f"there is no plot {plot!r}; there are {self.plots}", "plot")
        probe = self._shown.pop(plot).spec.probe
        self._plots_changed()
        if all(shown.spec.probe is not probe for shown in self._shown.values()):
            self._probes = {k: p for k, p in self._probes.items() if p is not probe}
            self.session.remove_probe(probe)

    @property
    def plots(self) -> list[str]:
        """Ids of the plots on the screen."""
        return list(self._shown)

    @property
    def stats(self) -> dict[str, int]:
        """Frames sent and acknowledged, tiles that had to wait, bytes, and views open."""
        return {**self._listener.stats, "views": len(self._views)}

    def __repr__(self) -> str:
        return f"<Lab of {self._title!r}>"

    def close(self) -> None:
        """End the Lab, and the session unless it was given."""
        if hasattr(self, "_heartbeat"):
            self._heartbeat.stop()
            self._leave_session()
        super().close()

    # ---- messages from the browser: they only put things on queues ---------

    def _receive(self, _widget: Any, message: dict[str, Any], _buffers: Any) -> None:
        kind = message.get("type")
        self._heartbeat.answered()
        if kind == "ack":
            self._acked = max(self._acked, int(message["seq"]))
            self._listener.ack(message["seq"])
        elif kind in ("hello", "view", "bye"):
            self._see(kind, message)
        elif kind == "command":
            self._obey(message)

    def _see(self, kind: str, message: dict[str, Any]) -> None:
        self._views.note(kind, message)
        self._listener.width = self._views.width
        if kind == "hello":
            # Before anything else is sent: the new page knows nothing that a frame adds to.
            self.send(self._layout())
            self._listener.snapshot()
        self._listener.visible = self._views.visible
        self._heartbeat.watch(self._views.visible)
        if kind == "bye" and len(self._views) == 0 and self._owns_session:
            # The output was cleared, most likely to run the cell again: nobody can stop
            # this run any more, so it must not go on for ever.
            self.session.pause()

    def _obey(self, message: dict[str, Any]) -> None:
        try:
            self._commands[message["name"]](message)
        except (NengoException, KeyError, TypeError, ValueError) as error:
            self.send({"type": "notice", "text": f"{message.get('name')}: {error}"})

    def _drive(self, message: dict[str, Any]) -> None:
        entry = self._inputs.find(message["node"])
        entry.take(message["values"])
        self.session.set_input(entry.node, message["values"])
        if len(self._views) > 1:
            self.send({"type": "inputs", "inputs": self._inputs.layout()})

    # ---- messages to the browser, from any thread --------------------------

    def _send_frame(self, frame: Frame) -> None:
        self.send(frame.header, [frame.buffer])

    def _send_ping(self) -> None:
        self.send({"type": "ping", "acked": self._acked, **status_message(self.session)})

    def _layout(self) -> dict[str, Any]:
        return {
            "type": "layout",
            "title": self._title,
            "model_id": self.model_id,
            "window": self._window,
            "plots": [shown.layout for shown in self._shown.values()],
            "inputs": self._inputs.layout(),
            "offers": self._menu.layout(),
        }

    # ---- plots -------------------------------------------------------------

    def _show(self, obj: Any, kind: str) -> str:
        shown = KINDS[kind].show(obj, title_of(obj, self._names), self._window, self._probe_for)
        self._shown[shown.spec.id] = shown
        return shown.spec.id

    def _probe_for(self, obj: Any, attr: str | None, synapse: Any) -> LiveProbe:
        key = (obj, attr, synapse)
        if key not in self._probes:
            probe = self.session.add_probe(obj, attr, synapse)
            probe.attached.add_done_callback(lambda done: self._attached(key, done))
            self._probes[key] = probe
        return self._probes[key]

    def _attached(self, key: tuple, done: Future) -> None:
        """Take away what cannot be shown after all; the session's error says why."""
        if done.cancelled() or done.exception() is None or key not in self._probes:
            return
        if self.comm is None:  # the Lab is closed
            return
        probe = self._probes.pop(key)
        self._shown = {k: s for k, s in self._shown.items() if s.spec.probe is not probe}
        self.send(self._layout())

    def _specs(self) -> list[Any]:
        return [shown.spec for shown in self._shown.values()]

    def _plots_changed(self) -> None:
        self._listener.set_plots(self._specs())
        self.send(self._layout())

    def _leave_session(self) -> None:
        if self._owns_session:
            # Not waited for: a build that is going on comes to its end first.
            self.session.close(timeout=0)
            return
        for probe in self._probes.values():
            self.session.remove_probe(probe)


def _session_for(target: Any, speed: Any) -> Session:
    if not isinstance(target, Session):
        return Session(target, speed=1.0 if speed is AS_IT_IS else speed)
    if speed is not AS_IT_IS:
        target.set_speed(speed)
    return target


def _unknown_keywords(unknown: dict[str, Any]) -> str:
    name = next(iter(unknown))
    close = difflib.get_close_matches(name, KEYWORDS, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"Lab has no keyword {name!r}.{hint} It takes {', '.join(KEYWORDS)}."
