"""The kernel's side of the Lab, with a real session and a browser made of a list."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab
from nengolab_widgets.liveness import Heartbeat
from nengolab_widgets.views import Views

from nengolab.live import Session


class Browser:
    """Collects what a Lab sends, and sends it what a browser would."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.messages: list[dict[str, Any]] = []
        self.buffers: list[bytes] = []
        self.acknowledges = True
        lab.send = self._take

    def _take(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        json.dumps(content)  # it must be what a message can hold
        self.messages.append(content)
        if content["type"] == "frame":
            self.buffers += buffers
            if self.acknowledges:
                self.say(type="ack", seq=content["seq"])

    def say(self, **message: Any) -> None:
        self.lab._receive(self.lab, message, [])

    def look(self, kind: str = "hello", view: str = "v1", visible: bool = True) -> None:
        self.say(type=kind, view=view, visible=visible, width=500)

    def command(self, name: str, **arguments: Any) -> None:
        self.say(type="command", name=name, **arguments)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    def lines(self, plot: str) -> np.ndarray:
        """All values of a lines plot that came, in order."""
        parts = [np.zeros((0, 1))]
        for frame, buffer in zip(self.of("frame"), self.buffers, strict=True):
            for entry in (a for p in frame["plots"] if p["id"] == plot for a in p["arrays"]):
                if entry["name"] == "y":
                    values = np.frombuffer(
                        buffer, "<f4", int(np.prod(entry["shape"])), entry["offset"]
                    )
                    parts.append(values.reshape(entry["shape"]))
        return np.concatenate(parts)


def until(condition: Callable[[], Any], what: str, timeout: float = 60.0) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"not within {timeout} s: {what}"
        time.sleep(0.02)


@pytest.fixture
def net() -> nengo.Network:
    with nengo.Network(label="a net", seed=0) as net:
        net.drive = nengo.Node([0.5], label="drive")
        net.ens = nengo.Ensemble(20, 1, label="ens")
        nengo.Connection(net.drive, net.ens)
    return net


@pytest.fixture
def lab(net: nengo.Network) -> Iterator[Lab]:
    lab = Lab(net, speed=None)
    yield lab
    lab.close()
    lab.session.close()


def test_making_a_lab_returns_at_once_and_keeps_no_history_in_traits(lab: Lab) -> None:
    state = lab.get_state()
    assert not [name for name in state if "plot" in name or "frame" in name or "data" in name]
    lab.session.wait_until("ready", 60)


def test_hello_gets_the_layout_and_one_snapshot(lab: Lab) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    assert browser.messages == []
    browser.look()
    until(lambda: browser.of("frame"), "a frame")
    [layout] = browser.of("layout")
    assert layout["title"] == "a net"
    assert [(p["title"], p["kind"]) for p in layout["plots"]] == [
        ("ens", "lines"),
        ("ens", "raster"),
        ("ens", "rates"),
    ]
    assert {p["axis"] for p in layout["plots"]} == {"value", "neuron", "rate (Hz)"}
    assert layout["plots"][1]["rows"] == [0, 20]
    assert [entry["label"] for entry in layout["inputs"]] == ["drive"]
    assert browser.of("frame")[0]["clear"]


def test_commands_drive_the_session(lab: Lab) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    browser.look()
    value = browser.of("layout")[0]["plots"][0]["id"]

    browser.command("input", node="input-0", values=[-0.7])
    browser.command("play")
    until(lambda: len(browser.lines(value)) > 100, "the probe's first values")
    lab.session.wait_time(lab.session.time + 1.0, 60)
    browser.command("pause")
    lab.session.wait_until("paused", 60)
    assert browser.lines(value)[-50:].mean() == pytest.approx(-0.7, abs=0.1)

    steps = lab.session.n_steps
    browser.command("step", n=1)
    until(lambda: lab.session.n_steps == steps + 1, "one step")
    browser.command("speed", value=0.5)
    until(lambda: lab.session.speed == 0.5, "the speed")
    browser.command("reset")
    until(lambda: lab.session.n_steps == 0, "time zero")

    browser.command("input", node="input-0", values=None)
    browser.command("speed", value=None)
    browser.command("play")
    lab.session.wait_time(0.5, 60)
    browser.command("pause")
    lab.session.wait_until("paused", 60)
    assert browser.lines(value)[-50:].mean() == pytest.approx(0.5, abs=0.1)


def test_plots_come_and_go_and_share_probes(lab: Lab, net: nengo.Network) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    browser.look()
    assert len(lab.session.probes) == 2, "raster and rates look at the same neurons"
    value, raster, rates = lab.plots
    [drive] = [o for o in browser.of("layout")[0]["offers"] if o["label"] == "drive"]
    browser.command("add_plot", object=drive["object"], kind="value")
    assert len(browser.of("layout")[-1]["plots"]) == 4
    browser.command("remove_plot", plot=raster)
    assert len(lab.session.probes) == 3, "the rates still need the neurons"
    browser.command("remove_plot", plot=rates)
    until(lambda: len(lab.session.probes) == 2, "nobody needs them now")
    assert lab.plots[0] == value
    assert lab.add_plot(net.ens, "raster") in lab.plots
    with pytest.raises(ValidationError, match="there is no plot 'plot-x'"):
        lab.remove_plot("plot-x")
    assert lab.session.error is None


def test_what_cannot_be_done_is_said_and_the_session_goes_on(lab: Lab) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    browser.look()
    browser.command("speed", value=-1)
    until(lambda: any(f["error"] for f in browser.of("frame")), "a refusal")
    assert lab.session.speed is None
    for message in (
        {"name": "fly"},
        {"name": "add_plot", "object": "object-99", "kind": "value"},
        {"name": "remove_plot", "plot": "nothing"},
    ):
        browser.command(**message)
    assert len(browser.of("notice")) == 3
    assert "nothing" in browser.of("notice")[-1]["text"]
    browser.command("step", n=2)
    until(lambda: lab.session.n_steps == 2, "the session goes on")


def test_nothing_is_sent_while_nobody_looks_or_acknowledges(lab: Lab) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    browser.look(visible=False)
    until(lambda: browser.of("frame"), "the snapshot that hello asks for")
    count = len(browser.of("frame"))
    browser.command("play")
    lab.session.wait_time(1.0, 60)
    assert len(browser.of("frame")) == count
    assert browser.of("ping") == []

    browser.acknowledges = False
    browser.look("view", visible=True)
    reached = lab.session.time
    lab.session.wait_time(reached + 2.0, 60)
    assert len(browser.of("frame")) <= count + 2
    assert lab.stats["sent"] - lab.stats["acknowledged"] <= 2
    browser.acknowledges = True
    browser.look("hello")
    until(lambda: len(browser.of("frame")) > count + 8, "a page that says hello revives it")


def test_the_run_pauses_when_the_last_view_is_closed(lab: Lab) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    browser.look(view="v1")
    browser.look(view="v2")
    browser.command("play")
    lab.session.wait_until("running", 60)
    browser.say(type="bye", view="v1")
    time.sleep(0.2)
    assert lab.session.state == "running"
    browser.say(type="bye", view="v2")
    lab.session.wait_until("paused", 60)


def test_sliders_of_other_views_follow(lab: Lab) -> None:
    browser = Browser(lab)
    browser.look(view="v1")
    browser.command("input", node="input-0", values=[0.1])
    assert browser.of("inputs") == []
    browser.look(view="v2")
    browser.command("input", node="input-0", values=[0.2])
    assert browser.of("inputs")[0]["inputs"][0]["values"] == [0.2]


def test_pings_come_while_the_kernel_is_busy_and_tell_the_state(lab: Lab) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    browser.look()
    end = time.monotonic() + 2.5
    while time.monotonic() < end:  # a cell that never sleeps
        sum(range(1000))
    pings = browser.of("ping")
    assert len(pings) >= 2
    assert pings[-1]["state"] == "ready"
    assert pings[-1]["acked"] == max(frame["seq"] for frame in browser.of("frame"))


def test_a_session_of_its_own_stays_open(net: nengo.Network) -> None:
    with Session(net, speed=2.0) as session:
        session.wait_until("ready", 60)
        lab = Lab(session)
        assert session.speed == 2.0
        until(lambda: len(session.probes) == 2, "probes")
        lab.close()
        until(lambda: session.probes == [], "its probes are taken away")
        assert session.state == "ready"
        Lab(session, speed=None).close()
        until(lambda: session.speed is None, "a speed that was asked for")


def test_a_network_that_cannot_be_built_is_said(net: nengo.Network) -> None:
    with net:
        nengo.Connection(net.ens, net.ens, function=lambda x: x, solver=nengo.solvers.NoSolver())
        bad = nengo.Node(lambda t, x: [x, x, x], size_in=1, size_out=1, label="bad")
        nengo.Connection(net.ens, bad)
    lab = Lab(net)
    browser = Browser(lab)
    browser.look()
    lab.session.play()
    until(lambda: lab.session.state == "error", "an error")
    until(lambda: any(f["error"] for f in browser.of("frame")), "the browser hears of it")
    assert "bad" in json.dumps([f["error"] for f in browser.of("frame") if f["error"]])
    lab.close()


def test_unknown_keywords_are_explained(net: nengo.Network) -> None:
    with pytest.raises(TypeError, match="no keyword 'plot'. Did you mean 'plots'"):
        Lab(net, plot=[net.ens])
    with pytest.raises(TypeError, match="It takes plots, inputs, window, speed, title"):
        Lab(net, xyz=1)
    with pytest.raises(ValidationError, match="got int"):
        Lab(3)
    with pytest.raises(ValidationError, match="window"):
        Lab(net, window=-1)


def test_a_lab_that_could_not_be_made_leaves_no_thread(net: nengo.Network) -> None:
    before = {t for t in threading.enumerate() if t.name == "nengolab session"}
    with pytest.raises(ValidationError):
        Lab(net, window=0)
    until(
        lambda: {t for t in threading.enumerate() if t.name == "nengolab session"} <= before,
        "the session's thread ends",
    )


def test_heartbeat_stops_when_nobody_answers_or_looks() -> None:
    beats = []
    heart = Heartbeat(lambda: beats.append(1), every=0.001)
    assert not heart.beating
    heart.watch(True)
    until(lambda: len(beats) > 5, "beats", 10)
    until(lambda: not heart.beating, "it gives up", 30)
    count = len(beats)
    time.sleep(0.05)
    assert len(beats) == count
    heart.answered()
    until(lambda: len(beats) > count, "it goes on when there is an answer", 10)
    heart.watch(False)
    time.sleep(0.01)
    count = len(beats)
    time.sleep(0.05)
    assert len(beats) == count
    heart.stop()


def test_views() -> None:
    views = Views()
    assert not views.visible
    assert views.width == 600
    views.note("hello", {"view": "a", "visible": True, "width": 300})
    views.note("view", {"view": "b", "visible": False, "width": 900})
    assert views.visible
    assert views.width == 300
    views.note("bye", {"view": "a"})
    assert not views.visible
    assert len(views) == 1
