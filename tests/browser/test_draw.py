"""A network that is built by drawing, its code beside it; compared with nengo.Simulator."""

from __future__ import annotations

import nengo
from playwright.sync_api import expect

from nengolab import building
from tests.browser.jupyter import DARK, JupyterLab
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
    drawing.click("ensemble")
    drawing.card.locator("[data-argument=n_neurons]").wait_for()
    panel.screenshot("card-light")
    drawing.set("n_neurons", "80")
    drawing.source_has("nengo.Ensemble(80, dimensions=1")
    drawing.card.locator("[data-argument=n_neurons]").wait_for()
    drawing.set("n_neurons", "-3")
    expect(drawing.card.get_by_role("alert")).to_contain_text("at least 1")
    drawing.card.get_by_role("button", name="plot value", exact=True).click()
    until(lambda: "ensemble value" in panel.titles(), "the plot")
    panel.press("play")
    # The run does not wait for its signal.
    until(lambda: len(panel.plot("ensemble value")["t"]) > 400, "values", 60)
    panel.press("pause")
    panel.wait_state("paused")
    panel.screenshot("running-light", docs="draw-light")
    lab.set_theme(DARK)
    panel.screenshot("running-dark", docs="draw-dark")

    # What is drawn is what the code makes, and what nengo.Simulator runs.
    made = building.run_source(lab.value("lab.source"))
    [ensemble] = made.network.ensembles
    assert ensemble.n_neurons == 80
    with made.network:
        probe = nengo.Probe(ensemble, synapse=0.03)
    with nengo.Simulator(made.network, progress_bar=False) as sim:
        sim.run(1.0)
    assert abs(panel.recent("ensemble value") - sim.data[probe][-1, 0]) < 0.1
    assert lab.errors == []


CELL = """\
%%lab
import nengo

with nengo.Network(seed=1) as model:
    # What drives it.
    drive = nengo.Node([0.5])
    ens = nengo.Ensemble(40, 1)
"""


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
    panel.screenshot("delete")
    keyboard.press("Enter")
    drawing.wait_drawn("ens")
    until(lambda: "Node" not in source_of(lab), "the line is gone", 60)
    panel.wait_state("ready")
    undo_both(drawing, first)

    # Several at once: chosen with Shift, put in a row, grouped, and taken apart again.
    drawing.wait_drawn("drive", "ens")
    for name in ("drive", "ens"):
        drawing.root.locator(f'[role=treeitem][aria-label^="{name}, "]').focus()
        keyboard.press("Shift+Enter")
    expect(drawing.card).to_contain_text("2 things are selected")
    drawing.card.get_by_role("button", name="in a row").click()
    until(lambda: len(set(drawing.columns()["y"])) == 1, "they are at one height")
    panel.screenshot("several")
    drawing.card.get_by_role("button", name="group", exact=True).click()
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
    assert lab.errors == []


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
