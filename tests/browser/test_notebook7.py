"""The Lab in Jupyter Notebook 7: other pages than JupyterLab's, the same widgets."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import FAILED, FRAMES, new_page
from tests.browser.jupyter import JupyterLab, Server
from tests.browser.panel import NETWORK, Panel, until
from tests.browser.test_draw import CELL, Drawing, source_of


@pytest.fixture
def lab(
    request: pytest.FixtureRequest, browser: Browser, jupyter_server: Server
) -> Iterator[JupyterLab]:
    """A page of its own: others go on with one that shows JupyterLab."""
    jupyter_server.forget()
    lab = JupyterLab(new_page(browser, FRAMES), jupyter_server, "notebook_7")
    yield lab
    if request.node.stash.get(FAILED, True):
        lab.screenshot()
    lab.page.context.close()
    jupyter_server.forget()


@pytest.mark.in_turn
def test_a_lab_lives_in_notebook_7(lab: JupyterLab) -> None:
    curves = "from nengolab_widgets import Tuning\ntuning = Tuning(lab, ens)\ntuning"
    cells = [NETWORK, "lab = Lab(net)\nlab", curves]
    name = lab.server.add_notebook(cells, "seven.ipynb")
    run(lab, name)
    panel = Panel(lab)
    panel.wait_state("ready")
    panel.drag("drive", -0.5)
    panel.press("play")
    until(lambda: abs(panel.recent("ens value") + 0.5) < 0.15, "the slider acts")
    panel.wait_time(2.5)
    until(lambda: panel.stats["drawn"] > 20, "plots are drawn")
    panel.press("pause")
    panel.wait_state("paused")
    panel.screenshot("paused")

    # What BokehJS draws, too, which the page asks the kernel for.
    figures = lab.page.locator(".nl-lab").nth(1).locator(".nl-figure canvas")
    until(lambda: figures.count() > 0, "tuning curves")

    # Saved and loaded again, the Lab is there.
    lab.save()
    lab.page.reload()
    lab.page.locator(".jp-NotebookPanel .jp-Notebook").wait_for(timeout=60_000)
    panel = Panel(lab)
    panel.wait_state("paused")
    until(lambda: len(panel.plot("ens value")["t"]) > 0, "a snapshot")
    until(
        lambda: lab.page.locator(".jp-OutputArea img:visible").count() == 0, "the picture is hidden"
    )
    until(lambda: figures.count() > 0, "tuning curves again")
    panel.press("play")
    panel.wait_state("running")
    assert errors(lab) == []


@pytest.mark.in_turn
def test_a_cell_is_edited_by_drawing_in_notebook_7(lab: JupyterLab) -> None:
    run(lab, lab.server.add_notebook(["%load_ext nengolab", CELL], "cell7.ipynb"))
    panel = Panel(lab)
    drawing = Drawing(panel)
    drawing.wait_drawn("drive", "ens")
    first = source_of(lab)
    drawing.root.locator('[role=treeitem][aria-label^="drive, "]').focus()
    for key in ("c", "ArrowDown", "Enter"):
        lab.page.keyboard.press(key)
    edited = first + "    nengo.Connection(drive, ens)\n"
    until(lambda: source_of(lab) == edited, "the cell is edited", 60)
    panel.wait_state("ready")
    panel.screenshot("edited")
    drawing.root.locator("[role=treeitem]").first.focus()
    lab.page.keyboard.press("Control+z")
    until(lambda: source_of(lab) == first, "the cell is as it was", 60)
    panel.wait_state("ready")

    lab.save()
    assert errors(lab) == []


def run(lab: JupyterLab, name: str) -> None:
    """Open a notebook in Notebook 7 and run it."""
    lab.page.goto(lab.server.address(f"notebooks/{name}"))
    lab.page.locator(".jp-NotebookPanel .jp-Notebook").wait_for(timeout=60_000)
    assert lab.page.evaluate("() => jupyterapp.name") == "Jupyter Notebook"
    lab.wait_idle()
    lab.run_all()


def errors(lab: JupyterLab) -> list[str]:
    """What went wrong on the page, but what Notebook 7.6 says of every notebook."""
    own = ("reading 'schema'", "Command 'filebrowser:open-path' not registered")
    return [e for e in lab.errors if not any(text in e for text in own)]
