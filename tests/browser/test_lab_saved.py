"""A saved notebook shows the last state of its Labs, also where no kernel runs."""

import base64
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.jupyter import SCREENSHOTS, JupyterLab
from tests.browser.panel import Panel, open_panel, until


def picture_in(notebook, mode: str = "L") -> np.ndarray:
    """Return the picture beside the widget, as grey values or as colours."""
    [png] = [
        output.data["image/png"]
        for output in notebook.cells[1].outputs
        if "image/png" in output.get("data", {})
    ]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert(mode), dtype=float)


@pytest.mark.in_turn
def test_a_notebook_is_saved_made_a_page_and_opened_again(
    lab: JupyterLab, tmp_path: Path, browser: Browser
) -> None:
    panel = open_panel(lab, name="saved")
    panel.press("play")
    until(lambda: len(panel.plot("ens raster")["t"]) > 100, "spikes")
    panel.wait_time(4.5)  # more than a window: there is a history
    pause(panel)
    picture = picture_in(lab.save())
    height, width = picture.shape
    assert width > 800
    assert height > 400
    assert (picture < 100).mean() > 0.005, "curves, spikes and text are drawn"
    # While the panel lives, the picture beside it is not shown a second time.
    expect(lab.page.locator(".jp-OutputArea img:visible")).to_have_count(0)

    a_page_made_of_it_can_be_scrubbed_with_no_network(lab, tmp_path, browser)
    the_picture_follows_and_is_kept_once(panel, lab, picture)
    assert lab.errors == []
    the_picture_is_there_when_it_is_opened_again(lab)


def pause(panel: Panel) -> None:
    panel.press("pause")
    panel.wait_state("paused")
    until(lambda: panel.plot("ens value")["t"].max() > panel.status["time"] - 0.01, "last frame")


def a_page_made_of_it_can_be_scrubbed_with_no_network(
    lab: JupyterLab, tmp_path: Path, browser: Browser
) -> None:
    source = lab.server.root / "saved.ipynb"
    assert source.stat().st_size < 1_500_000
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(tmp_path)]
    subprocess.run([*command, str(source)], check=True, capture_output=True)
    context = browser.new_context(viewport={"width": 1200, "height": 1600}, offline=True)
    page = context.new_page()
    page.goto((tmp_path / "saved.html").as_uri())
    page.locator(".nl-saved").wait_for()
    assert page.locator(".nl-saved").count() == 1
    assert_can_be_scrubbed(page)
    page.screenshot(path=SCREENSHOTS / "a_page_made_of_the_notebook.png")
    context.close()

    # Where no script runs there is the picture.
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "saved.html").as_uri())
    until(
        lambda: page.locator(".nengolab-kept img").bounding_box()["height"] > 300,
        "the picture",
    )
    context.close()


def the_picture_follows_and_is_kept_once(panel: Panel, lab: JupyterLab, first: np.ndarray) -> None:
    panel.drag("drive", -1.0)
    panel.press("play")
    panel.wait_time(panel.status["time"] + 2.0)
    pause(panel)
    notebook = lab.save()
    second = picture_in(notebook)
    assert first.shape == second.shape
    assert np.abs(first - second).max() > 100
    state = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert len(state) == 1
    assert len(str(state)) < 700_000


def the_picture_is_there_when_it_is_opened_again(lab: JupyterLab) -> None:
    """With no kernel; and the Lab is there when its cell runs."""
    lab.server.forget()
    lab.open_notebook("saved.ipynb", here=True)
    saved = lab.notebook.locator(".nl-saved")
    saved.wait_for()
    expect(saved).to_contain_text("Run the cell to make it live")
    pictures = lab.page.locator(".jp-OutputArea img:visible:not(.nl-saved-network)")
    until(lambda: pictures.count() == 0, "not shown twice")
    assert_can_be_scrubbed(lab.page)
    network = saved.locator("img.nl-saved-network")
    expect(network).to_have_attribute("alt", re.compile("A network to test"))
    until(lambda: network.bounding_box()["width"] > 200, "its picture")
    assert ink(network) > 0.01, "shapes and names are drawn"
    lab.screenshot("reopened")

    lab.run_all()
    Panel(lab).wait_state("ready")
    expect(lab.page.locator(".jp-OutputArea img:visible")).to_have_count(0)
    expect(lab.page.locator(".nl-saved")).to_have_count(0)


def assert_can_be_scrubbed(page: Page) -> None:
    """Drag the history back, and see that plots show other instants, with curves in them."""
    saved = page.locator(".nl-saved")
    plots = saved.locator(".nl-plots")
    until(lambda: ink(plots) > 0.004, "curves and spikes are drawn")
    last = saved.locator(".nl-where")
    before = plots.screenshot()
    history = saved.get_by_role("slider", name="history")
    history.fill("300")
    until(lambda: last.inner_text().startswith("at "), "which instant is shown")
    until(lambda: plots.screenshot() != before and ink(plots) > 0.004, "what has been is drawn")
    saved.get_by_role("button", name="live").click()
    until(lambda: last.inner_text() == "", "the last instant again")


def ink(plots: Locator) -> float:
    """Tell the share of pixels that differ from the ground much."""
    image = np.asarray(Image.open(io.BytesIO(plots.screenshot())).convert("L"), dtype=float)
    return (np.abs(image - np.median(image)) > 90).mean()
