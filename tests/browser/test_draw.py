"""A network that is built by drawing, its code beside it; compared with nengo.Simulator."""

from __future__ import annotations

import re
from typing import Any

import nengo
import pytest
from playwright.sync_api import expect

from nengolab import building
from tests.browser.draw_trouble import (
    an_edit_comes_after_what_was_typed,
    its_kernel_is_gone,
    nothing_is_done_with_what_was_selected_before,
    of_what_a_line_makes_all_is_deleted_or_the_line_is_edited,
)
from tests.browser.jupyter import DARK, LIGHT, JupyterLab
from tests.browser.panel import Panel, until
from tests.browser.test_network import Network

LAB = "from nengolab_widgets import Lab\nlab = Lab('drawn.py')\nlab"


class Drawing(Network):
    """The network view of a Lab of a source."""

    def add(self, words: str) -> None:
        """Add the first entry of the palette that is found so."""
        search = self.root.get_by_label("search what can be added")
        if not search.is_visible():
            self.root.get_by_role("button", name="+ add").click()
        search.fill(words)
        self.root.locator(".nl-palette-item").first.click()

    def close_palette(self) -> None:
        self.root.get_by_label("search what can be added").press("Escape")

    def connect(self, pre: str, post: str) -> None:
        """Drag from the arrow beside one thing to another."""
        mouse, box = self.panel.lab.page.mouse, self.canvas.bounding_box()
        assert box is not None
        (x, y), (to_x, to_y) = self.at(pre), self.at(post)
        left, top = box["x"], box["y"]
        mouse.move(left + x, top + y)
        handle = self.columns()["handle"][self.columns()["x"].index(x)]
        mouse.move(left + handle, top + y, steps=4)
        mouse.down()
        mouse.move(left + to_x, top + to_y, steps=6)
        self.panel.screenshot("connecting")
        mouse.up()

    def set(self, argument: str, value: str) -> None:
        """Set an argument on the card."""
        field = self.card.locator(f"[data-argument={argument}]")
        field.fill(value)
        field.press("Enter")

    def source_has(self, text: str) -> None:
        lab = self.panel.lab
        until(lambda: lab.value(f"{text!r} in lab.source"), f"{text} in the code", 60)

    def wait_drawn(self, *names: str) -> None:
        until(lambda: [n.split(",")[0] for n in self.names()] == [*names], f"{names}", 60)
        until(lambda: len(self.columns()["object"]) == len(names), "laid out")


def open_drawing(lab: JupyterLab, cell: str, name: str) -> Drawing:
    lab.open_notebook(lab.server.add_notebook([cell], f"{name}.ipynb"))
    lab.run_all()
    return Drawing(Panel(lab))


@pytest.mark.in_turn
def test_an_input_an_ensemble_and_a_plot_by_pointer(lab: JupyterLab) -> None:
    drawing = open_drawing(lab, LAB, "draw")
    panel = drawing.panel
    code = panel.root.locator("[data-kind=code]")
    # Opening shows the code, and runs nothing.
    expect(code.locator(".cm-content")).to_contain_text("with nengo.Network() as model:")
    expect(drawing.root).to_contain_text("No code has run yet")
    panel.screenshot("opened-light")

    code.get_by_role("button", name="Run").click()
    panel.wait_state("ready")
    drawing.root.get_by_text("Add an input and an ensemble").wait_for()
    drawing.add("constant")
    drawing.wait_drawn("stimulus")
    panel.screenshot("palette-light")
    drawing.add("ensemble")
    drawing.wait_drawn("stimulus", "ensemble")
    drawing.close_palette()
    drawing.connect("stimulus", "ensemble")
    drawing.source_has("nengo.Connection(stimulus, ensemble)")
    panel.wait_state("ready")

    # Arguments are fields; one that is not allowed is said, and the code stays.
    until(lambda: len(drawing.columns()["object"]) == 2, "laid out")
    nothing_is_done_with_what_was_selected_before(drawing)
    panel.screenshot("card-light")
    what_is_typed_while_it_is_built_stays(drawing)
    drawing.set("n_neurons", "80")
    drawing.source_has("nengo.Ensemble(80, dimensions=1")
    drawing.set("n_neurons", "-3")
    expect(drawing.card.get_by_role("alert")).to_contain_text("at least 1")
    panel.screenshot("refused-light")
    drawing.set("n_neurons", "80")
    expect(drawing.card.get_by_role("alert")).to_have_count(0)
    drawing.set("variable", "print")
    expect(drawing.card.get_by_role("alert")).to_contain_text("a name of Python's own")
    drawing.set("variable", "ensemble")
    expect(drawing.card.get_by_role("alert")).to_have_count(0)
    undo_in_the_editor_goes_on_with_the_drawing(drawing)
    drawing.card.get_by_role("button", name="plot value", exact=True).click()
    until(lambda: "ensemble value" in panel.titles(), "the plot")
    panel.press("play")
    # The run does not wait for its signal.
    until(lambda: len(panel.plot("ensemble value")["t"]) > 400, "values", 60)
    panel.press("pause")
    panel.wait_state("paused")
    panel.screenshot("running-light", docs="draw-light")
    lab.set_theme(DARK)
    panel.screenshot("running-dark")
    value = panel.recent("ensemble value")

    lab.set_theme(LIGHT)
    a_function_is_tried_and_written(drawing)
    copies_come_where_the_pointer_is(drawing)

    # What is drawn is what the code makes, and what nengo.Simulator runs.
    made = building.run_source(lab.value("lab.source"))
    ensemble = made.namespace["ensemble"]
    assert ensemble.n_neurons == 80
    with made.network:
        probe = nengo.Probe(ensemble, synapse=0.03)
    with nengo.Simulator(made.network, progress_bar=False) as sim:
        sim.run(1.0)
    assert abs(value - sim.data[probe][-1, 0]) < 0.1
    its_kernel_is_gone(drawing)
    assert lab.errors == []


def what_is_typed_while_it_is_built_stays(drawing: Drawing) -> None:
    """In the next field, with the keys; letters are no keys of the drawing meanwhile."""
    card, keyboard = drawing.card, drawing.panel.lab.page.keyboard
    first, second = (card.locator(f"[data-argument={n}]") for n in ("n_neurons", "dimensions"))
    first.fill("90")
    first.press("Enter")
    second.focus()
    keyboard.press("End")
    keyboard.type("c")
    drawing.source_has("nengo.Ensemble(90, dimensions=1")
    drawing.panel.wait_state("ready")
    expect(card).not_to_have_attribute("aria-busy", "true")
    keyboard.type("d")
    expect(second).to_have_value("1cd")
    expect(second).to_be_focused()
    # What is no number is said until it is mended.
    keyboard.press("Enter")
    expect(card.get_by_role("alert")).to_contain_text("1cd")
    expect(second).to_have_value("1cd")
    keyboard.press("Backspace")
    keyboard.press("Backspace")
    keyboard.press("Enter")
    expect(card.get_by_role("alert")).to_have_count(0)
    expect(first).to_have_value("90")


def undo_in_the_editor_goes_on_with_the_drawing(drawing: Drawing) -> None:
    """What was typed is taken back first; then what was drawn, and it is done again."""
    lab, panel, keyboard = drawing.panel.lab, drawing.panel, drawing.panel.lab.page.keyboard
    before = lab.value("lab.source")
    editor = panel.root.locator("[data-kind=code] .cm-content")
    editor.click()
    keyboard.press("Control+End")
    keyboard.type("# mine")
    drawing.source_has("# mine")
    keyboard.press("Control+z")
    until(lambda: lab.value("lab.source") == before, "what was typed is taken back")
    until(lambda: lab.value("lab._drawing.is_fresh"), "it is what runs")
    expect(panel.root.locator(".nl-source-state")).to_have_text("this is what is drawn")
    keyboard.press("Control+z")
    drawing.source_has("nengo.Ensemble(90, dimensions=1")
    panel.wait_state("ready")
    expect(editor).to_contain_text("nengo.Ensemble(90, dimensions=1")
    keyboard.press("Control+Shift+z")
    until(lambda: lab.value("lab.source") == before, "it is done again", 60)
    panel.wait_state("ready")


def a_function_is_tried_and_written(drawing: Drawing) -> None:
    """Of the connection: nothing runs before "Try", and what does not run is not written."""
    lab, card, keyboard = drawing.panel.lab, drawing.card, drawing.panel.lab.page.keyboard
    before = lab.value("lab.source")
    drawing.click("ensemble")
    card.locator("ul").get_by_role("button", name="stimulus", exact=True).click()
    field = card.locator("[data-function=function]")
    field.locator("summary").click()
    editor = field.locator(".cm-content")
    editor.click()
    keyboard.press("Control+a")
    keyboard.type("lambda x: x[0")
    keyboard.press("Control+Enter")
    expect(field.get_by_role("alert")).to_have_text(re.compile("^line [0-9]+: .* never closed"))
    keyboard.press("Control+a")
    keyboard.type("lambda x: [x[0], x[0]**2]")
    keyboard.press("Control+s")
    expect(field.get_by_role("alert")).to_contain_text("size (2) not equal to")
    assert lab.value("lab.source") == before
    keyboard.press("Control+a")
    keyboard.type("lambda x: np.exp(x) / 3")
    field.get_by_role("button", name="Try").click()
    field.get_by_role("img", name="its value over x").wait_for()
    drawing.panel.screenshot("function-light")
    assert lab.value("lab.source") == before
    field.get_by_role("button", name="Apply").click()
    drawing.source_has("function=lambda x: np.exp(x) / 3)")
    drawing.source_has("import numpy as np")
    # The card is made anew, and shows it still.
    field.get_by_role("img", name="its value over x").wait_for()
    expect(editor).to_contain_text("np.exp")
    drawing.panel.wait_state("ready")
    card.get_by_role("button", name="close the card").click()


def copies_come_where_the_pointer_is(drawing: Drawing) -> None:
    """A band around both, copied and pasted; duplicated; and both undone."""
    lab, panel = drawing.panel.lab, drawing.panel
    mouse, keyboard = lab.page.mouse, lab.page.keyboard
    before = lab.value("lab.source")
    ends = ("stimulus", "ensemble")
    drawing.panel.root.get_by_role("button", name="show all of it").click()
    box = drawing.canvas.bounding_box()
    first, second = (drawing.at(name) for name in ends)
    left, top = box["x"] + min(first[0], second[0]), box["y"] + min(first[1], second[1])
    right, bottom = box["x"] + max(first[0], second[0]), box["y"] + max(first[1], second[1])
    keyboard.down("Shift")
    mouse.move(left - 34, top - 34)
    mouse.down()
    mouse.move(right + 34, bottom + 34, steps=6)
    panel.screenshot("band")
    mouse.up()
    keyboard.up("Shift")
    expect(drawing.card).to_contain_text("2 things are selected")

    keyboard.press("Control+c")
    drawing.root.get_by_text("2 things are copied").wait_for()
    # What is said stands above the canvas.
    box = drawing.canvas.bounding_box()
    x, y = (first[0] + second[0]) / 2, first[1] + 100
    mouse.move(box["x"] + x, box["y"] + y)
    keyboard.press("Control+v")
    drawing.wait_drawn("stimulus", "stimulus_1", "ensemble", "ensemble_1")
    # What came is selected.
    for name in ("stimulus_1", "ensemble_1"):
        expect(drawing.card.get_by_role("listitem").filter(has_text=name)).to_be_visible()
    expect(drawing.card.get_by_role("listitem")).to_have_count(2)
    copied = [drawing.at(f"{name}_1") for name in ends]
    # As they stood to each other, at the pointer.
    assert abs((copied[1][0] - copied[0][0]) - (second[0] - first[0])) < 2
    assert abs(copied[0][0] + copied[1][0] - 2 * x) < 4
    assert abs(copied[0][1] - y) < 20
    assert copied[0][1] == copied[1][1]
    assert "nengo.Connection(stimulus_1, ensemble_1" in lab.value("lab.source")
    panel.screenshot("pasted")

    drawing.root.locator('[role=treeitem][aria-label^="ensemble_1, "]').focus()
    keyboard.press("Control+d")
    drawing.source_has("ensemble_2 = nengo.Ensemble(80")
    panel.wait_state("ready")
    for _ in range(2):
        panel.wait_state("ready")
        drawing.root.locator("[role=treeitem]").first.focus()
        keyboard.press("Control+z")
    until(lambda: lab.value("lab.source") == before, "both are undone", 60)
    panel.wait_state("ready")


CELL = """\
%%lab
import nengo

with nengo.Network(seed=1) as model:
    # What drives it.
    drive = nengo.Node([0.5])
    ens = nengo.Ensemble(40, 1)
"""


@pytest.mark.in_turn
def test_a_cell_is_edited_by_keyboard(lab: JupyterLab) -> None:
    cells = ["%load_ext nengolab", CELL]
    lab.open_notebook(lab.server.add_notebook(cells, "cell.ipynb"))
    lab.run_all()
    panel = Panel(lab)
    drawing = Drawing(panel)
    drawing.wait_drawn("drive", "ens")
    first = source_of(lab)

    # Connect, by the keys of the tree: C, then the other end.
    keyboard = lab.page.keyboard
    drawing.root.locator('[role=treeitem][aria-label^="drive, "]').focus()
    keyboard.press("c")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    until(lambda: "nengo.Connection(drive, ens)" in source_of(lab), "the cell is edited", 60)
    assert source_of(lab) == first + "    nengo.Connection(drive, ens)\n"
    panel.screenshot("connected")
    panel.wait_state("ready")

    # Delete: what depends on it is listed first; then all comes back.
    drawing.wait_drawn("drive", "ens")
    drawing.root.locator('[role=treeitem][aria-label^="drive, "]').focus()
    keyboard.press("Delete")
    question = drawing.card.get_by_role("alertdialog")
    expect(question).to_contain_text("drive -> ens")
    expect(question).to_contain_text("seeds go by the order in a network: ens is drawn anew.")
    panel.screenshot("delete")
    keyboard.press("Enter")
    drawing.wait_drawn("ens")
    until(lambda: "Node" not in source_of(lab), "the line is gone", 60)
    panel.wait_state("ready")
    undo_both(drawing, first)

    # The connection is seen no more.
    until(lambda: sum(drawing.columns()["leads"]) == 0, "drawn anew", 60)
    an_edit_comes_after_what_was_typed(drawing)
    of_what_a_line_makes_all_is_deleted_or_the_line_is_edited(drawing)

    # Several at once: chosen with Shift, put in a row, grouped, and taken apart again.
    drawing.wait_drawn("drive", "ens")
    for name in ("drive", "ens"):
        drawing.root.locator(f'[role=treeitem][aria-label^="{name}, "]').focus()
        keyboard.press("Shift+Enter")
    expect(drawing.card).to_contain_text("2 things are selected")
    drawing.card.get_by_role("button", name="in a row").click()
    until(lambda: len(set(drawing.columns()["y"])) == 1, "they are at one height")
    panel.screenshot("several")
    keyboard.press("Control+g")
    drawing.wait_drawn("subnetwork", "drive", "ens")
    until(lambda: "as subnetwork:" in source_of(lab), "a network around them", 60)
    panel.wait_state("ready")
    undo_both(drawing, first)
    drawing.wait_drawn("drive", "ens")

    # The cell run again is the same Lab, and its run goes on.
    panel.press("play")
    panel.wait_time(0.1)
    panel.press("pause")
    panel.wait_state("paused")
    time = panel.status["time"]
    lab.page.evaluate(
        """source => jupyterapp.shell.currentWidget.content.model.cells.get(1)
          .sharedModel.setSource(source)""",
        first + "    late = nengo.Ensemble(10, 1)\n",
    )
    lab.run_all()
    panel = Panel(lab)
    Drawing(panel).wait_drawn("drive", "ens", "late")
    panel.wait_state("ready")
    assert panel.status["time"] == time
    a_cell_behind_the_drawing_is_told_of(Drawing(panel))
    plots_and_places_are_kept_with_the_cell(Drawing(Panel(lab)))
    a_network_made_elsewhere_goes_on_in_code(lab)
    assert lab.errors == []


def a_cell_behind_the_drawing_is_told_of(drawing: Drawing) -> None:
    """A page that was loaded again, and not saved, offers the drawing's code at once."""
    lab = drawing.panel.lab
    lab.save()
    saved = source_of(lab)
    drawing.click("late")
    drawing.card.locator("[data-argument=n_neurons]").wait_for()
    drawing.set("n_neurons", "12")
    until(lambda: "late = nengo.Ensemble(12, 1)" in source_of(lab), "the cell is edited", 60)
    drawing.panel.wait_state("ready")
    drawn = source_of(lab)
    lab.reload()
    panel = Panel(lab)
    code = panel.root.locator("[data-kind=code]")
    expect(code).to_contain_text("This cell is not what is drawn")
    expect(code.locator(".nl-source-state")).to_have_text("changed, not run yet")
    panel.screenshot("behind")
    assert source_of(lab) == saved
    code.get_by_role("button", name="Take that version").click()
    until(lambda: source_of(lab) == drawn, "the cell is what is drawn")
    expect(code.locator(".nl-source-state")).to_have_text("this is what is drawn")
    Drawing(panel).wait_drawn("drive", "ens", "late")


def plots_and_places_are_kept_with_the_cell(drawing: Drawing) -> None:
    """A Lab that the cell makes anew, as in another kernel, begins with them."""
    lab = drawing.panel.lab
    source = source_of(lab)
    drawing.root.locator('[role=treeitem][aria-label^="late, "]').focus()
    lab.page.keyboard.press("Alt+ArrowDown")
    lab.page.keyboard.press("p")
    kept = """() => jupyterapp.shell.currentWidget.content.model.cells.get(1)
      .sharedModel.getMetadata("nengolab")?.layout"""

    def placed() -> Any:
        layout = lab.page.evaluate(kept) or {"plots": [], "network": {}}
        plots = [(plot["object"], plot["kind"]) for plot in layout["plots"]]
        return ("late", "value") in plots and layout["network"].get("placed")

    places = until(placed, "they are kept", 60)
    assert list(places) == ["late"]
    labs = "__import__('nengolab_widgets.notebook').notebook._labs"
    lab.value(f"[lab.close() for lab in [*{labs}.values()]]")
    lab.page.evaluate(
        """source => jupyterapp.shell.currentWidget.content.model.sharedModel
          .addCell({ cell_type: "code", source })""",
        ELSEWHERE,
    )
    lab.run_all()
    again = Drawing(Panel(lab))
    again.wait_drawn("drive", "ens", "late")
    again.panel.wait_state("ready")
    assert again.panel.status["n_steps"] == 0
    assert "late value" in again.panel.titles()
    until(lambda: placed() == places, "they are kept still", 60)
    assert source_of(lab) == source


ELSEWHERE = """\
import nengo
from nengolab_widgets import Lab

with nengo.Network(label="Elsewhere", seed=2) as net:
    source = nengo.Node([0.3], label="source")
    pair = [nengo.Ensemble(20, 1, label=f"pair{i}") for i in range(2)]
    nengo.Connection(source, pair[0])
elsewhere = Lab(net, network={"activity": False})
elsewhere"""


def a_network_made_elsewhere_goes_on_in_code(lab: JupyterLab) -> None:
    """Its code is written when that is asked for, run, and edited by drawing."""
    drawing = Drawing(Panel(lab, 1))
    panel = drawing.panel
    panel.wait_state("ready")
    panel.press("single step")
    until(lambda: panel.status["n_steps"] == 1, "a step")
    drawing.root.get_by_role("button", name="continue in code").click()
    code = panel.root.locator("[data-kind=code]")
    expect(code.locator(".cm-content")).to_contain_text("pair0 = nengo.Ensemble(")
    expect(code).to_contain_text("not run yet")
    panel.screenshot("elsewhere")
    code.get_by_role("button", name="Run").click()
    expect(code).to_contain_text("this is what is drawn")
    panel.wait_state("ready")
    # It is the network that was there, and goes on.
    assert panel.status["n_steps"] == 1
    assert "pair0 value" in panel.titles()
    drawing.wait_drawn("source", "pair0", "pair1")
    drawing.root.locator('[role=treeitem][aria-label^="pair1, "]').focus()
    lab.page.keyboard.press("Delete")
    drawing.card.get_by_role("alertdialog").wait_for()
    lab.page.keyboard.press("Enter")
    drawing.wait_drawn("source", "pair0")
    panel.wait_state("ready")
    assert "pair1" not in lab.value("elsewhere.source")


def undo_both(drawing: Drawing, first: str) -> None:
    """Take two edits back by keyboard, which leaves the first letters."""
    lab = drawing.panel.lab
    for _ in range(2):
        drawing.root.locator("[role=treeitem]").first.focus()
        lab.page.keyboard.press("Control+z")
        drawing.panel.wait_state("ready")
    until(lambda: source_of(lab) == first, "all is as it was", 60)


def source_of(lab: JupyterLab) -> str:
    """The text of the second cell, with an end of its last line."""
    source = lab.page.evaluate(
        "() => jupyterapp.shell.currentWidget.content.model.cells.get(1).sharedModel.getSource()"
    )
    return source.rstrip("\n") + "\n"
