"""Panels by themselves: one session, one stream, one history for all of them."""

import gc
import threading
import weakref
from collections.abc import Iterator

import nengo
import nengolab_widgets
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab, Raster, Standalone, Value, sessions
from nengolab_widgets.hub import hub_of
from nengolab_widgets.panels import own_kinds

import nengolab
from nengolab.live import Session

from .browser import Browser, until


def build() -> nengo.Network:
    with nengo.Network(label="a net", seed=0) as net:
        net.drive = nengo.Node([0.5], label="drive")
        net.ens = nengo.Ensemble(20, 1, label="ens")
        nengo.Connection(net.drive, net.ens)
    return net


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(build()) as session:
        session.wait_until("ready", 120)
        yield session


@pytest.fixture
def net(session: Session) -> nengo.Network:
    return session.network


def test_each_kind_has_a_class_with_a_docstring_and_no_other_name_has_one() -> None:
    for name, kind in own_kinds().items():
        made = getattr(nengolab_widgets, kind.__name__)
        assert issubclass(made, Standalone)
        assert made.kind is kind
        assert made.__name__ in nengolab_widgets.__all__
        assert kind.label in made.__doc__
        for setting in kind.settings:
            assert f"``{setting.name}``" in made.__doc__, name
            assert setting.name not in {"target", "obj", "transport", "window"}, name
    with pytest.raises(AttributeError, match="no attribute 'Hologram'"):
        nengolab_widgets.Hologram  # noqa: B018
    with pytest.raises(ImportError, match="Hologram"):
        from nengolab_widgets import Hologram  # noqa: F401


def test_a_kind_of_another_package_has_a_class_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Weighing(own_kinds()["text"]):
        """Weighs."""

    monkeypatch.setattr(nengolab_widgets, "kinds", lambda: {"weighing": Weighing})
    assert nengolab_widgets.Weighing.kind is Weighing
    assert nengolab_widgets.Weighing is nengolab_widgets.Weighing


def test_panels_of_one_session_share_its_stream(session: Session, net: nengo.Network) -> None:
    value, raster = Value(session, net.ens, synapse=0.1), Raster(session, net.ens)
    assert value.hub is raster.hub
    assert value.session is raster.session is session
    assert value.settings["synapse"] == 0.1
    browser = Browser(value.hub)
    for view, panel in (("v1", value._panel), ("v2", raster._panel)):
        browser.say(type="hello", view=view, panel=panel, visible=True, width=500)
    browser.say(type="play")
    until(lambda: len(browser.lines(value._panel)) > 50, "data of the value")
    until(lambda: browser.arrays(raster._panel), "data of the raster")
    browser.say(type="pause")
    session.wait_until("paused", 60)
    frame = next(f for f in browser.of("frame")[::-1] if len(f["panels"]) == 2)
    assert {entry["id"] for entry in frame["panels"]} == {value._panel, raster._panel}
    value.close()
    raster.close()
    assert session.state == "paused", "a session that a person made stays"


def test_one_that_is_closed_leaves_the_others_alive(session: Session, net: nengo.Network) -> None:
    one, two = Value(session, net.ens), Value(session, net.ens)
    assert one._panel != two._panel
    hub = one.hub
    browser = Browser(hub)
    browser.look()
    one.close()
    one.close()
    assert [p["id"] for p in browser.of("layout")[-1]["panels"]] == [two._panel]
    session.step(30).result(60)
    until(lambda: len(browser.lines(two._panel)) > 3, "data goes on")
    two.set(synapse=0.2)
    assert two.settings["synapse"] == 0.2
    two.close()
    assert hub.has_ended
    assert hub.comm is None
    three = Value(session, net.ens)
    assert three.hub is not hub
    three.close()


def test_undo_is_of_settings_and_brings_no_panel_back(session: Session, net: nengo.Network) -> None:
    one = Value(session, net.ens, synapse=0.1)
    one.set(synapse=0.2)
    two = Value(session, net.drive)
    two.set(dims="0")
    one.window = 5.0
    assert two.window == 5.0
    hub = one.hub
    assert [hub.undo() for _ in range(4)] == [True, True, True, False]
    assert (one.settings["synapse"], two.settings["dims"], one.window) == (0.1, "", 2.0)
    assert hub.redo()
    assert one.settings["synapse"] == 0.2
    one.close()
    assert not hub.undo(), "it was a setting of one that is closed"
    assert hub.plots == [two._panel]
    two.close()


def test_a_simulator_has_one_session_and_gets_itself_back(session: Session) -> None:
    net = build()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        value, raster = Value(sim, net.ens), Raster(sim, net.ens)
        lab = Lab(sim)
        assert value.session is raster.session is lab.session
        shared = lab.session
        shared.wait_until("ready", 120)
        value.close()
        lab.close()
        raster.session.step(5).result(60)
        raster.close()
        until(lambda: shared.state == "closed", "the last one has left")
        sim.run_steps(5)
        assert sim.n_steps == 10
        again = Value(sim, net.ens)
        assert again.session is not shared
        again.close()
        until(lambda: again.session.state == "closed", "its end")


def test_a_session_that_a_person_made_of_a_simulator_is_found() -> None:
    net = build()
    with nengolab.Simulator(net, progress_bar=False) as sim, Session(sim) as own:
        value = Value(sim, net.ens)
        assert value.session is own
        value.close()
        assert own.state != "closed"


def test_a_lab_or_its_network_lends_its_session_which_outlives_it() -> None:
    net = build()
    lab = Lab(net, window=4.0)
    value, raster = Value(lab, net.ens), Raster(net, net.ens)
    assert lab.session is value.session is raster.session
    assert value.window == 4.0
    layouts = []
    for widget in (lab, value.hub):
        browser = Browser(widget)
        browser.look()
        layouts.append(browser.of("layout")[-1])
    assert layouts[0]["session"] == layouts[1]["session"] != ""
    lab.close()
    value.session.wait_until("ready", 120)
    value.session.step(3).result(60)
    value.close()
    raster.close()
    until(lambda: value.session.state == "closed", "nobody holds it any more")
    assert Lab(net, plots=[]).session is not value.session


def test_what_cannot_be_shown_is_refused_and_leaves_nothing(
    session: Session, net: nengo.Network
) -> None:
    before = len(session.probes)
    with pytest.raises(ValidationError, match="'drive' has no plot 'raster'"):
        Raster(session, net.drive)
    with pytest.raises(ValidationError, match="has no setting 'glow'"):
        Value(session, net.ens, glow=3)
    with pytest.raises(ValidationError, match=r"needs a nengo\.Network"):
        Value(3, net.ens)
    assert len(session.probes) == before
    last = hub_of(session)
    assert last.plots == []
    last.leave("")


def test_nobody_pauses_a_run_that_another_widget_shows(
    session: Session, net: nengo.Network
) -> None:
    lab, value = Lab(session), Value(session, net.ens)
    watching, other = Browser(lab), Browser(value.hub)
    watching.look()
    other.look()
    session.play()
    session.wait_until("running", 60)
    other.say(type="bye", view="v1")
    value.hub._pause_if_unseen()
    session.step(1)
    assert sessions.is_seen(session)
    assert session.state == "running"
    watching.say(type="bye", view="v1")
    assert not sessions.is_seen(session)
    lab._pause_if_unseen()
    session.wait_until("paused", 60)
    lab.close()
    value.close()


def ended(thread: threading.Thread) -> bool:
    gc.collect()
    return not thread.is_alive()


def test_panels_whose_cell_runs_again_go_with_their_session() -> None:
    net = build()
    one, two = Value(net, net.ens), Raster(net, net.ens)
    assert one.session is two.session
    one.session.wait_until("ready", 120)
    thread, session = one.session._owner._thread, weakref.ref(one.session)
    browser = Browser(one.hub)
    for view, widget in (("v1", one), ("v2", two)):
        browser.say(type="hello", view=view, panel=widget._panel, visible=True, width=500)
    one.replaced()
    two.replaced()
    assert one.comm is not None, "a page still shows it"
    browser.say(type="bye", view="v1")
    assert one.comm is None
    assert two.comm is not None
    bundle, _ = one._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == one._me
    one.replaced()
    browser.say(type="bye", view="v2")
    del one, two, browser, widget
    until(lambda: ended(thread), "the session's thread ends", 60)
    assert session() is None


def test_data_of_two_panels_is_of_the_same_instants(session: Session, net: nengo.Network) -> None:
    one, two = Value(session, net.ens), Value(session, net.drive)
    browser = Browser(one.hub)
    browser.look()
    session.reset().result(60)
    session.step(200).result(60)
    until(lambda: len(browser.lines(two._panel)) > 20, "data")
    frames = [f["panels"] for f in browser.of("frame") if len(f["panels"]) == 2]
    assert frames
    for first, second in frames:
        assert (first["t0"], first["t1"]) == (second["t0"], second["t1"])
    np.testing.assert_allclose(browser.lines(two._panel)[-1], [0.5])
    one.close()
    two.close()
