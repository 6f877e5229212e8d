"""The network view: what it says of a network, what it opens, and that it is kept and undone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab, Network, colouring
from nengolab_widgets.graph import describe

from nengolab.live import Session
from tests.widgets.browser import Browser, until


def build() -> nengo.Network:
    with nengo.Network(label="viewed", seed=0) as net:
        net.drive = nengo.Node([0.5], label="drive")
        with nengo.Network(label="area"):
            net.ens = nengo.Ensemble(20, 1, label="ens")
            net.deep = nengo.networks.EnsembleArray(10, 3, label="deep")
        net.conn = nengo.Connection(net.drive, net.ens)
        nengo.Connection(net.ens, net.deep.input[0])
    return net


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(build(), speed=None) as session:
        session.wait_until("ready", 120)
        yield session


@pytest.fixture
def lab(session: Session) -> Iterator[Lab]:
    lab = Lab(session, plots=[])
    yield lab
    lab.close()


@pytest.fixture
def browser(lab: Lab) -> Browser:
    browser = Browser(lab)
    browser.look()
    return browser


def aside(browser: Browser) -> dict[str, Any]:
    return browser.of("layout")[-1]["aside"]


def ask(browser: Browser, **content: Any) -> dict[str, Any] | None:
    """Say something to the view, and give what it answers."""
    before, view = len(browser.of("for_panel")), aside(browser)
    content = {"version": view["data"]["version"], **content}
    browser.say(type="to_panel", panel=view["id"], content=content)
    answers = browser.of("for_panel")[before:]
    if content["type"] == "describe" and not answers:
        answers = browser.of("for_panel")  # it was told with the hello
    return answers[-1]["content"] if answers else None


def test_the_view_describes_the_network(lab, browser, session):
    layout = aside(browser)
    assert (layout["kind"], layout["title"]) == ("network", "viewed")
    assert layout["data"]["opened"] == ["area"]
    # What the page changes by itself stands in no menu.
    assert [s["name"] for s in layout["settings"]] == ["passthrough", "activity", "folded"]
    said = ask(browser, type="describe")
    assert said["version"] == layout["data"]["version"]
    labels = said["objects"]["label"]
    assert labels[:5] == ["viewed", "drive", "area", "ens", "deep"]
    assert said["connections"]["pre"][0] == labels.index("drive")
    assert lab.plots == []


def test_cards_offer_plots_and_open_them(lab, browser):
    ens = ask(browser, type="describe")["objects"]["label"].index("ens")
    card = ask(browser, type="card", ask="q1", of="object", at=ens)
    assert (card["ask"], card["facts"]["title"]) == ("q1", "area/ens")
    assert [kind["name"] for kind in card["parts"][0]["kinds"][:3]] == ["value", "raster", "rates"]
    ask(browser, type="plot", of="object", at=ens, part="", kind="raster")
    assert [p["kind"] for p in browser.of("layout")[-1]["panels"]] == ["raster"]
    # The likeliest; and what is open already is not opened twice.
    for _ in range(2):
        ask(browser, type="plot", of="object", at=ens, part="", kind="")
    assert [p["kind"] for p in browser.of("layout")[-1]["panels"]] == ["raster", "value"]
    conn = ask(browser, type="card", ask="q2", of="connection", at=0)
    assert conn["facts"]["title"] == "drive -> area/ens"
    deep = ask(browser, type="card", ask="q3", of="object", at=ens + 1)
    assert [part["part"] for part in deep["parts"]] == ["output", "input", ""]
    ask(browser, type="plot", of="object", at=ens + 1, part="output", kind="value")
    assert browser.of("layout")[-1]["panels"][-1]["title"] == "area/deep/output"
    lab.undo()
    assert len(lab.plots) == 2


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ({"type": "card", "of": "object", "at": 999}, "object.*999"),
        ({"type": "card", "of": "thing", "at": 0}, "thing"),
        ({"type": "card", "of": "object", "at": True}, "True"),
        ({"type": "plot", "of": "object", "at": 1, "part": "", "kind": "raster"}, "raster"),
        ({"type": "plot", "of": "object", "at": 0, "part": "x", "kind": ""}, "no plot"),
        ({"type": "watch", "objects": [0]}, "objects must be"),
        ({"type": "watch", "objects": "all"}, "objects must be"),
        ({"type": "dance"}, "does not understand 'dance'"),
    ],
)
def test_what_is_not_understood_is_refused(browser, content, match):
    assert ask(browser, **content) is None
    [notice] = browser.of("notice")
    import re

    assert re.search(match, notice["text"])


def test_what_a_page_opens_and_moves_is_kept_and_undone(lab, browser):
    view = aside(browser)["id"]
    browser.say(type="set_panel", panel=view, values={"opened": []})
    browser.say(type="set_panel", panel=view, values={"placed": {"area": [10, -20.5]}})
    assert browser.of("layout")[-1]["undoes"] == "a place in the network view"
    assert aside(browser)["data"]["placed"] == {"area": (10.0, -20.5)}
    layout = lab.save_layout()
    assert layout["network"] == {"opened": [], "placed": {"area": [10.0, -20.5]}}
    lab.undo()
    assert aside(browser)["data"]["placed"] == {}
    lab.undo()
    assert aside(browser)["data"]["opened"] == ["area"]
    assert lab.save_layout()["network"] == {}
    lab.load_layout(layout)
    assert aside(browser)["data"]["opened"] == []
    assert lab.save_layout() == layout
    assert "network={'opened': (), 'placed': {'area': (10.0, -20.5)}}" in lab.layout_code()
    other = Lab(lab.session, plots=[], network=layout["network"])
    assert other.save_layout() == layout
    other.close()


@pytest.mark.parametrize(
    "values",
    [
        {"opened": "area"},
        {"opened": [1]},
        {"placed": {"area": [1]}},
        {"placed": {"area": [1, float("nan")]}},
        {"placed": {"area": [1, 1e9]}},
        {"placed": [1, 2]},
    ],
)
def test_odd_places_are_refused(lab, browser, values):
    before = aside(browser)["data"]
    browser.say(type="set_panel", panel=aside(browser)["id"], values=values)
    assert "must be" in browser.of("notice")[-1]["text"]
    assert aside(browser)["data"] == before
    with pytest.warns(UserWarning, match="the network view: .*must be"):
        lab.load_layout({"nengolab_layout": 1, "window": 2.0, "plots": [], "network": values})


def test_it_is_no_plot(lab, browser):
    view = aside(browser)["id"]
    for message in ({"type": "remove_panel"}, {"type": "move_panel", "to": 0}):
        browser.say(panel=view, **message)
        assert "no plot" in browser.of("notice")[-1]["text"]
    with pytest.raises(ValidationError, match="network must be True, False or settings"):
        Lab(lab.session, network="yes")
    bare = Lab(lab.session, plots=[], network=False)
    assert bare._layout()["aside"] is None
    assert "network=False" in bare.layout_code()
    bare.close()


def test_activity_comes_with_the_frames(lab, browser, session):
    view = aside(browser)["id"]
    labels = ask(browser, type="describe")["objects"]["label"]
    for probe in session.probes:
        probe.attached.result(60)
    session.run_for(0.2).result(60)
    until(lambda: [len(a["of"]) for a in browser.arrays(view) if a][-1:] == [3], "all of them")
    last = [a for a in browser.arrays(view) if a][-1]
    named = dict(zip([labels[at] for at in last["of"]], last["y"], strict=True))
    assert set(named) == {"drive", "ens", "deep"}
    assert 0.4 < named["drive"] < 0.5
    assert named["ens"] > 5
    # Only what is on the screen.
    before = {probe.id for probe in session.probes}
    said = ask(browser, type="watch", objects=[labels.index("drive")])
    assert said == {"type": "watched", "objects": [labels.index("drive")], "why": ""}
    assert {probe.id for probe in session.probes} < before
    session.run_for(0.05).result(60)
    until(lambda: [len(a["of"]) for a in browser.arrays(view) if a][-1] == 1, "one object")
    assert len(browser.of("layout")[-1]["aside"]["data"]["placed"]) == 0
    # What nobody wants to see is not probed.
    browser.say(type="set_panel", panel=view, values={"activity": False})
    until(lambda: session.probes == [], "no probes")


def test_what_has_no_colour_is_told_with_the_reason(monkeypatch):
    net = build()
    graph = describe(net)
    at = {obj: graph.index(obj) for obj in (net.drive, net.ens, net.deep)}

    def told(**limits):
        with monkeypatch.context() as patch:
            for name, limit in limits.items():
                patch.setattr(colouring, name, limit)
            seen, why = colouring.coloured(graph, list(at.values()))
        return {n for n, _ in seen}, why

    assert told() == ({*at.values()}, "")
    without = {at[net.drive], at[net.ens]}
    assert told(MOST_MEMBERS=2) == (
        without,
        "no colour for networks of more than 2 ensembles: open them",
    )
    assert told(MOST_PROBES=4) == (
        without,
        "no colour for so many closed networks: open them, or zoom in",
    )
    assert told(MOST_NEURONS=10) == (set(), "no colour for more than 10 neurons: zoom in")
    assert told(MOST_WATCHED=2) == (set(), "no colour for more than 2 things: zoom in")


def test_a_view_that_is_folded_away_probes_nothing():
    lab = Lab(build(), plots=[], network={"folded": True})
    try:
        assert lab.session.probes == []
    finally:
        lab.close()
        lab.session.close()


def test_a_network_by_itself_needs_no_simulator():
    net = build()
    view = Network(net)
    try:
        assert view.session.state == "asleep"
        browser = Browser(view.hub)
        browser.look()
        [panel] = browser.of("layout")[-1]["panels"]
        browser.say(type="to_panel", panel=panel["id"], content={"type": "describe"})
        [said] = browser.of("for_panel")
        assert said["content"]["objects"]["label"][0] == "viewed"
        watch = {"type": "watch", "objects": [1], "version": said["content"]["version"]}
        browser.say(type="to_panel", panel=panel["id"], content=watch)
        assert view.session.state == "asleep"
        # Until it is asked for.
        browser.say(type="play")
        assert view.session.state != "asleep"
        view.session.wait_time(0.05, 60)
        browser.say(type="to_panel", panel=panel["id"], content=watch)
        until(lambda: any(a for a in browser.arrays(panel["id"])), "activity")
    finally:
        view.close()
        view.session.close()


CELLS = """
import nengo
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
with nengo.Network(label="shown") as net:
    nengo.Ensemble(10, 1)
for magic in ("load_ext", "unload_ext"):
    shell.run_line_magic(magic, "nengolab")
    data, _ = shell.display_formatter.format(net)
    print("application/vnd.jupyter.widget-view+json" in data)
"""


def test_a_network_on_the_last_line_of_a_cell():
    # In a process of its own: a shell changes what the whole process prints and shows.
    command = [sys.executable, "-c", CELLS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["True", "False"], done.stderr


def test_a_rebuilt_network_is_described_anew():
    net = build()
    lab = Lab(net, plots=[])
    try:
        browser = Browser(lab)
        browser.look()
        lab.session.wait_until("ready", 120)
        first = aside(browser)["data"]["version"]
        with net:
            late = nengo.Node(lambda t: np.sin(t), label="late")
            nengo.Connection(late, net.ens)
        lab.rebuild()
        assert aside(browser)["data"]["version"] > first
        assert "late" in ask(browser, type="describe")["objects"]["label"]
    finally:
        lab.close()
        lab.session.close()


def test_a_large_network_is_told_once_in_few_bytes():
    with nengo.Network(seed=0) as net:
        for area in range(30):
            with nengo.Network(label=f"area {area}"):
                ens = [nengo.Ensemble(10, 1, label=f"e{i}") for i in range(100)]
                for i in range(200):
                    nengo.Connection(ens[i % 100], ens[7 * i % 100])
    view = Network(net)
    browser = Browser(view.hub)
    panel = view._panel
    browser.say(type="hello", view="v1", panel=panel, visible=True, width=500)
    # What a page that has just come asks for is on its way already.
    browser.say(type="to_panel", panel=panel, content={"type": "describe"})
    told = [m for m in browser.of("for_panel") if m["content"]["type"] == "graph"]
    assert len(told) == 1
    assert len(told[0]["content"]["connections"]["pre"]) == 6000
    assert len(json.dumps(told)) < 320_000
    assert len(json.dumps(browser.of("layout"))) < 3_000, "what is open is all that layouts say"
    # The front end comes with the panel; what its hub keeps on the page is a few words.
    assert len(json.dumps(view.hub.get_state(), default=str)) < 3_000
    assert len(view.get_state()["_esm"]) > 100_000
    view.close()
