"""A saved notebook shows the last state of its Labs, also where no kernel runs."""

import base64
import io

import numpy as np
from PIL import Image

from tests.browser.jupyter import JupyterLab
from tests.browser.panel import Panel, open_panel, until


def picture_in(notebook, mode: str = "L") -> np.ndarray:
    """Return the picture beside the widget, as grey values or as colours."""
    [png] = [
        output.data["image/png"]
        for output in notebook.cells[1].outputs
        if "image/png" in output.get("data", {})
    ]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert(mode), dtype=float)


def run_and_save(lab: JupyterLab) -> np.ndarray:
    panel = open_panel(lab, name="saved")
    panel.press("play")
    until(lambda: len(panel.plot("ens raster")["t"]) > 100, "spikes")
    panel.wait_time(panel.status["time"] + 1.0)
    panel.press("pause")
    panel.wait_state("paused")
    until(lambda: panel.plot("ens value")["t"].max() > panel.status["time"] - 0.01, "last frame")
    return picture_in(lab.save())


def test_the_picture_is_there_when_the_notebook_is_opened_again(lab: JupyterLab) -> None:
    picture = run_and_save(lab)
    height, width = picture.shape
    assert width > 800
    assert height > 400
    assert (picture < 100).mean() > 0.005, "curves, spikes and text are drawn"
    # While the panel lives, the picture beside it is not shown a second time.
    assert lab.page.locator(".jp-RenderedImage:visible").count() == 0

    lab.server.forget()
    lab.open_notebook("saved.ipynb")
    image = lab.notebook.locator(".jp-RenderedImage img")
    image.wait_for()
    assert image.bounding_box()["height"] > 300
    output = lab.notebook.locator(".jp-OutputArea").nth(1)
    until(lambda: "Saved picture. Run the cell" in output.inner_text(), "what the picture is")
    assert "Error" not in output.inner_text()
    lab.screenshot("reopened")

    lab.run_all()
    Panel(lab).wait_state("ready")
    assert lab.page.locator(".jp-RenderedImage:visible").count() == 0


def test_the_picture_follows_and_is_kept_once(lab: JupyterLab) -> None:
    first = run_and_save(lab)
    panel = Panel(lab)
    panel.drag("drive", -1.0)
    panel.press("play")
    panel.wait_time(panel.status["time"] + 2.0)
    panel.press("pause")
    panel.wait_state("paused")
    notebook = lab.save()
    second = picture_in(notebook)
    assert first.shape == second.shape
    assert np.abs(first - second).max() > 100
    state = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert len(state) == 1
    assert len(str(state)) < 2000, "a stand-in, not the whole front end"


def test_a_reload_keeps_the_panel_and_hides_the_picture(lab: JupyterLab) -> None:
    run_and_save(lab)
    lab.reload()
    panel = Panel(lab)
    panel.wait_state("paused")
    until(lambda: len(panel.plot("ens value")["t"]) > 0, "a snapshot")
    until(lambda: lab.page.locator(".jp-RenderedImage:visible").count() == 0, "one picture only")
    panel.press("play")
    panel.wait_state("running")
    assert lab.errors == []
