"""The Lab: a network that runs live under panels, sliders and a transport bar."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, ClassVar, Literal, cast

import anywidget
import nengo
import traitlets
from nengo.exceptions import NengoException

from nengolab.live import Frame, Listener

from . import control, picking, replaced, sessions
from .arrangement import Size
from .bench import Bench
from .besides import Besides
from .choice import Menu, default_choices, read_choices
from .driving import Driving
from .from_pages import read_message
from .keywords import read_view, unknown_keywords
from .liveness import Heartbeat
from .messages import Layout, Offer, Past
from .modelled import Modelled
from .output import Output
from .panel import Choice
from .parts import front_end, part
from .plots import Plots
from .sourced import Sourced, place_of
from .transport import past_message, status_message, until_when
from .views import Views
from .weakly import weakly

# Pixels of a raster, to which the kernel thins spikes.
RASTER_HEIGHT = 200
# To say how more objects can be plotted takes a while: that is said when a person asks.
MANY_OFFERS = 300
# A page that is reloaded is back within this (s); else nobody can stop the run any more.
GONE_AFTER = 8.0


class Lab(Plots, Sourced, Modelled, anywidget.AnyWidget):
    """A network that runs live in the notebook.

    Show it as the last line of a cell. Making it returns at once: the network is built in the
    background, and the Lab says how far it is.

    Parameters
    ----------
    target : nengo.Network, nengolab.Simulator, nengolab.live.Session, str or Path
        What to show. Of a Python file that makes a network, such as ``"model.py"``, the code is
        shown, and nothing of it runs until that is asked for; then it can be edited by drawing. A
        session that you made stays open when the Lab is closed; one that runs the simulator
        already is taken.
    plots : list, optional
        What to plot: Nengo objects, or pairs of an object and the name of a kind of panel, such
        as ``"value"``, ``"raster"`` or ``"rates"``; a third item may be a dict of settings. By
        default value, raster and rates of the first ensemble and values of the next ones.
    inputs : list of Node, or dict of Node to (low, high), optional
        Which Nodes have sliders, and their range. By default all Nodes without input and with
        at most 8 dimensions, from -1 to 1 or wider where their own value is beyond that.
    window : float
        Seconds of simulated time that the plots show; can be set later, too.
    speed : float or None
        Simulated seconds in a second; None is as fast as it goes. A session keeps its own
        speed by default.
    title : str, optional
        Heading; by default the label of the network.
    network : bool or dict
        Whether the network itself is shown at the left; or its settings, such as
        ``{"opened": ["vision"], "folded": True}``.
    dt, seed : float, int, optional
        Length of a step (s), and the seed of what is drawn while it runs (noise), as for a
        Simulator; of a network, which is built with them.

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

    _esm = front_end("nengolab.js")
    _css = front_end("nengolab.css")
    SHOWS_PRINTS: ClassVar[bool] = True
    # What pages call it on the control channel.
    _key = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        target: Any,
        plots: Any = None,
        inputs: Any = None,
        window: float = 2.0,
        speed: float | object | None = sessions.AS_IT_IS,
        title: str | None = None,
        network: bool | Mapping[str, Any] = True,
        dt: float | None = None,
        seed: int | None = None,
        **unknown: Any,
    ) -> None:
        if unknown:
            raise TypeError(unknown_keywords(unknown))
        source, given = place_of(target), target
        if source is not None:
            # Until its code runs there is nothing.
            target = nengo.Network(label=source[0].name)
        shown = sessions.network_of(target)
        view = read_view(network)
        names = sessions.names_of(target, shown)
        self._names, self._menu = names, Menu(shown, names)
        chosen = default_choices(shown) if plots is None else read_choices(plots, names)
        self._driving = Driving(shown, names, inputs, weakly(self._say_inputs))
        self._target = target
        self._title_given = title is not None
        self._title = title or shown.label or "Nengo network"
        self._options = {"dt": dt, "seed": seed}
        self._drawing, self._given = None, plots is not None
        self.session = sessions.session_for(
            target, speed, options=self._options, asleep=source is not None
        )
        sessions.hold(self.session, self)
        self._views = Views()
        self._path: Literal["control", "comm"] = "comm"
        self._closed = False
        self._past: Past | None = None
        self._subscribed: Listener | None = None
        self._bench = Bench(
            self.session, names, window, weakly(self._say), weakly(self._panels_changed)
        )
        # Messages come by comm on the main thread and by the control channel on another.
        self._lock = self._bench.lock
        self._beside = Besides(
            self.session, self._bench, self._views, weakly(self._say), weakly(self._notice)
        )
        try:
            if self.session.subject is self.session.network:
                self._bench.continue_in_code = weakly(self.continue_in_code)
            self._begin_models()
            if source is not None:
                self._begin_source(*source, getattr(given, "cell", ""))
            for choice in chosen:
                self._bench.open(choice)
            if view is not None:
                self._bench.open_aside(Choice(None, "network", view))
            self._subscribed = self.session.subscribe(
                self._bench.specs, weakly(self._send_frame), height=RASTER_HEIGHT
            )
        except Exception:
            self._leave_session()
            raise
        # What a Lab begins with is no deed.
        self._bench.history.begin(self._bench.arrangement)
        self._listener.visible = False
        self._heartbeat = Heartbeat(weakly(self._send_ping))
        for node, values in self.session.inputs.items():
            self._driving.changed(node, values)
        self._unwatch = self.session.watch_inputs(weakly(self._driving.changed))
        self._picks = picking.picks_of(self.session)
        self._unwatch_picks = self._picks.watch(weakly(self._say_picked))
        self._output = Output(self.session, weakly(self._say)) if self.SHOWS_PRINTS else None
        self._acts: dict[str, Callable[[Any], Any]] = {
            "play": lambda _: self._play(),
            "pause": lambda _: self.session.pause(),
            "reset": lambda _: self._reset(),
            "rebuild": lambda _: self.rebuild(),
            "stop_building": lambda _: self.session.stop_building(),
            "step": lambda m: self.session.step(m["n"]),
            "run_for": lambda m: self.session.run_for(m["seconds"]),
            "run_until": self._run_until,
            "speed": lambda m: self.session.set_speed(m["value"]),
            "go_on_from": lambda m: self._travel(self.session.history.go_on_from(m["time"])),
            "switch_branch": lambda m: self._travel(self.session.history.switch(m["branch"])),
            "stay": lambda _: self.session.history.stay(),
            "show_beside": lambda m: self._beside.show(m["branch"]),
            "input": lambda m: self._driving.drive(self.session, m),
            "add_panel": lambda m: self._add(Choice(self._menu.find(m["object"]), m["kind"])),
            "remove_panel": lambda m: self._bench.remove(m["panel"]),
            "set_panel": lambda m: self._bench.set(m["panel"], m["values"]),
            "move_panel": lambda m: self._bench.move(m["panel"], m["to"]),
            "size_panel": lambda m: self._bench.resize(
                m["panel"], Size.read(m["columns"], m["height"])
            ),
            "undo": lambda _: self.undo(),
            "redo": lambda _: self.redo(),
            "ask_offers": lambda _: self._say(self._layout(self._menu.layout())),
            "ask_code": lambda _: self._say({"type": "code", "text": self.layout_code()}),
            "pick": self._pick,
            "ask_part": self._send_part,
            "open_model": self._open_dropped,
            "to_panel": lambda m: self._bench.find(m["panel"]).handle(m["content"]),
            "hello": self._greet,
            "view": self._see,
            "bye": self._part,
            "pong": lambda m: self._views.heard(m["view"]),
            "report": self._take_report,
        }
        super().__init__(_key=uuid.uuid4().hex)
        self.on_msg(self._receive)
        self.cell, self._is_replaced = replaced.current_cell(), False
        replaced.watch(self)
        control.listen()
        control.receive_for(self._key, self._receive_control)

    # ---- what a person calls ---------------------------------------------

    def pick(self, ensemble: Any, neurons: Any = ()) -> None:
        """Pick neurons of an ensemble: all panels of the session mark them; none unmarks.

        Raises
        ------
        ValidationError
            For what is no ensemble of the network, or no number of a neuron of it.
        """
        found = self._names.find(ensemble) if isinstance(ensemble, str) else ensemble
        self._picks.set(found, neurons)

    @property
    def picked(self) -> dict[str, list[int]]:
        """The neurons that are picked, by the name of their ensemble."""
        return self._picks.by_name(self._names)

    def rebuild(self, keep_state: bool = True) -> None:
        """Build the network again, as it is now; see `nengolab.live.Session.rebuild`."""
        with self._lock:
            self.session.rebuild(keep_state)
            self._names.renew()
            self._menu = Menu(self.session.network, self._names)
            self._driving.rebuilt(self.session.network, self.session.inputs)
            self._bench.rebuilt()
            self._panels_changed()
            self._say_all()

    @property
    def is_seen(self) -> bool:
        """Whether a page shows it."""
        return len(self._views) > 0

    @property
    def is_closed(self) -> bool:
        """Whether it was ended."""
        return self._closed

    @property
    def stats(self) -> dict[str, Any]:
        """How fast the panel is.

        What `nengolab.live.Listener.stats` says, ``views`` that are open, and the ``speed``
        reached, in simulated seconds for each second.
        """
        return {
            **self._listener.stats,
            "views": len(self._views),
            "speed": self.session.real_time_factor,
        }

    def __repr__(self) -> str:
        return f"<Lab of {self._title!r}>"

    def close(self) -> None:
        """End the Lab; pages keep what they show.

        A session that it made ends too, unless another widget shows it.
        """
        if hasattr(self, "_heartbeat") and not self._closed:
            self._closed = True
            self._heartbeat.stop()
            self._end_source()
            self._unwatch()
            self._unwatch_picks()
            if self._output is not None:
                self._output.stop()
            self._leave_session()
            if self._views:
                self._say({**self._ping(), "state": "closed"})

    def replaced(self) -> None:
        """The cell that made this Lab runs again: its pages are about to go."""
        with self._lock:
            self._is_replaced = True
            self._retire_if_unseen()

    def _retire_if_unseen(self) -> None:
        if not self._is_replaced or len(self._views) or self.comm is None:
            return
        self._heartbeat.stop()
        self._goes_on = replaced.retire(self, None if self._closed else self.session)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        with self._lock:
            # It may be shown again by somebody who kept it, or by its own cell.
            self._is_replaced = False
            if self.comm is None:
                self.open()
                self._heartbeat = Heartbeat(weakly(self._send_ping))
        # anywidget says that they are dicts, and not of what.
        return cast("Any", super())._repr_mimebundle_(**options)

    def __del__(self) -> None:
        if hasattr(self, "_heartbeat"):
            self._heartbeat.stop()
            if not self._closed:
                replaced.let_go_soon(self._subscribed, self._bench)
        super().close()

    @property
    def _listener(self) -> Listener:
        assert self._subscribed is not None
        return self._subscribed

    # ---- messages from pages: they only put things on queues ---------------

    def _receive(self, _widget: Any, message: dict[str, Any], _buffers: Any) -> None:
        self._take(message, "comm")

    def _receive_control(self, message: dict[str, Any]) -> None:
        self._take(message, "control")

    def _take(self, content: dict[str, Any], path: Literal["control", "comm"]) -> None:
        self._heartbeat.answered()
        with self._lock:
            try:
                message = read_message(content)
                if path == "control":
                    # Once that way has been found open it stays: answers may cross.
                    self._path = path
                self._acts[message["type"]](message)
            except (NengoException, TypeError, ValueError) as error:
                self._notice(str(error))

    def _greet(self, message: Any) -> None:
        self._views.note(message)
        self._listener.width = self._views.width
        # Before anything else is sent: the new page knows nothing that a frame adds to.
        self._say_all()
        self._listener.snapshot()
        for panel_id, panel in self._bench.all.items():
            if message.get("panel", panel_id) == panel_id:
                panel.greeted()
        if self._output is not None:
            self._output.say_all()
        self._say_past()
        if self._picks:
            self._say_picked()
        if self._beside.branch:
            self._beside.say()
        self._watch()

    def _first_offers(self) -> list[Offer]:
        return [] if len(self._menu) > MANY_OFFERS else self._menu.layout()

    def _see(self, message: Any) -> None:
        self._views.note(message)
        self._listener.width = self._views.width
        self._watch()

    def _part(self, message: Any) -> None:
        self._views.forget(message["view"])
        self._watch()
        self._retire_if_unseen()
        if len(self._views) == 0 and sessions.is_ours(self.session) and not self._is_replaced:
            # A reload, or the tab was closed.
            timer = threading.Timer(GONE_AFTER, weakly(self._pause_if_unseen))
            timer.daemon = True
            timer.start()

    def _pause_if_unseen(self) -> None:
        """Nobody can stop this run any more, so it must not go on for ever."""
        with self._lock:
            seen = self._closed or sessions.is_seen(self.session)
            if not seen and self.session.state == "running":
                self.session.pause()

    def _watch(self) -> None:
        self._listener.visible = self._views.visible
        self._heartbeat.watch(self._views.visible)

    def _take_report(self, message: Any) -> None:
        self._views.heard(message["view"])
        self._listener.ack(message["seq"], message["held"] / 1000, message["merged"])

    def _play(self) -> None:
        drawing = self._drawing
        if drawing is not None and drawing.made is None:
            # Nothing runs before its code has.
            play = weakly(self._play)
            drawing.run().add_done_callback(lambda done: drawing.made is None or play())
            return
        self.session.play()
        if self.session.network_changed:
            self._notice("The network has changed since it was built; what runs is as it was.")

    def _reset(self) -> None:
        if self.session.network_changed:
            self.rebuild(keep_state=False)
        else:
            self.session.reset()

    def _run_until(self, message: Any) -> None:
        self.session.run_until(until_when(message, self._menu, self._names))

    def _travel(self, done: Future[Any]) -> None:
        said, beside = weakly(self._say_past), weakly(self._beside.say)
        done.add_done_callback(lambda _: (said(), beside()))

    def _say_past(self) -> None:
        self._past = past_message(self.session)
        self._say(self._past)

    def _notice(self, text: str, details: Sequence[str] = ()) -> None:
        offer = "rebuild" if self.session.network_changed else ""
        self._say({"type": "notice", "text": text, "details": [*details], "offer": offer})

    # ---- what is picked, and what pages lack ---------------------------------

    def _pick(self, message: Any) -> None:
        ensemble = self._names.find(message["ensemble"])
        self._picks.set(ensemble, message["neurons"], message["page"], message["number"])

    def _say_picked(self, page: str = "", number: int = 0) -> None:
        if len(self._views):
            self._say(
                {
                    "type": "picked",
                    "page": page,
                    "number": number,
                    "neurons": self._picks.by_name(self._names),
                }
            )

    def _send_part(self, message: Any) -> None:
        name = message["name"]
        try:
            buffers, problem = [part(name)], ""
        except ImportError as error:
            buffers, problem = [], str(error)
        self._say({"type": "part", "name": name, "problem": problem}, buffers)

    def _say_inputs(self, for_others: bool = False) -> None:
        """Send what sliders show; ``for_others``, where the page that moved one knows it."""
        if len(self._views) > for_others:
            heard, inputs = self._driving.heard, self._driving.inputs.layout() or []
            self._say({"type": "inputs", "inputs": inputs, "heard": heard})

    # ---- messages to pages, from any thread --------------------------------

    def _say(self, message: Any, buffers: list[bytes] | None = None) -> None:
        if self.comm is not None:  # the Lab is not closed
            self.send(message, buffers)

    def _send_frame(self, frame: Frame) -> None:
        self._say({**frame.header, "heard": self._driving.heard}, [frame.buffer])

    def _send_ping(self) -> None:
        with self._lock:
            if self._views.drop_lost():
                self._watch()
                self._retire_if_unseen()
                self._pause_if_unseen()
        self._say(self._ping())
        if past_message(self.session) != self._past:
            self._say_past()

    def _ping(self) -> dict[str, Any]:
        return {
            "type": "ping",
            "drawn": self._listener.flow.drawn,
            "views": self._views.names,
            **status_message(self.session),
        }

    def _layout(self, offers: list[Offer] | None = None) -> Layout:
        return {
            "type": "layout",
            "title": self._title,
            "heard": self._driving.heard,  # before the inputs: what it counts is in them
            "model_id": self.model_id,
            "session": sessions.key_of(self.session),
            "undoes": self._bench.history.undoes,
            "redoes": self._bench.history.redoes,
            "path": self._path,
            "window": self._bench.window,
            "panels": self._bench.layouts(),
            "aside": self._bench.aside_layout(),
            "inputs": self._driving.inputs.layout(),
            "no_inputs": self._driving.inputs.why_none,
            "offers": offers,
            "foreign": self._bench.foreign(),
        }

    # ---- panels ------------------------------------------------------------

    def _say_all(self) -> None:
        if self.comm is None:  # no page shows it, nor can any before it is shown again
            return
        self._say(self._layout(self._first_offers()))

    def _panels_changed(self) -> None:
        if self._subscribed is None:
            return
        self._keep_layout()
        self._listener.height = max(RASTER_HEIGHT, self._bench.highest)
        self._subscribed.set_plots(self._bench.specs)
        if len(self._views):
            self._say(self._layout())
            if self._beside.branch:
                self._beside.say()

    def _leave_session(self) -> None:
        if sessions.leave(self.session, self):
            return
        if self._subscribed is not None:
            self._subscribed.close()
        self._bench.leave()
