"""A Lab of a cell: its objects get other names, and the cell runs again while it runs."""

from __future__ import annotations

import pytest
from nengolab_widgets import Lab
from nengolab_widgets.sourced import CellSource

from nengolab import building

from .browser import Browser, until

PATIENCE = 240
SOURCE = """\
import nengo

with nengo.Network(seed=1) as model:
    drive = nengo.Node([0.5], label="drive")
    a = nengo.Ensemble(20, 1, label="a")
    b = nengo.Ensemble(20, 1, label="b")
    nengo.Connection(drive, a)
    nengo.Connection(a, b)
"""


def lab_of(text: str) -> tuple[Lab, Browser]:
    lab = Lab(CellSource(text, "the cell"), speed=1.0)
    browser = Browser(lab)
    browser.look()
    lab.run_source().result(PATIENCE)
    return lab, browser


def plots(lab: Lab) -> dict[str, str]:
    """Titles of the plots, by their ids."""
    layouts = lab._bench.layouts()
    return {each["id"]: each["title"] for each in layouts if each["kind"] == "value"}


def test_what_is_called_otherwise_keeps_its_plots_place_and_value() -> None:
    lab, _ = lab_of(SOURCE)
    network = lab.session.network
    lab.add_plot(network.ensembles[1], "value")
    lab._bench.aside.take({"placed": {"b": (1.0, 2.0)}, "opened": ()})
    lab._bench.note("a place")
    lab.session.set_input(network.nodes[0], [0.25]).result(PATIENCE)
    before = plots(lab)
    assert "b" in before.values()
    text = SOURCE.replace("b = ", "out = ").replace('"b"', '"out"').replace("(a, b)", "(a, out)")
    text = text.replace("drive", "stimulus")
    lab.run_source(text).result(PATIENCE)
    names = {"b": "out", "drive": "stimulus"}
    assert plots(lab) == {i: names.get(title, title) for i, title in before.items()}
    assert lab._bench.aside.values["placed"] == {"out": (1.0, 2.0)}
    [value] = lab.session.inputs.values()
    assert list(value) == [0.25]

    # Undo brings the names back, and redo the new ones.
    for undoes, expected, placed in ((True, before, "b"), (False, plots(lab), "out")):
        lab.undo() if undoes else lab.redo()
        until(lambda expected=expected: plots(lab) == expected, "the names", PATIENCE)
        assert list(lab._bench.aside.values["placed"]) == [placed]
    lab.close()


def test_the_run_goes_on_when_its_cell_runs_again() -> None:
    lab, browser = lab_of(SOURCE)
    lab.session.play().result(PATIENCE)
    lab.session.wait_until("running", PATIENCE)

    # The page goes first.
    browser.say(type="bye", view="v1")
    lab.replaced()
    lab.session.wait_until("paused", PATIENCE)
    assert lab.comm is None
    browser.say(type="bye", view="v1")
    lab.run_cell(SOURCE + "# once more\n")
    lab._repr_mimebundle_()
    browser.look(view="v2")
    lab._drawing.look(lambda made: None).result(PATIENCE)
    lab.session.wait_until("running", PATIENCE)

    # The page goes when the cell runs already.
    lab.replaced()
    lab.run_cell(SOURCE)
    browser.say(type="bye", view="v2")
    assert lab.comm is not None
    lab._repr_mimebundle_()
    lab._drawing.look(lambda made: None).result(PATIENCE)
    lab.session.wait_until("running", PATIENCE)
    lab.close()


@pytest.mark.parametrize("typed", ["", "# typed\n"])
def test_an_edit_by_drawing_goes_on_when_its_cell_runs_again_meanwhile(typed: str) -> None:
    lab, _ = lab_of(SOURCE)
    drawing = lab._drawing

    def widen(made: building.Made) -> building.Edit:
        lab.run_cell((SOURCE + typed).removesuffix("\n"))
        span = made.origins[made.network.ensembles[0]].span
        return building.set_argument(made.source, span, "radius", "2")

    drawing.edit(widen, "wider").result(PATIENCE)
    drawing.look(lambda made: None).result(PATIENCE)
    wider = SOURCE.replace('label="a")', 'label="a", radius=2)')
    if not typed:
        assert (drawing.text, drawing.is_fresh, drawing.other) == (wider, True, None)
        assert lab.session.network.ensembles[0].radius == 2
    else:
        # Both are shown; what was typed runs, for that was asked for.
        assert drawing.text.strip() == (SOURCE + typed).strip()
        assert (drawing.is_fresh, drawing.other, drawing.is_drawn_other) == (True, wider, True)
        assert lab.session.network.ensembles[0].radius == 1
    lab.close()
