"""Going back in a run: on from an instant that is looked at, exactly, and back to the first way."""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import JupyterLab
from tests.browser.panel import NETWORK, open_panel, until


def test_go_on_from_an_instant_and_back_to_the_other_branch(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORK, "lab = Lab(net, plots=[ens, plane])\nlab"])
    go = panel.root.get_by_role("button", name="go on from here")
    branches = panel.root.get_by_label("branch of the run")
    panel.press("play")
    panel.wait_time(1.0)
    panel.drag("drive", -0.8)
    panel.wait_time(4.0)
    panel.press("pause")
    panel.wait_state("paused")
    expect(go).to_be_hidden()
    expect(branches).to_be_hidden()
    end = panel.status["time"]
    until(lambda: panel.plot("ens value")["t"][-1] > end - 0.01, "last frame")
    first = panel.plot("ens value")

    panel.root.get_by_role("slider", name="history").fill("0")
    until(lambda: panel.root.evaluate("el => el.nengolab.playhead().held"), "the past is shown")
    there = panel.root.evaluate("el => el.nengolab.playhead().held.to")
    panel.screenshot("looked-at")
    go.click()
    until(lambda: panel.status["time"] == pytest.approx(there, abs=0.0011), "it stands there")
    assert panel.status["state"] == "paused"
    until(lambda: branches.is_visible(), "there is a choice of branches")
    expect(branches.locator("option")).to_have_count(2)
    # What was before is shown still, as it was.
    until(lambda: len(panel.plot("ens value")["t"]) > 100, "the past of this branch")
    kept = panel.plot("ens value")
    assert kept["t"][-1] <= there + 0.0011
    same = np.interp(kept["t"], first["t"], first["y0"])
    assert np.abs(same - kept["y0"]).max() < 0.1

    # Another way from there.
    panel.drag("drive", 0.9)
    panel.press("play")
    panel.wait_time(there + 0.7)
    until(lambda: abs(panel.recent("ens value") - 0.9) < 0.2, "another input, another value")
    panel.press("pause")
    panel.wait_state("paused")
    # The first way is shown beside it: lighter, dashed, in the legend.
    beside = panel.root.get_by_label("branch beside it")
    beside.select_option("main")
    legend = panel.root.locator("figure", has_text="ens").first.locator(".nl-legend")
    until(lambda: "dashed: main" in legend.inner_text(), "the legend says which")
    # A plot that is opened now gets what that branch would have given it: computed again.
    rests = panel.status["time"]
    panel.add_plot("drive: value")
    figures = panel.root.locator("figure", has_text="drive")
    until(lambda: "dashed: main" in figures.last.locator(".nl-legend").inner_text(), "it has it")
    assert panel.status["time"] == rests, "the run has not noticed"
    panel.press("undo")
    expect(figures).to_have_count(0)
    panel.screenshot("beside-light", docs="branches")

    branches.select_option(index=0)
    until(lambda: panel.status["time"] == pytest.approx(end, abs=0.0011), "the end of the first")
    slider = panel.root.get_by_role("slider", name="drive", exact=True)
    until(lambda: float(slider.input_value()) == pytest.approx(-0.8), "and its input")
    panel.press("single step")
    until(lambda: panel.status["n_steps"] == round(end / 0.001) + 1, "it goes on")
    assert lab.errors == []
