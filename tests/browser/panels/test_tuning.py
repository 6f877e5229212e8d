"""Tuning curves on the page: alone and in a Lab, picked in one panel and marked in the others."""

import base64
import io
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser.jupyter import LIGHT, SCREENSHOTS, JupyterLab
from tests.browser.panel import Panel, comes, until
from tests.browser.panels.looks import check_looks

pytestmark = pytest.mark.in_turn

NETWORK = """\
import nengo
import numpy as np
from nengolab_widgets import Lab, Raster, Tuning

with nengo.Network(label="What neurons answer to", seed=1) as net:
    wave = nengo.Node(lambda t: [np.sin(6 * t), np.cos(6 * t)], label="wave")
    line = nengo.Ensemble(60, 1, label="line")
    plane = nengo.Ensemble(120, 2, label="plane")
    ball = nengo.Ensemble(80, 3, label="ball")
    nengo.Connection(wave[0], line)
    nengo.Connection(wave, plane)
lab = Lab(net, plots=[(line, "raster"), (line, "tuning"), (plane, "tuning")])
lab
"""
ALONE = """\
tuning = Tuning(lab, line)
tuning
"""
BALL = """\
sphere = Tuning(lab, ball)
sphere
"""


def place_of(panel: Panel, title: str, neuron: int) -> tuple[float, float]:
    """Where the point of a neuron is on the page (CSS pixels)."""
    found = panel.plot(title)
    figure = panel.root.locator(f'figure[aria-label^="{title.split()[0]}: "] .nl-figure').last
    spot = figure.evaluate(
        "(el, at) => el.nengolabSpot(...at)", [found["px"][neuron], found["py"][neuron]]
    )
    return spot["x"], spot["y"]


def test_what_is_picked_in_one_panel_is_marked_in_all(lab: JupyterLab) -> None:
    lab.open_notebook(lab.server.add_notebook([NETWORK, ALONE, BALL], "tuning.ipynb"))
    lab.run_all()
    whole, alone = Panel(lab, 0), Panel(lab, 1)
    whole.wait_state("ready")
    for panel in (alone, whole):
        until(lambda p=panel: len(p.plot("line tuning").get("px", ())) == 60, "points")
        until(lambda p=panel: p.root.locator(".nl-figure canvas").count() > 0, "figures")
    # A click on a neuron's point.
    lab.page.mouse.click(*place_of(alone, "line tuning", 7))
    picked = {"line": [7]}
    until(lambda: lab.value("lab.picked") == picked, "the kernel hears of it")
    comes(lambda: whole.plot("line tuning")["picked"].tolist(), [7])
    whole.press("play")
    whole.wait_time(1.2)
    whole.press("pause")
    whole.wait_state("paused")
    # In the raster: a click on a row, with Shift beside what is picked.
    rows = whole.root.locator('figure[data-kind="raster"] .nl-strip-drawing').bounding_box()
    at = rows["y"] + rows["height"] * (1 - 30.5 / 60)
    lab.page.keyboard.down("Shift")
    lab.page.mouse.click(rows["x"] + 40, at)
    lab.page.keyboard.up("Shift")
    until(lambda: alone.plot("line tuning")["picked"].tolist() == [7, 30], "both, in all panels")
    until(lambda: lab.value("tuning.picked") == {"line": [7, 30]}, "the kernel")
    # By keys: to the leftmost and one on, which is taken instead of these.
    figure = alone.root.locator('figure[aria-label^="line: "] .nl-figure').last
    order = np.argsort(alone.plot("line tuning")["px"], kind="stable")
    figure.focus()
    for key in ("Home", "ArrowRight", "Enter"):
        lab.page.keyboard.press(key)
    said = figure.locator(".nl-hidden-text")
    expect(said).to_contain_text(f"neuron {order[1]}, highest rate")
    expect(said).to_contain_text("picked")
    until(lambda: lab.value("tuning.picked") == {"line": [int(order[1])]}, "picked by keys")
    sphere = Panel(lab, 2)
    until(lambda: len(sphere.plot("ball tuning").get("plane", ())) == 2 * 41 * 41, "two sides")
    until(lambda: sphere.root.locator(".nl-figure canvas").count() > 2, "three figures")
    # From Python, too; and of the other ensemble, of which the plane is then shown.
    lab.value("lab.pick(plane, [5])")
    until(lambda: whole.plot("plane tuning")["picked"].tolist() == [5], "told to the page")
    lab.page.wait_for_timeout(700)
    alone.screenshot("alone")
    whole.screenshot("whole")
    sphere.screenshot("sphere")
    check_looks(whole, lab)
    lab.set_theme(LIGHT)
    lab.page.wait_for_timeout(700)
    whole.screenshot("light", docs="tuning-light")
    sphere.screenshot("sphere-light")
    assert lab.errors == []


STILL = """\
tuning = Tuning(nengo.Simulator(net, progress_bar=False), line)
tuning
"""


OTHERS = (
    """\
sim = nengolab.Simulator(net, progress_bar=False)
weights = Weights(sim, line)
weights
""",
    """\
story = Pipeline(sim, line.neurons[3], n_steps=50)
story
""",
    """\
other = net.copy()
other.ensembles[0].neuron_type = nengo.LIFRate()
Diff(net, other)
""",
)
DEEP = """\
import keras, nengolab
from nengolab_widgets import Diff, Pipeline, Weights

with nengo.Network(seed=1, label="deep") as deep:
    pixels = nengo.Node(np.zeros(9), label="pixels")
    dense = nengolab.Layer(keras.layers.Dense(30, name="dense"))(pixels)
    hidden = nengolab.Layer(nengo.RectifiedLinear(amplitude=0.5))(dense, label="hidden")
deep_sim = nengolab.Simulator(deep, progress_bar=False)
behind = Tuning(deep_sim, hidden.ensemble, along="4")
behind
"""


def ink(notebook: nbformat.NotebookNode) -> list[float]:
    """Tell of each saved picture how much of it, below its titles, is drawn in colour."""
    found = []
    for output in (o for cell in notebook.cells for o in cell.outputs):
        if png := output.get("data", {}).get("image/png"):
            image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
            body = np.asarray(image, dtype=float)[80:-30]
            found.append((np.ptp(body, axis=2) > 60).mean())
    assert len(found) == 5
    return found


def test_saved_notebooks_and_pages_made_of_them_hold_pictures(
    lab: JupyterLab, browser: Browser, tmp_path: Path
) -> None:
    cells = [NETWORK.partition("lab = Lab")[0], STILL, DEEP, *OTHERS]
    lab.open_notebook(lab.server.add_notebook(cells, "still.ipynb"))
    lab.run_all()
    panel = Panel(lab)
    until(lambda: len(panel.plot("line tuning").get("px", ())) == 60, "points")
    until(lambda: panel.root.locator(".nl-figure canvas").count() > 0, "figures")
    lab.page.mouse.click(*place_of(panel, "line tuning", 7))
    until(lambda: panel.plot("line tuning")["picked"].tolist() == [7], "picked")
    # Neurons behind a Keras layer, against its input.
    deep = Panel(lab, 1)
    until(lambda: len(deep.plot("hidden tuning").get("neuron 29", ())) == 101, "curves")
    rates = "nengolab.inspect.layer_curves(deep_sim, 'hidden', along=4).outputs[:, 29].tolist()"
    found = deep.plot("hidden tuning")["neuron 29"]
    np.testing.assert_allclose(found, lab.value(rates), rtol=1e-4, atol=1e-3)
    weights, story = Panel(lab, 2), Panel(lab, 3)
    until(lambda: len(weights.plot("line parameters").get("low", ())) == 60, "weights")
    story.root.get_by_role("slider", name="playhead").wait_for(timeout=60_000)
    # It is loaded again with the page, BokehJS too, and what was picked is.
    lab.save()
    lab.page.reload()
    panel = Panel(lab)
    until(lambda: panel.plot("line tuning").get("picked", np.zeros(0)).tolist() == [7], "picked")
    until(lambda: panel.root.locator(".nl-figure canvas").count() > 0, "figures again")
    Panel(lab, 4).root.locator(".nl-diff-part").first.wait_for()
    # Curves, those behind a layer, weights, a story, a diff.
    until(lambda: min(ink(lab.save())) > 0.0005, "pictures in which something is drawn")
    # A page made of it, with no network, no kernel, and no script.
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(tmp_path)]
    source = str(lab.server.root / "still.ipynb")
    subprocess.run([*command, source], check=True, capture_output=True)
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "still.html").as_uri())
    pictures = page.locator(".nengolab-kept img")
    expect(pictures).to_have_count(5)
    for picture in pictures.all():
        until(lambda p=picture: p.bounding_box()["height"] > 100, "a picture that can be read")
    page.screenshot(path=SCREENSHOTS / "looked_at_on_a_page.png", full_page=True)
    context.close()
    lab.server.forget()
    lab.open_notebook("still.ipynb")
    saved = lab.notebook.locator(".nl-saved img.nl-still").first
    saved.wait_for()
    expect(saved).to_have_attribute("alt", re.compile("line: tuning curves"))
    until(lambda: saved.bounding_box()["height"] > 150, "a picture that can be read")
    lab.screenshot("reopened")
    assert lab.errors == []
