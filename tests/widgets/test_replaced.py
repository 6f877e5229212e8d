"""A Lab whose cell runs again is freed when nobody holds it, and only then."""

import gc
import time
import weakref

import nengo
import pytest
from nengolab_widgets import Lab

from nengolab.live import Session
from nengolab.runtime import collector

from .browser import Browser, until


@pytest.fixture
def net() -> nengo.Network:
    with nengo.Network(label="a net", seed=0) as net:
        net.ens = nengo.Ensemble(20, 1, label="ens")
    return net


def test_a_replaced_lab_goes_with_its_session(
    net: nengo.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector, "COLLECTED_AFTER", 1.0)
    lab = Lab(net)
    lab.session.wait_until("ready", 60)
    lab.session.play()
    thread, session = lab.session._owner._thread, weakref.ref(lab.session)
    browser = Browser(lab)
    browser.look()
    lab.replaced()
    assert lab.comm is not None, "a page still shows it"
    browser.say(type="bye", view="v1")
    del lab, browser
    # Nobody collects but what is asked for by the Lab that was replaced.
    until(lambda: not thread.is_alive(), "the session's thread ends", 30)
    assert session() is None


def test_a_lab_that_nobody_holds_leaves_nothing_in_a_session(net: nengo.Network) -> None:
    with Session(net) as session:
        lab = Lab(session)
        session.wait_until("ready", 60)
        assert len(session.probes) >= 2  # and the network view's
        lab.replaced()
        lab = weakref.ref(lab)
        until(lambda: gc.collect() is not None and lab() is None, "the Lab goes", 30)
        until(lambda: not session.probes, "its probes go", 30)
        session.step(1).result(30)


def test_one_that_a_person_holds_is_paused_and_can_be_shown_again(
    net: nengo.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector, "COLLECTED_AFTER", 0.5)
    lab = Lab(net)
    lab.session.wait_until("ready", 60)
    lab.session.play()
    kept = [lab]
    lab.replaced()
    del lab
    gc.collect()
    time.sleep(1.2)
    [lab] = kept
    lab.session.wait_until("paused", 60)
    assert lab.comm is None
    bundle, _ = lab._repr_mimebundle_()
    assert lab.comm is not None
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == lab.model_id
    browser = Browser(lab)
    browser.look()
    assert browser.of("layout")
    lab.close()
    until(lambda: lab.session.state == "closed", "its end")
    assert browser.of("ping")[-1]["state"] == "closed"
