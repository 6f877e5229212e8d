"""Plots are kept in files, written as Python, undone; the network goes on meanwhile."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nengo
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets import Lab
from nengolab_widgets.arrangement import Arrangement, Shown
from nengolab_widgets.history import MOST, UndoHistory
from nengolab_widgets.references import refer, resolve

from nengolab.live import Session
from nengolab.names import Names

from .browser import Browser, until


def build(vision: bool = True) -> nengo.Network:
    with nengo.Network(label="kept", seed=0) as net:
        net.drive = nengo.Node([0.5], label="drive")
        net.ens = nengo.Ensemble(20, 2, label="ens")
        if vision:
            with nengo.Network(label="vision"):
                nengo.Ensemble(10, 3, label="hidden")
        unnamed = nengo.Ensemble(10, 1)
        nengo.Connection(net.drive, net.ens[0])
        rules = {"main": nengo.PES()}
        net.learned = nengo.Connection(net.ens[0], unnamed, learning_rule_type=rules)
    return net


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(build()) as session:
        session.wait_until("ready", 120)
        yield session


@pytest.fixture
def net(session: Session) -> nengo.Network:
    return session.network


@pytest.fixture
def lab(session: Session, net: nengo.Network) -> Iterator[Lab]:
    hidden = net.networks[0].ensembles[0]
    plots = [
        (net.ens, "value", {"synapse": 0.1}),
        (net.ens, "raster"),
        (hidden[0:2], "value"),
        ((net.ens, hidden), "xy", {"trail": 2.0, "range": (-1.0, 2.0)}),
    ]
    lab = Lab(session, plots=plots, window=3.0)
    yield lab
    lab.close()


def seen(lab: Lab) -> list[tuple[Any, ...]]:
    """What is open, to compare Labs: all but ids."""
    names = Names(lab.session.network)
    return [(refer(s.obj, names), s.kind, s.values, s.size) for s in lab._bench.arrangement.shown]


@pytest.mark.parametrize(
    "part",
    [
        lambda net: None,
        lambda net: net.ens,
        lambda net: net.ens.neurons,
        lambda net: net.ens[-1:],
        lambda net: net.ens.neurons[[3, 1, 3]],
        lambda net: net.ens.neurons[1:9:2],
        lambda net: (net.ens[0], net.drive),
        lambda net: net.networks[0],
        lambda net: net.ensembles[1],
        lambda net: net.learned,
        lambda net: net.learned.learning_rule["main"],
    ],
)
def test_what_is_named_in_json_is_found_again(net: nengo.Network, part: Any) -> None:
    obj, names = part(net), Names(net)
    reference = json.loads(json.dumps(refer(obj, names)))
    found = resolve(reference, names)
    assert refer(found, names) == reference
    assert type(found) is type(obj)
    if isinstance(obj, nengo.base.NengoObject | nengo.Network):
        assert found is obj
    if isinstance(obj, nengo.base.ObjView):
        assert found.size_out == obj.size_out


def test_what_cannot_be_named_or_found_is_told(net: nengo.Network) -> None:
    names = Names(net)
    with pytest.raises(ValidationError, match="not in the network"):
        refer(build().ens, names)
    with pytest.raises(ValidationError, match="no 'enz'; there is 'ens'"):
        resolve("enz", names)
    with pytest.raises(ValidationError, match=r"'drive' has no part \[0, 7\]"):
        resolve({"of": "drive", "at": "0, 7"}, names)
    for wrong in (3, {"of": 3}, {"at": "0"}, {"of": "ens", "at": "x"}, {"of": "ens"}):
        with pytest.raises(ValidationError, match="object"):
            resolve(wrong, names)


def test_a_layout_goes_through_a_file(lab: Lab, session: Session, tmp_path: Path) -> None:
    lab.resize_plot(lab.plots[1], columns=2, height=300)
    lab.move_plot(lab.plots[1], 0)
    path = tmp_path / "layout.json"
    assert lab.save_layout(path) == json.loads(path.read_text())
    first = json.loads(path.read_text())["plots"][0]
    assert first == {"object": "ens", "kind": "raster", "columns": 2, "height": 300}
    other = Lab(session, plots=[])
    other.load_layout(path)
    assert seen(other) == seen(lab)
    assert other.window == 3.0
    other.close()


def test_plots_that_are_open_already_stay(lab: Lab) -> None:
    before, layout = lab.plots, lab.save_layout()
    lab.remove_plot(before[2])
    lab.load_layout(layout)
    after = lab.plots
    assert [after[i] for i in (0, 1, 3)] == [before[i] for i in (0, 1, 3)]
    assert after[2] != before[2]


def test_what_is_gone_is_named_and_the_rest_is_shown(lab: Lab) -> None:
    layout = lab.save_layout()
    layout["plots"] += [
        {"object": "vision/hidden", "kind": "hologram"},
        {"object": "vision/hidden", "kind": "rates", "settings": {"glow": 3, "smooth": "x"}},
        {"kind": None},
    ]
    with Session(build(vision=False)) as session:
        other = Lab(session, plots=[])
        browser = Browser(other)
        browser.look()
        with pytest.warns(UserWarning, match="Not all of the layout") as caught:
            other.load_layout(layout)
        text = str(caught[0].message)
        notice = browser.of("notice")[-1]
        # One line, and the reasons for who wants to know.
        assert notice["text"] == "Not all of the layout can be shown."
        assert f"{notice['text']} {'; '.join(notice['details'])}" == text
        assert text.count("the network has no 'vision/hidden'") == 4
        assert "plot 7: " in text
        assert seen(other) == seen(lab)[:2]
        other.close()
    with pytest.warns(UserWarning, match="'hologram'.*has no setting 'glow'"):
        lab.load_layout(layout)
    assert len(lab.plots) == 5


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ({}, "is no layout of a Lab"),
        ({"nengolab_layout": 99, "window": 1.0, "plots": []}, "made by a newer nengolab"),
        ({"nengolab_layout": 1, "window": -1.0, "plots": []}, "window must be"),
        ([], "is no layout of a Lab"),
        ("{", "is no JSON"),
    ],
)
def test_what_is_no_layout_changes_nothing(
    lab: Lab, tmp_path: Path, layout: Any, message: str
) -> None:
    before = lab._bench.arrangement
    path = tmp_path / "layout.json"
    path.write_text(layout if isinstance(layout, str) else json.dumps(layout))
    with pytest.raises(ValidationError, match=message):
        lab.load_layout(path)
    assert lab._bench.arrangement == before


def test_a_window_that_nothing_can_keep_is_named_too(lab: Lab) -> None:
    before = lab._bench.arrangement
    with pytest.warns(UserWarning, match=r"a window of 100000 s: .* MB"):
        lab.load_layout({**lab.save_layout(), "window": 1e5})
    assert lab._bench.arrangement == before
    with pytest.raises(ValidationError, match="show a shorter window"):
        lab.window = 1e5
    assert lab.window == 3.0
    assert not lab.undo()


@pytest.mark.parametrize("named", [True, False])
def test_the_code_makes_the_same_lab(lab: Lab, session: Session, named: bool) -> None:
    net = session.network
    lab.add_plot(net.networks[0].ensembles[0].neurons, "signal", neurons="0:3")
    lab.resize_plot(lab.plots[0], columns=2)
    variables = {"net": net, "hid": net.networks[0].ensembles[0], "_1": net.ens, "x y": net.ens}
    code = lab.layout_code(variables if named else {})
    assert ("# net is the network." in code) is not named
    assert ("(hid[0:2], 'value')" in code) is named
    reached = "(net.networks[0].ensembles[0][0:2], 'value'),  # vision/hidden"
    assert (reached in code) is not named
    space: dict[str, Any] = {"net": net, **(variables if named else {})}
    exec(code, space)
    made = space["lab"]
    try:
        assert seen(made) == seen(lab)
        assert made.window == 3.0
    finally:
        made.close()


def test_each_change_of_plots_is_undone_and_done_again(lab: Lab, net: nengo.Network) -> None:
    bench = lab._bench
    states = [bench.arrangement]
    assert not lab.undo()
    first, second = lab.plots[:2]
    deeds = [
        (lambda: lab.add_plot(net.drive), "adding drive: value"),
        (lambda: lab.remove_plot(second), "removing ens: spikes"),
        (lambda: lab.move_plot(first, 2), "moving ens: value, 100 ms filter"),
        (lambda: lab.resize_plot(first, 2, 240), "resizing ens: value, 100 ms filter"),
        (lambda: lab.set_plot(first, synapse=0.2), "a setting of ens: value, 200 ms filter"),
        (lambda: setattr(lab, "window", 1.0), "a window of 1 s"),
        (lambda: lab.load_layout({"nengolab_layout": 1, "window": 1, "plots": []}), "loading"),
    ]
    for deed, name in deeds:
        deed()
        assert bench.history.undoes.startswith(name)
        states.append(bench.arrangement)
    for state in states[-2::-1]:
        assert lab.undo()
        assert bench.arrangement == state
    assert not lab.undo()
    for state in states[1:]:
        assert lab.redo()
        assert bench.arrangement == state
    assert not lab.redo()
    lab.undo()
    lab.set_plot(lab.plots[0], synapse=0.5)
    assert not lab.redo(), "a new deed ends what could be done again"


def test_a_change_that_is_none_is_not_undone(lab: Lab) -> None:
    lab.set_plot(lab.plots[0], synapse=0.1)
    lab.move_plot(lab.plots[0], 0)
    with pytest.raises(ValidationError, match="synapse must be"):
        lab.set_plot(lab.plots[0], synapse=-1.0)
    with pytest.raises(ValidationError, match="places 0 to 3"):
        lab.move_plot(lab.plots[0], 9)
    for size in ({"columns": 0}, {"columns": 1.0}, {"height": 3}, {"columns": True}):
        with pytest.raises(ValidationError, match="must be a whole number"):
            lab.resize_plot(lab.plots[0], **size)
    assert not lab.undo()


def test_undo_reaches_a_page_that_is_loaded_again_and_touches_no_state(
    lab: Lab, session: Session
) -> None:
    browser = Browser(lab)
    browser.look()
    panel = lab.plots[1]
    rev = lab._bench.find(panel).identity.rev
    browser.say(type="remove_panel", panel=panel)
    session.step(20).result(60)
    session.set_input(session.network.drive, [0.25]).result(60)
    browser.say(type="bye", view="v1")
    browser.look(view="v2")
    layout = browser.of("layout")[-1]
    assert layout["undoes"] == "removing ens: spikes"
    assert layout["redoes"] == ""
    steps = session.n_steps
    browser.say(type="undo")
    layout = browser.of("layout")[-1]
    assert [p["id"] for p in layout["panels"]][1] == panel
    assert layout["panels"][1]["rev"] > rev, "frames of before are not its own"
    assert (layout["undoes"], layout["redoes"]) == ("", "removing ens: spikes")
    assert session.n_steps == steps
    assert session.inputs[session.network.drive] == [0.25]
    browser.say(type="redo")
    assert len(browser.of("layout")[-1]["panels"]) == 3
    browser.say(type="move_panel", panel=lab.plots[0], to=1)
    browser.say(type="size_panel", panel=lab.plots[0], columns=2, height=None)
    assert browser.of("layout")[-1]["panels"][0]["columns"] == 2
    browser.say(type="size_panel", panel=lab.plots[0], columns=9, height=None)
    assert "columns must be" in browser.of("notice")[-1]["text"]
    session.set_input(session.network.drive, None).result(60)


def arrangement(*ids: str) -> Arrangement:
    return Arrangement(1.0, tuple(Shown(i, "value", None, i) for i in ids))


def test_the_history_is_bounded() -> None:
    history = UndoHistory(arrangement())
    for i in range(MOST + 50):
        history.note(str(i), arrangement(str(i)))
    count = 0
    while history.undo() is not None:
        count += 1
    assert count == MOST


def test_what_cannot_come_back_is_forgotten_with_the_deeds_about_it() -> None:
    history = UndoHistory(arrangement("a"))
    history.note("adding b", arrangement("a", "b"))
    history.note("adding c", arrangement("a", "b", "c"))
    history.note("moving b", arrangement("b", "a", "c"))
    history.note("removing a", arrangement("b", "c"))
    history.undo()
    history.forget("b")
    assert history.redoes == "removing a"
    assert history.undoes == "adding c"
    assert history.undo() == arrangement("a")
    assert history.undo() is None
    assert history.redo() == arrangement("a", "c")
    assert history.redo() == arrangement("c")


def test_a_plot_that_is_brought_back_shows_what_was_meanwhile(lab: Lab, session: Session) -> None:
    browser = Browser(lab)
    browser.look()
    until(lambda: all(p.attached.done() for p in session.probes), "what it shows is read out")
    session.reset().result(60)
    session.step(50).result(60)
    panel = lab.plots[0]
    browser.say(type="remove_panel", panel=panel)
    session.step(50).result(60)
    before = len(browser.arrays(panel))
    browser.say(type="undo")
    until(lambda: len(browser.arrays(panel)) > before, "its data")
    times = browser.arrays(panel)[-1]["t"]
    assert times[0] < 0.01
    assert times[-1] > 0.09
