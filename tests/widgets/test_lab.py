"""The kernel's side of the Lab, with a real session and a browser made of a list."""

import json
import threading
import time
from collections.abc import Iterator

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab
from nengolab_widgets.liveness import Heartbeat
from nengolab_widgets.views import Views

from nengolab.live import LinesSpec, Session

from .browser import Browser, until


@pytest.fixture
def net() -> nengo.Network:
    with nengo.Network(label="a net", seed=0) as net:
        net.drive = nengo.Node([0.5], label="drive")
        net.ens = nengo.Ensemble(20, 1, label="ens")
        nengo.Connection(net.drive, net.ens)
    return net


@pytest.fixture
def lab(net: nengo.Network) -> Iterator[Lab]:
    # Without what colours the network: here probes are counted.
    lab = Lab(net, speed=None, network={"activity": False})
    yield lab
    lab.close()
    lab.session.close()


def test_making_a_lab_returns_at_once_and_keeps_no_history_in_traits(lab: Lab) -> None:
    state = lab.get_state()
    assert not [name for name in state if "plot" in name or "frame" in name or "data" in name]
    assert sum(len(str(v)) for k, v in state.items() if k not in ("_esm", "_css")) < 2000
    lab.session.wait_until("ready", 60)


def test_hello_gets_the_layout_and_one_snapshot(lab: Lab) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    assert browser.messages == []
    browser.look()
    until(lambda: browser.of("frame"), "a frame")
    [layout] = browser.of("layout")
    assert layout["title"] == "a net"
    assert [(p["title"], p["kind"]) for p in layout["panels"]] == [
        ("ens", "value"),
        ("ens", "raster"),
        ("ens", "rates"),
    ]
    assert [p["data"].get("axis") for p in layout["panels"]] == ["value", None, "rate (Hz)"]
    assert layout["panels"][1]["data"] == {
        "ensemble": "ens",
        "first": 0,
        "end": 20,
        "sorted": False,
    }
    assert [entry["label"] for entry in layout["inputs"]] == ["drive"]
    assert browser.of("frame")[0]["clear"]


def test_commands_drive_the_session(lab: Lab) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    browser.look()
    value = browser.of("layout")[0]["panels"][0]["id"]

    browser.drive(-0.7)
    browser.say(type="play")
    until(lambda: len(browser.lines(value)) > 100, "the probe's first values")
    lab.session.wait_time(lab.session.time + 1.0, 60)
    browser.say(type="pause")
    lab.session.wait_until("paused", 60)
    assert browser.lines(value)[-50:].mean() == pytest.approx(-0.7, abs=0.1)

    steps = lab.session.n_steps
    browser.say(type="step", n=1)
    until(lambda: lab.session.n_steps == steps + 1, "one step")
    browser.say(type="speed", value=0.5)
    until(lambda: lab.session.speed == 0.5, "the speed")
    browser.say(type="reset")
    until(lambda: lab.session.n_steps == 0, "time zero")

    browser.drive(None)
    browser.say(type="speed", value=None)
    browser.say(type="play")
    lab.session.wait_time(0.5, 60)
    browser.say(type="pause")
    lab.session.wait_until("paused", 60)
    assert browser.lines(value)[-50:].mean() == pytest.approx(0.5, abs=0.1)


def test_of_a_large_network_what_can_be_added_is_said_when_asked(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nengolab_widgets.lab.MANY_OFFERS", 1)
    browser = Browser(lab)
    browser.look()
    assert browser.of("layout")[-1]["offers"] == []
    browser.say(type="ask_offers")
    assert {offer["label"] for offer in browser.of("layout")[-1]["offers"]} >= {"drive", "ens"}


def test_a_page_gets_the_python_that_makes_the_lab(lab: Lab) -> None:
    browser = Browser(lab)
    browser.look()
    browser.say(type="ask_code")
    [code] = browser.of("code")
    assert code["text"] == lab.layout_code()
    compile(code["text"], "a cell", "exec")


def test_plots_come_and_go_and_share_probes(lab: Lab, net: nengo.Network) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    browser.look()
    assert len(lab.session.probes) == 2, "raster and rates look at the same neurons"
    value, raster, rates = lab.plots
    [drive] = [o for o in browser.of("layout")[0]["offers"] if o["label"] == "drive"]
    browser.say(type="add_panel", object=drive["object"], kind="value")
    assert len(browser.of("layout")[-1]["panels"]) == 4
    browser.say(type="remove_panel", panel=raster)
    assert len(lab.session.probes) == 3, "the rates still need the neurons"
    browser.say(type="remove_panel", panel=rates)
    assert len(lab.session.probes) == 3, "an undo would bring them back with their record"
    for which in range(5):
        browser.say(type="remove_panel", panel=lab.add_plot(net.ens, "value", synapse=0.2 + which))
    until(lambda: len(lab.session.probes) == 6, "of what was removed the last four rest")
    assert lab.plots[0] == value
    assert lab.add_plot(net.ens, "raster") in lab.plots
    with pytest.raises(ValidationError, match="there is no panel 'plot-x'"):
        lab.remove_plot("plot-x")
    assert lab.session.error is None


def test_what_cannot_be_done_is_said_and_the_session_goes_on(lab: Lab) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    browser.look()
    browser.say(type="speed", value=-1)
    until(lambda: any(f["error"] for f in browser.of("frame")), "a refusal")
    assert lab.session.speed is None
    for message in (
        {"type": "fly"},
        {"type": "step", "n": "many"},
        {"type": "add_panel", "object": "object-99", "kind": "value"},
        {"type": "set_panel", "panel": lab.plots[0], "values": {"colour": "red"}},
        {"type": "to_panel", "panel": lab.plots[0], "content": {"type": "dance"}},
        {"type": "remove_panel", "panel": "nothing"},
    ):
        browser.say(**message)
    said = [notice["text"] for notice in browser.of("notice")]
    assert len(said) == 6
    assert "'fly'" in said[0]
    assert "n is 'many'" in said[1]
    assert "object-99" in said[2]
    assert "a value panel has no setting 'colour'; it has synapse, show, dims, range" in said[3]
    assert "a value panel does not understand 'dance'" in said[4]
    assert "nothing" in said[5]
    browser.say(type="step", n=2)
    until(lambda: lab.session.n_steps == 2, "the session goes on")


def test_nothing_is_sent_while_nobody_looks_or_acknowledges(lab: Lab) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    browser.look(visible=False)
    until(lambda: browser.of("frame"), "the snapshot that hello asks for")
    count = len(browser.of("frame"))
    browser.say(type="play")
    lab.session.wait_time(1.0, 60)
    assert len(browser.of("frame")) == count
    assert browser.of("ping") == []

    browser.acknowledges = False
    browser.look("view", visible=True)
    until(lambda: lab.stats["in_flight"] >= lab.stats["credit"], "the credit is used up")
    sent = len(browser.of("frame"))
    assert sent <= count + 0.5 * 60 + 2, "half a second of frames at most"
    lab.session.wait_time(lab.session.time + 1.0, 60)
    assert len(browser.of("frame")) == sent
    browser.acknowledges = True
    browser.look("hello")
    until(lambda: len(browser.of("frame")) > count + 8, "a page that says hello revives it")


def test_a_session_that_is_closed_while_a_plot_is_prepared_leaves_the_plots(
    lab: Lab, net: nengo.Network, caplog: pytest.LogCaptureFixture
) -> None:
    browser = Browser(lab)
    browser.look()
    lab.session.wait_until("ready", 60)
    plots = len(lab.plots)
    lab.add_plot(net.drive)
    lab.session.pause().result(60)  # it has begun with the plot
    lab.session.close()
    assert len(lab.plots) == plots + 1
    assert caplog.records == []


def test_the_run_pauses_when_the_last_view_is_closed(lab: Lab) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    browser.look(view="v1")
    browser.look(view="v2")
    browser.say(type="play")
    lab.session.wait_until("running", 60)
    browser.say(type="bye", view="v1")
    time.sleep(0.2)
    assert lab.session.state == "running"
    browser.say(type="bye", view="v2")
    lab.session.wait_until("paused", 60)


def test_sliders_follow_whoever_sets_the_input(lab: Lab, net: nengo.Network) -> None:
    browser = Browser(lab)
    browser.look()
    lab.session.wait_until("ready", 60)
    lab.session.set_input(net.drive, 0.123456).result(60)
    [inputs] = browser.of("inputs")[-1:]
    assert inputs["inputs"][0]["values"] == [0.123456]
    assert inputs["inputs"][0]["taken"]
    lab.session.set_input(net.drive, None).result(60)
    assert not browser.of("inputs")[-1]["inputs"][0]["taken"]

    # A Lab that comes later shows what the session has.
    lab.session.set_input(net.drive, 3.0).result(60)
    second = Lab(lab.session)
    other = Browser(second)
    other.look()
    assert other.of("layout")[0]["inputs"][0]["values"] == [3.0]
    browser.drive(0.5)
    until(lambda: other.of("inputs"), "the other Lab's slider")
    assert other.of("inputs")[-1]["inputs"][0]["values"] == [0.5]
    second.close()


def test_a_refused_value_does_not_stay_on_the_slider(lab: Lab) -> None:
    browser = Browser(lab)
    browser.look()
    lab.session.wait_until("ready", 60)
    browser.drive(0.25)
    browser.drive(float("inf"))
    until(lambda: browser.of("inputs"), "where the slider is")
    said = browser.of("inputs")[-1]
    assert said["inputs"][0]["values"] == [0.25]
    # It counts the refused move as heard: the page would keep its own value else.
    assert said["heard"] == 2
    with pytest.raises(ValidationError, match="no input"):
        lab._driving.drive(lab.session, {"node": "none", "number": 3, "value": 1})
    assert browser.of("inputs")[-1]["heard"] == 3


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
    assert pings[-1]["drawn"] == max(frame["seq"] for frame in browser.of("frame"))


def test_a_session_of_its_own_stays_open(net: nengo.Network) -> None:
    with Session(net, speed=2.0) as session:
        session.wait_until("ready", 60)
        lab = Lab(session, network={"activity": False})
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


def test_a_network_is_built_with_its_step_and_seed() -> None:
    with nengo.Network(seed=0) as net:
        noise = nengo.Node(nengo.processes.WhiteNoise(), size_out=1, label="noise")
        seen = nengo.Probe(noise)
    lab = Lab(net, plots=[], dt=0.002, seed=7, network=False)
    try:
        lab.session.step(3).result(60)
        assert lab.session.time == pytest.approx(0.006)
        frames = lab.session.subscribe([LinesSpec(lab.session.add_probe(seen), window=0.1)])
        lab.session.reset().result(60)
        lab.session.step(3).result(60)
        until(lambda: frames.get(60).header["n_steps"] == 3, "the last step")
        recorder = lab.session._owner.delivery.recorder
        [(_, values)] = lab.session.look_up(lambda _: recorder.rows()).result(60).values()
        with nengo.Simulator(net, dt=0.002, seed=7, progress_bar=False) as sim:
            sim.run_steps(3, progress_bar=False)
            np.testing.assert_allclose(values, sim.data[seen], rtol=1e-5)
        assert "dt=0.002,\n    seed=7," in lab.layout_code({"net": net})
        browser = Browser(lab)
        browser.say(type="run_for", seconds=0.01)
        until(lambda: lab.session.state == "finished", "the end of the run")
        assert lab.session.n_steps == 8
        with pytest.raises(ValidationError, match="built already"):
            Lab(lab.session, seed=1)
    finally:
        lab.close()


def test_what_was_added_has_its_name_after_a_rebuild() -> None:
    with nengo.Network(seed=0) as net:
        net.ens = nengo.Ensemble(20, 1, label="ens")
    lab = Lab(net)
    lab.session.wait_until("ready", 60)
    with net:
        late = nengo.Network(label="late")
        with late:
            late.ens = nengo.Ensemble(10, 1, label="inner")
    lab.rebuild()
    lab.session.wait_until("ready", 60)
    panel = lab.add_plot(late.ens)
    assert lab._bench.find(lab._bench.ids[-1]).title == "late/inner", panel
    lab.close()


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


def test_settings_change_while_it_runs(lab: Lab, net: nengo.Network) -> None:
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    browser.look()
    value = lab.plots[0]
    browser.say(type="play")
    browser.say(type="set_panel", panel=value, values={"range": [-2, 2]})
    panel = browser.of("layout")[-1]["panels"][0]
    assert (panel["rev"], panel["data"]["range"]) == (0, (-2.0, 2.0))
    assert len(lab.session.probes) == 2
    browser.say(type="set_panel", panel=value, values={"synapse": 0.1})
    panel = browser.of("layout")[-1]["panels"][0]
    assert (panel["id"], panel["rev"], panel["what"]) == (value, 1, "value, 100 ms filter")
    until(
        lambda: any(p["rev"] == 1 for f in browser.of("frame") for p in f["panels"]),
        "data through the other filter",
    )
    assert len(lab.session.probes) == 3, "the old probe rests"
    for wrong in ({"synapse": -1}, {"range": [1, 0]}, {"synapse": "long"}):
        with pytest.raises(ValidationError):
            lab.set_plot(value, **wrong)
    assert browser.of("layout")[-1]["panels"][0]["what"] == "value, 100 ms filter"


def test_the_window_can_be_changed(lab: Lab) -> None:
    browser = Browser(lab)
    browser.look()
    lab.window = 10
    assert browser.of("layout")[-1]["window"] == 10
    with pytest.raises(ValidationError, match="window"):
        lab.window = -1
    assert lab.window == 10


def test_the_same_plot_is_not_added_twice(lab: Lab, net: nengo.Network) -> None:
    value = lab.plots[0]
    assert lab.add_plot(net.ens) == value
    assert lab.add_plot(net.ens, "value", synapse=0.1) != value
    assert len(lab.plots) == 4


def test_a_lab_that_nobody_holds_ends_its_session(net: nengo.Network) -> None:
    lab = Lab(net)
    lab.session.wait_until("ready", 60)
    thread = lab.session._owner._thread
    lab.close()
    del lab
    thread.join(60)
    assert not thread.is_alive()


def test_views() -> None:
    views = Views()
    assert not views.visible
    assert views.width == 600
    views.note({"view": "a", "visible": True, "width": 300})
    views.note({"view": "b", "visible": False, "width": 900})
    assert views.visible
    assert views.width == 300
    views.forget("a")
    assert not views.visible
    assert len(views) == 1


def test_a_page_that_is_gone_without_a_word_is_forgotten_and_the_run_pauses(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nengolab_widgets.views.LOST_AFTER", 1.5)
    browser = Browser(lab)
    browser.acknowledges = False
    lab.session.wait_until("ready", 60)
    browser.look()
    browser.say(type="play")
    lab.session.wait_until("paused", 60)
    assert lab.stats["views"] == 0
