"""A network and its twins, live in a Lab."""

import threading
from typing import Any

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengo.utils.progress import Progress, ProgressTracker
from nengolab_widgets import Compare, Lab

import nengolab
from nengolab.exceptions import BuildStopped

from .browser import Browser, until


class Broken(nengo.solvers.LstsqL2):
    def __call__(self, A: Any, Y: Any, rng: Any = None) -> Any:
        raise ValueError("no decoders today")


class Slow(nengo.solvers.LstsqL2):
    """As slow as a test says."""


@pytest.fixture
def net() -> nengo.Network:
    with nengo.Network(label="a net", seed=1) as net:
        net.drive = nengo.Node([0.5], label="drive")
        net.ens = nengo.Ensemble(30, 1, label="ens")
        nengo.Connection(net.drive, net.ens)
    return net


def test_one_slider_moves_all_twins(net: nengo.Network) -> None:
    lab = Compare(net, speed=None, network=False)
    browser = Browser(lab)
    lab.session.wait_until("ready", 60)
    browser.look()
    layout = browser.of("layout")[0]
    assert [(p["title"], p["kind"]) for p in layout["panels"]] == [
        ("rate/ens", "rates"),
        ("rate/ens", "value"),
        ("spiking/ens", "raster"),
        ("spiking/ens", "value"),
        ("spiking/ens", "rates"),
        ("spiking/ens", "intervals"),
        ("ens: spiking − rate", "value"),
    ]
    # The range of errors starts where small ones are seen.
    assert layout["panels"][-1]["data"]["likely"] == (-0.1, 0.1)
    assert layout["panels"][1]["data"]["likely"][1] >= 1
    assert [entry["label"] for entry in layout["inputs"]] == ["drive"]
    values = [p["id"] for p in layout["panels"] if p["kind"] == "value"]
    browser.drive(-0.6)
    lab.session.run_for(1.0).result(60)
    until(lambda: len(browser.lines(values[0])) > 500, "values")
    for panel in values[:2]:
        assert browser.lines(panel)[-200:].mean() == pytest.approx(-0.6, abs=0.1)
    error = browser.lines(values[2])[-200:]
    assert np.abs(error).mean() < 0.1
    assert net.ens.neuron_type == nengo.LIF()
    lab.close()
    lab.session.close()


def test_several_ensembles_are_chosen_and_the_build_says_how_far_it_is(
    net: nengo.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    with net:
        other = nengo.Ensemble(20, 1, radius=2, label="other")
        nengo.Connection(net.ens, other)
    # The cell waits for nothing: what takes long is done by the session, which says how far it is.
    going, make = threading.Event(), nengolab.inspect.twins.Simulator

    def slow(*args: Any, progress_bar: Any, **how: Any) -> Any:
        with ProgressTracker(progress_bar, Progress("Building", "Build", 4)) as tracker:
            tracker.total_progress.step(1)
            assert going.wait(30)
        return make(*args, progress_bar=False, **how)

    monkeypatch.setattr("nengolab.inspect.twins.Simulator", slow)
    lab = Compare(net, [other, net.ens], network=False)
    browser = Browser(lab)
    browser.look()
    until(lambda: lab.session.status.note == "what the twins have in common, 25%", "how far it is")
    assert lab.session.state == "building"
    going.set()
    lab.session.wait_until("ready", 60)
    assert lab.session.status.note == ""
    assert lab.session.network.all_ensembles[0].gain is not None
    layouts = lab._bench.layouts()
    assert [p["title"] for p in layouts if p["kind"] == "rates"][::2] == ["rate/other", "rate/ens"]
    errors = [p for p in layouts if "−" in p["title"]]
    assert [p["title"].partition(":")[0] for p in errors] == ["other", "ens"]
    assert errors[0]["data"]["likely"] == (-0.2, 0.2)
    lab.close()
    lab.session.close()


def test_what_goes_wrong_while_twins_are_built_is_told_in_the_lab(net: nengo.Network) -> None:
    with net:
        nengo.Connection(net.ens, nengo.Node(size_in=1), solver=Broken())
    lab = Compare(net, network=False)
    until(lambda: lab.session.state == "error", "the error")
    assert "no decoders today" in str(lab.session.error)
    lab.close()
    lab.session.close()


def test_a_build_is_left_when_nobody_waits_for_it(
    net: nengo.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, built = threading.Event(), []
    make = nengolab.inspect.twins.Simulator

    def slow(*args: Any, **how: Any) -> Any:
        built.append(going.wait(30))
        return make(*args, **how)

    monkeypatch.setattr("nengolab.inspect.twins.Simulator", slow)
    lab = Compare(net, network=False)
    until(lambda: lab.session.state == "building", "the build")
    lab.close()
    assert not built  # closed while it was being built
    going.set()
    until(lambda: lab.session.state == "closed", "the end")
    assert built in ([], [True])


def test_a_build_is_stopped_and_begun_again(
    net: nengo.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, going, solved = threading.Event(), threading.Event(), []

    def slowly(solver: Any, *args: Any, **how: Any) -> Any:
        solved.append(threading.current_thread())
        reached.set()
        assert going.wait(30)
        return nengo.solvers.LstsqL2.__call__(solver, *args, **how)

    monkeypatch.setattr(Slow, "__call__", slowly)
    with net:
        out = nengo.Node(size_in=1)
        for _ in range(2):
            nengo.Connection(net.ens, out, solver=Slow())
    lab = Compare(net, network=False, speed=None)
    browser = Browser(lab)
    browser.look()
    session = lab.session
    played = session.play()
    assert reached.wait(30)
    assert session.state == "building"
    # It sleeps at once, while the solver that is at work comes to its end.
    browser.say(type="stop_building")
    until(lambda: session.state == "asleep", "the stop")
    assert session.status.note == "the build was stopped"
    with pytest.raises(BuildStopped, match="the build was stopped"):
        played.result(10)
    assert session.stop_building().result(10) is False
    assert (len(solved), session.error) == (1, None)
    # Asked for again, it begins after that has ended, and comes to a run with all plots.
    session.wake()
    until(lambda: "comes to its end first" in session.status.note, "the wait for it")
    going.set()
    session.wait_until("ready", 60)
    assert not solved[0].is_alive()
    assert solved.count(solved[0]) == 1, "the other decoders were not solved for"
    session.run_for(0.2).result(60)
    values = [p["id"] for p in browser.of("layout")[0]["panels"] if p["kind"] == "value"]
    until(lambda: len(browser.lines(values[0])) == 200, "values")
    lab.close()
    session.close()


def test_what_cannot_be_compared_is_said(net: nengo.Network) -> None:
    with pytest.raises(ValidationError, match="twins are made of a nengo.Network, got str"):
        Compare("net")
    for nothing in ([], net.drive, [net.ens, net.drive]):
        with pytest.raises(ValidationError, match="neurons of ensembles are compared"):
            Compare(net, nothing)
    with pytest.raises(ValidationError, match="likely must be two numbers, the lower first"):
        Lab(net, plots=[(net.ens, "value", {"likely": (1, 0)})])
    with pytest.raises(ValidationError, match="the kinds are"):
        Compare(net, kinds=["rate", "burst"])
    with pytest.raises(TypeError, match="no keyword 'windows'"):
        Compare(net, windows=2)
