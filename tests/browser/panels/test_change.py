"""Knobs of a network that runs: what is turned is seen in the plots, and can be taken back."""

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import DARK, LIGHT, JupyterLab
from tests.browser.panel import comes, open_panel, until

pytestmark = pytest.mark.in_turn

NETWORK = """\
import nengo
from nengolab_widgets import Lab

with nengo.Network(label="An attractor to poke", seed=1) as net:
    drive = nengo.Node([0.0], label="drive")
    memory = nengo.Ensemble(150, 1, label="memory")
    nengo.Connection(drive, memory, transform=0.1, synapse=0.1, label="in")
    loop = nengo.Connection(memory, memory, synapse=0.1, label="loop")
"""

SHOWN = """\
lab = Lab(net, plots=[memory, (memory, "raster"), (memory, "change"), (loop, "change")])
lab"""


def test_what_is_turned_is_seen_and_taken_back(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORK, SHOWN])
    neurons, loop = (panel.root.locator(".nl-change").nth(i) for i in (0, 1))
    expect(neurons).to_contain_text("Nothing differs from what was built.")
    panel.press("play")
    until(lambda: len(panel.plot("memory raster")["t"]) > 20, "spikes")
    share = neurons.get_by_role("slider", name="neurons silenced (%)")
    for value in ("20", "50", "100"):
        share.fill(value)
    until(lambda: "memory: lesion 0 neurons -> 150 neurons" in loop.inner_text(), "all panels say")
    start = panel.status["time"]
    panel.wait_time(start + 0.6)
    assert panel.plot("memory raster")["t"].max() < start + 0.4, "no neuron fires any more"

    loop.get_by_role("checkbox", name="cut").check()
    synapse = loop.get_by_role("textbox", name="synapse (Lowpass) (ms)")
    synapse.fill("50")
    synapse.press("Enter")
    until(lambda: "loop: synapse Lowpass(tau=0.1) -> Lowpass(tau=0.05)" in loop.inner_text(), "ms")
    until(lambda: "loop: cut False -> True" in neurons.inner_text(), "cut")
    panel.press("pause")
    panel.wait_state("paused")
    lab.set_theme(LIGHT)
    panel.screenshot("light")
    lab.set_theme(DARK)
    panel.screenshot("dark")

    # Typed nonsense loses nothing.
    synapse.fill("fast")
    synapse.press("Enter")
    expect(synapse).to_have_attribute("aria-invalid", "true")
    neurons.get_by_role("button", name="Drop all").click()
    until(lambda: "Nothing differs" in loop.inner_text(), "as built")
    until(lambda: not loop.get_by_role("checkbox", name="cut").is_checked(), "mended")
    expect(share).to_have_value("0")
    comes(lambda: lab.value("len(lab.session.changes)"), 0)
    assert lab.errors == []
