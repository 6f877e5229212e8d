"""What Nodes' functions write as ``_nengo_html_``: found, sent when it changes, what is wrong."""

import functools
from collections.abc import Iterator

import nengo
import numpy as np
import pytest
from nengolab_widgets import Lab
from nengolab_widgets.choice import Menu, read_choice
from nengolab_widgets.panels.html import MOST_BYTES, Html

from nengolab.live import Session
from nengolab.names import Names
from tests.widgets.browser import Browser, until, until_quiet


class Clock:
    """A callable with a page of its own."""

    def __call__(self, t: float) -> float:
        self._nengo_html_ = f"<b>{t:.3f} s</b>"
        return t


class Fails:
    """Its page cannot be read."""

    def __call__(self, t: float) -> None: ...

    @property
    def _nengo_html_(self) -> str:
        raise RuntimeError("no page <today>")


def write(t: float, x: np.ndarray) -> None:
    write._nengo_html_ = f"<svg><circle r='{abs(x[0]):.2f}'/></svg> é {t:.3f}"


def static(t: float) -> float:
    return t


static._nengo_html_ = "<i>always</i>"


def grows(t: float) -> None:
    grows._nengo_html_ = "x" * (MOST_BYTES + 1)


def counts(t: float) -> None:
    counts._nengo_html_ = 5


@pytest.fixture(scope="module")
def net() -> nengo.Network:
    with nengo.Network(label="pages", seed=0) as net:
        net.wave = nengo.Node(lambda t: np.sin(20 * t), label="wave")
        net.writer = nengo.Node(write, size_in=1, label="writer")
        net.clock = nengo.Node(Clock(), label="clock")
        net.static = nengo.Node(static, label="static")
        net.fails = nengo.Node(Fails(), label="fails")
        net.grows = nengo.Node(grows, label="grows")
        net.counts = nengo.Node(counts, label="counts")
        nengo.Connection(net.wave, net.writer, synapse=None)
    return net


@pytest.fixture(scope="module")
def session(net: nengo.Network) -> Iterator[Session]:
    with Session(net, speed=1.0) as session:
        session.wait_until("ready", 120)
        yield session


def pages(session: Session, node: nengo.Node, seconds: float) -> list[tuple[float, str, bool]]:
    """Run from the start, and give what came: instant, text, and whether it is wrong."""
    session.reset().result(60)
    lab = Lab(session, plots=[(node, "html")], network=False)
    browser = Browser(lab)
    browser.look()
    [panel] = lab.plots
    session.run_for(seconds).result(60)
    until(lambda: browser.of("frame")[-1]["state"] == "finished", "the last frame")
    until(lambda: browser.of("frame")[-1]["time"] == pytest.approx(seconds), "the end")
    # The last page of a run may come a twentieth of a second later.
    until_quiet(browser, 0.3)
    found = [
        (float(a["t"][0]), a["html"].tobytes().decode(), bool(a["wrong"][0]))
        for a in browser.arrays(panel)
    ]
    lab.close()
    return found


def test_it_is_sent_when_it_changes_at_most_twenty_times_a_second(session, net) -> None:
    found = pages(session, net.writer, 0.5)
    times = [t for t, _, _ in found]
    assert len(found) == len({text for _, text, _ in found})
    assert 3 <= len(found) <= 0.5 * 20 + 3
    assert times == sorted(times)
    t, text, wrong = found[-1]
    assert t == pytest.approx(0.5)
    assert text == f"<svg><circle r='{abs(np.sin(10)):.2f}'/></svg> é 0.500"
    assert not wrong
    for t, text, _ in found[1:]:
        assert text.endswith(f"é {t:.3f}"), "the page is that of its instant"


def test_a_page_that_stays_is_sent_once(session, net) -> None:
    [(t, text, wrong)] = pages(session, net.static, 0.3)
    assert (text, wrong) == ("<i>always</i>", False)
    assert t < 0.3  # on a busy machine the run may begin before somebody looks


def test_of_an_object_that_is_called(session, net) -> None:
    assert pages(session, net.clock, 0.1)[-1][1] == "<b>0.100 s</b>"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fails", "_nengo_html_ raised RuntimeError: no page <today>"),
        ("counts", "_nengo_html_ must be text, it is a int"),
        ("grows", "longer than the 256 kB that are shown: 262145 characters"),
    ],
)
def test_what_is_wrong_is_said_and_the_stream_goes_on(session, net, name, words) -> None:
    _, text, wrong = pages(session, getattr(net, name), 0.05)[-1]
    assert wrong
    assert words in text
    assert session.state == "finished"


def test_it_is_offered_for_nodes_that_write_pages_also_before_they_run(net) -> None:
    def later(t: float) -> None:
        def inside() -> None:
            later._nengo_html_ = "x"

        inside()

    def by_name(t: float) -> None:
        setattr(by_name, "_nengo_html_", "x")  # noqa: B010

    @functools.wraps(later)
    def wraps(t: float) -> None:
        later(t)

    with nengo.Network(add_to_container=False):
        for output in (later, by_name, wraps, Clock().__call__):
            assert Html.suits(nengo.Node(output)), output
        for other in (nengo.Node(lambda t: t), nengo.Node([1.0]), nengo.Node(size_in=2)):
            assert not Html.suits(other)
    assert not Html.suits(net)
    names = Names(net)
    kinds = {o["label"]: o["kinds"][0]["name"] for o in Menu(net, names).layout()}
    # Also of Nodes that put out nothing.
    assert kinds["writer"] == "html"
    assert kinds["wave"] == "value"
    assert read_choice(net.writer, names).kind == "html"
