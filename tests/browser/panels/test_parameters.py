"""All arrays of a simulator on the page: chosen, zoomed to an entry, edited, put back."""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import DARK, LIGHT, JupyterLab
from tests.browser.panel import Panel, comes, until

pytestmark = pytest.mark.in_turn

NETWORK = """\
import nengo
import numpy as np
from nengolab_widgets import Weights

rng = np.random.RandomState(0)
with nengo.Network(label="What is in it", seed=1) as net:
    pixels = nengo.Node(np.zeros(100), label="pixels")
    filters = nengo.Ensemble(6 * 36, 1, label="filters")
    nengo.Connection(pixels, filters.neurons, transform=nengo.Convolution(
        6, (10, 10, 1), kernel_size=(5, 5)), label="looks")
    pre, post = (nengo.Ensemble(n, 1, label=name) for n, name in ((300, "pre"), (200, "post")))
    groups = np.kron(rng.normal(size=(5, 6)), np.ones((40, 50)))[rng.permutation(200)]
    groups += rng.normal(size=groups.shape) / 3
    nengo.Connection(pre.neurons, post.neurons, transform=groups, label="full")
weights = Weights(net)
weights
"""

BLOCK = [(99.6, 59.6), (102.4, 61.4)]
TWOS_SHOWN = "int((weights.hub._bench.find(weights._panel)._spec.shown.values == 2).sum())"
TWOS = "int((weights.hub._bench.find(weights._panel)._spec.shown.row.value == 2).sum())"


def choose(panel: Panel, name: str) -> None:
    panel.root.get_by_role("option").filter(has_text=name).first.click()
    until(lambda: name in panel.root.locator(".nl-parameters-words b").inner_text(), name)


def test_arrays_are_zoomed_to_entries_and_edited(lab: JupyterLab) -> None:
    lab.open_notebook(lab.server.add_notebook([NETWORK, "None"], "arrays.ipynb"))
    lab.run_all()
    panel = Panel(lab)
    panel.wait_state("ready")
    title = "What is in it parameters"
    until(lambda: panel.root.get_by_role("option").count() > 10, "the list")
    choose(panel, "looks.weights")
    # Six filters of one channel, 5 x 5 each, with a gap between.
    until(lambda: panel.plot(title).get("cells", np.zeros(0)).tolist() == [5, 35], "kernels")
    lab.page.wait_for_timeout(800)
    panel.screenshot("kernels")
    choose(panel, "full.weights")
    until(lambda: panel.plot(title).get("cells", [0])[0] == 200, "the matrix")
    lab.page.wait_for_timeout(800)
    lab.set_theme(DARK)
    lab.page.wait_for_timeout(700)
    panel.screenshot("dark")
    lab.set_theme(LIGHT)
    lab.page.wait_for_timeout(700)
    panel.screenshot("light")
    # Zoomed with Ctrl and the wheel, where an entry is.
    figure = panel.root.locator(".nl-figure").first
    spot = figure.evaluate("el => el.nengolabSpot(100, 60)")
    lab.page.mouse.move(spot["x"], spot["y"])
    lab.page.keyboard.down("Control")
    for _ in range(25):
        lab.page.mouse.wheel(0, -120)
        lab.page.wait_for_timeout(30)
    lab.page.keyboard.up("Control")
    until(lambda: panel.plot(title)["region"][1] - panel.plot(title)["region"][0] < 40, "a part")
    spot = figure.evaluate("el => el.nengolabSpot(100, 60)")
    lab.page.mouse.click(spot["x"], spot["y"])
    value = panel.root.get_by_role("textbox", name="new value of the entry")
    value.wait_for()
    until(
        lambda: panel.root.locator(".nl-parameters-entry").inner_text().startswith("[60, 100]"),
        "the entry",
    )
    lab.page.wait_for_timeout(500)
    panel.screenshot("zoomed")
    value.fill("12.5")
    value.press("Enter")
    until(lambda: lab.value("len(weights.session.changes)") == 1, "the change")
    figures = panel.root.locator(".nl-inspect-words").first
    until(lambda: "to 12.5" in figures.inner_text(), "counted again")
    panel.root.get_by_role("button", name="all as built").click()
    until(lambda: lab.value("len(weights.session.changes)") == 0, "as built")
    until(lambda: "to 12.5" not in figures.inner_text(), "counted again")
    # The row is a neuron of `post`, which is picked now; columns are marked as rows are.
    comes(lambda: lab.value("weights.picked"), {"post": [60]})
    lab.value("weights.pick('pre', [98, 103])")
    # A block: drawn, set, scaled, and undone.
    figure.hover()
    panel.root.get_by_role("button", name="drag to choose").click()
    corners = [figure.evaluate("(el, at) => el.nengolabSpot(...at)", at) for at in BLOCK]
    lab.page.mouse.move(corners[0]["x"], corners[0]["y"])
    lab.page.mouse.down()
    lab.page.mouse.move(corners[1]["x"], corners[1]["y"], steps=5)
    lab.page.mouse.up()
    expect(panel.root.locator(".nl-parameters-entry")).to_contain_text(
        "rows 60 to 61, columns 100 to 102 (6 entries)"
    )
    value = panel.root.get_by_role("textbox", name="new value of the block")
    value.fill("2")
    value.press("Enter")
    factor = panel.root.get_by_role("textbox", name="factor for the block")
    until(lambda: lab.value(TWOS) == 6, "6 entries set")
    factor.fill("1.5")
    factor.press("Enter")
    until(lambda: lab.value(TWOS.replace("== 2", "== 3")) == 6, "6 entries scaled")
    lab.page.wait_for_timeout(500)
    panel.screenshot("block")
    panel.root.get_by_role("button", name="as built", exact=True).click()
    until(lambda: lab.value("len(weights.session.changes)") == 0, "as built")
    # What it held over time is kept: the row of the neuron that is picked, and a moment gone to.
    lab.value("weights.set(beside='entries over time')")
    moments = panel.root.locator(".nl-parameters-moments")
    slider = moments.get_by_role("slider", name="moment that is shown")
    slider.wait_for()
    expect(moments).to_contain_text("moments are kept")
    expect(moments.locator("b")).to_contain_text("now")
    # Built, an entry, back, a block, scaled, back.
    expect(slider).to_have_attribute("max", "5")
    slider.fill("4")
    until(lambda: lab.value(TWOS_SHOWN.replace("== 2", "== 3")) == 6, "the moment before")
    expect(moments.locator("b")).not_to_contain_text("now")
    expect(panel.root.locator(".nl-parameters-edit")).to_be_hidden()
    lab.page.wait_for_timeout(700)
    panel.screenshot("moment")
    moments.get_by_role("button", name="now").click()
    expect(moments.locator("b")).to_contain_text("now")
    expect(panel.root.locator(".nl-parameters-edit")).to_be_visible()
    assert lab.errors == []
